"""`TrainOnSynthetic`: models trained on synthetic rows, judged on real ones."""

from __future__ import annotations

from typing import ClassVar, Literal

from lookalike.metrics._base import Metric
from lookalike.metrics._battery import ModelDetails, battery
from lookalike.metrics._details import Details
from lookalike.metrics._pair import Pair
from lookalike.metrics._result import Measured

__all__ = ["TrainOnSynthetic"]


class TrainOnSynthetic(Metric):
    """Train models on synthetic rows, test them on held-out real rows.

    A class target: the mean ROC AUC of six scikit-learn models (logistic regression, support
    vector machine, random forest, decision tree, three nearest neighbours, Gaussian naive Bayes);
    accuracy and balanced accuracy are in the details. A numeric target: the mean R² of six (linear,
    ridge, support vector machine, random forest, decision tree, three nearest neighbours), where
    less than 0 counts as 0. Boosted trees are reported beside them, as in published tables. The
    ceiling is what the same models reach when trained on the real rows (`TrainOnReal`).

    The held-out rows must not have been seen by the synthesizer. Each model's filling, scaling
    and one-hot codes are learned from its own training rows. Models take at most 50,000 training
    rows, support vector machines 4,000 (drawn from the seed), boosted trees all.
    """

    name: ClassVar[str] = "tstr"
    title: ClassVar[str] = "Models trained on synthetic rows"
    subject: ClassVar[str] = "the use in place of real rows"
    meaning: ClassVar[str] = (
        "How well models predict held-out real rows after training on synthetic rows; the "
        "ceiling is training on real rows."
    )
    group: ClassVar[Literal["likeness", "use", "privacy"]] = "use"
    details_type: ClassVar[type[Details]] = ModelDetails
    needs: ClassVar[frozenset[str]] = frozenset({"holdout", "target"})
    ceiling_from: ClassVar[Literal["holdout", "training"]] = "training"

    def _measure(self, pair: Pair) -> Measured:
        assert pair.test_view is not None  # they are what this metric needs
        assert pair.target is not None
        return battery(pair.synthetic_view, pair.test_view, pair.target, pair.seed)
