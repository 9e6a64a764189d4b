"""`TrainOnReal`: models trained on real rows, the ceiling of `tstr`."""

from __future__ import annotations

from typing import ClassVar, Literal

from lookalike.metrics._base import Metric
from lookalike.metrics._battery import ModelDetails, battery
from lookalike.metrics._details import Details
from lookalike.metrics._pair import Pair
from lookalike.metrics._result import Measured
from lookalike.metrics.tstr import TrainOnSynthetic

__all__ = ["TrainOnReal"]


class TrainOnReal(Metric):
    """Train models on real rows, test them on held-out real rows: the ceiling of `tstr`.

    See `TrainOnSynthetic`; this does not depend on the synthetic table.
    """

    name: ClassVar[str] = "trtr"
    title: ClassVar[str] = "Models trained on real rows"
    subject: ClassVar[str] = "the use of the real rows"
    meaning: ClassVar[str] = (
        "The same models after training on the real rows: a reference, which does not depend on"
        " the synthetic rows."
    )
    group: ClassVar[Literal["likeness", "use", "privacy"]] = "use"
    role: ClassVar[Literal["headline", "judged", "reference"]] = "reference"
    details_type: ClassVar[type[Details]] = ModelDetails
    needs: ClassVar[frozenset[str]] = frozenset({"holdout", "target"})

    def compute_floor(self, pair: Pair) -> Measured:
        """Measure models trained on independent columns."""
        return TrainOnSynthetic().compute(pair)

    def _measure(self, pair: Pair) -> Measured:
        assert pair.test_view is not None  # they are what this metric needs
        assert pair.target is not None
        return battery(pair.real_view, pair.test_view, pair.target, pair.seed)
