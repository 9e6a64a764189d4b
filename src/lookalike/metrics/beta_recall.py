"""`BetaRecall`: the part of the real rows' variety that synthetic rows reach."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from lookalike.metrics._base import Metric
from lookalike.metrics._chance import adjusted, clipped
from lookalike.metrics._details import Details
from lookalike.metrics._pair import Pair
from lookalike.metrics._reach import Reach, reaches
from lookalike.metrics._result import Measured
from lookalike.metrics.alpha_precision import ALPHAS, agreement

__all__ = ["BetaRecall"]


class BetaRecall(Metric):
    """Count the real rows that have a synthetic row nearer than their nearest real neighbour.

    For each share β, only real rows count whose nearest synthetic row is among the β most central
    ones; the similarity compares this curve with β as `AlphaPrecision` does. It is about .5 for
    rows drawn from the same population, and 1 for copies of the real rows. The score is relative
    to that of two samples of one distribution (see `_chance`), and so 1 for both; `raw` in the
    details is the unadjusted similarity, as published.

    Source: Alaa, van Breugel, Saveliev & van der Schaar 2022, arXiv 2102.08921, without a learned
    embedding. Both tables are cut to the same number of rows (at most 50,000, drawn from the
    seed), for the nearer of two neighbours depends on how many there are.
    """

    name: ClassVar[str] = "beta_recall"
    title: ClassVar[str] = "Variety"
    subject: ClassVar[str] = "the variety of rows"
    meaning: ClassVar[str] = "The part of the real rows’ variety that synthetic rows reach."
    noise: ClassVar[float] = 1.0
    fewest_rows: ClassVar[int] = 2

    def _measure(self, pair: Pair) -> Measured:
        found, chance = reaches(pair)
        raw = _recall(found)
        value = clipped(adjusted(raw, float(np.mean([_recall(one) for one in chance]))))
        return Measured(value, details=Details(raw=raw, rows=len(found.other)))


def _recall(found: Reach) -> float:
    reached = found.other <= found.own[:, 0]
    central = found.spread[found.rows]
    radii = np.quantile(central, ALPHAS)
    return agreement((reached[:, None] & (central[:, None] <= radii)).mean(axis=0))
