"""`Coverage`: the share of real rows with a synthetic row nearby."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from lookalike.metrics._base import Metric
from lookalike.metrics._chance import adjusted, clipped
from lookalike.metrics._details import Details
from lookalike.metrics._pair import Pair
from lookalike.metrics._reach import Reach, reaches
from lookalike.metrics._result import Measured

__all__ = ["Coverage"]


class Coverage(Metric):
    """Count the real rows that have a synthetic row among their near neighbours.

    A row is near if it is no farther than the fifth nearest other real row. The share is low where
    kinds of rows are missing (mode collapse), and about .97 for rows drawn from the same
    population. The score is relative to that of two samples of one distribution (see `_chance`),
    and so 1 for them; `raw` in the details is the unadjusted share.

    Source: Naeem, Oh, Uh, Choi & Yoo 2020, "Reliable fidelity and diversity metrics for
    generative models", arXiv 2002.09797. NOTE: differs in that a synthetic row exactly at that
    distance counts, for discrete rows often are equal. Both tables are cut to the same number of
    rows (at most 50,000, drawn from the seed); below six rows, all neighbours are near.
    """

    name: ClassVar[str] = "coverage"
    title: ClassVar[str] = "Coverage"
    subject: ClassVar[str] = "kinds of rows that are missing"
    meaning: ClassVar[str] = (
        "The share of real rows that have a synthetic row among their near neighbours: low "
        "where kinds of rows are missing."
    )
    noise: ClassVar[float] = 0.3
    fewest_rows: ClassVar[int] = 2

    def _measure(self, pair: Pair) -> Measured:
        found, chance = reaches(pair)
        raw = _covered(found)
        value = clipped(adjusted(raw, float(np.mean([_covered(one) for one in chance]))))
        return Measured(value, details=Details(raw=raw, rows=len(found.other)))


def _covered(found: Reach) -> float:
    return float(np.mean(found.other <= found.own[:, -1]))
