"""`HoldoutDetection`: boosted trees that try to tell synthetic rows from held-out real ones."""

from __future__ import annotations

from typing import ClassVar, Literal

from lookalike.metrics._base import Metric
from lookalike.metrics._detector import FOLDS, MOST_ROWS
from lookalike.metrics._pair import Pair
from lookalike.metrics._result import Measured
from lookalike.metrics.c2st import detect

__all__ = ["HoldoutDetection"]


class HoldoutDetection(Metric):
    """`Detection` against held-out rows instead of the training rows.

    A copy of the training set, which scores 1 there, scores no more than the ceiling here; a model
    that has memorised rows scores lower here than there. Both tables are cut to the same number of
    rows, mostly that of the held-out ones, so the two values are only comparable beside their
    ceilings.
    """

    name: ClassVar[str] = "c2st_holdout"
    title: ClassVar[str] = "Detection, held-out rows"
    subject: ClassVar[str] = "detection against held-out rows"
    meaning: ClassVar[str] = (
        "The same against the held-out rows. Much lower than against the real rows means that "
        "real rows were memorised."
    )
    role: ClassVar[Literal["headline", "judged", "reference"]] = "headline"
    tolerance: ClassVar[float] = 0.04
    noise: ClassVar[float] = 0.8
    needs: ClassVar[frozenset[str]] = frozenset({"holdout"})
    fewest_rows: ClassVar[int] = FOLDS
    ceiling_from: ClassVar[Literal["holdout", "training"]] = "training"

    def _measure(self, pair: Pair) -> Measured:
        assert pair.test_view is not None  # it is what this metric needs
        rows = min(len(pair.test_view), len(pair.synthetic), MOST_ROWS)
        views = pair.test_view.sample(rows), pair.synthetic_view.sample(rows)
        return detect(*views, pair.seed)
