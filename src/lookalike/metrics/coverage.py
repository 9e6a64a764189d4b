"""`Coverage`: is there a synthetic row near each real row?"""

from __future__ import annotations

from typing import ClassVar

from lookalike.metrics._base import Measured, Metric
from lookalike.metrics._neighbours import MOST_ROWS, between, within
from lookalike.metrics._pair import Pair

__all__ = ["Coverage"]


class Coverage(Metric):
    """Count the real rows that have a synthetic row among their near neighbours.

    Near is what is no farther than the fifth nearest other real row. Low where kinds of rows are
    missing (mode collapse); rows drawn from the same population score about .97.

    Source: Naeem, Oh, Uh, Choi & Yoo 2020, "Reliable fidelity and diversity metrics for
    generative models", arXiv 2002.09797. NOTE: differs in that a synthetic row exactly at that
    distance counts, for discrete rows often are equal. Both tables are cut to the same count of
    rows (at most 50,000, drawn from the seed); below six rows, all neighbours are near.
    """

    name: ClassVar[str] = "coverage"
    fewest_rows: ClassVar[int] = 2

    def _measure(self, pair: Pair) -> Measured:
        real, synthetic = pair.equal_views(MOST_ROWS)
        radii = within(real)[0][:, -1]
        covered = between(real, synthetic)[0][:, 0] <= radii
        return Measured(covered.mean().item(), extra={"rows": len(real)})
