"""`BetaRecall`: how much of the real rows' variety do synthetic rows reach?"""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from lookalike.metrics._base import Measured, Metric
from lookalike.metrics._neighbours import MOST_ROWS, between, within
from lookalike.metrics._pair import Pair
from lookalike.metrics.alpha_precision import ALPHAS, agreement, spread

__all__ = ["BetaRecall"]


class BetaRecall(Metric):
    """Ask of each real row whether a synthetic row is nearer than its nearest real neighbour.

    For each share β, of the real rows whose nearest synthetic row is among the β most central
    ones; the score compares this curve with β as `AlphaPrecision` does. Rows drawn from the same
    population score about .5, copies of the real rows 1.

    Source: Alaa, van Breugel, Saveliev & van der Schaar 2022, arXiv 2102.08921, without a learned
    embedding. Both tables are cut to the same count of rows (at most 50,000, drawn from the
    seed), for the nearer of two neighbours depends on how many there are.
    """

    name: ClassVar[str] = "beta_recall"
    fewest_rows: ClassVar[int] = 2

    def _measure(self, pair: Pair) -> Measured:
        real, synthetic = pair.equal_views(MOST_ROWS)
        own = within(real)[0][:, 0]
        ways, rows = between(real, synthetic)
        reached = ways[:, 0] <= own
        central = spread(synthetic.embedding, synthetic.embedding.mean(axis=0))[rows[:, 0]]
        radii = np.quantile(central, ALPHAS)
        curve = (reached[:, None] & (central[:, None] <= radii)).mean(axis=0)
        return Measured(
            agreement(curve), extra={"rows": len(real), "reached": reached.mean().item()}
        )
