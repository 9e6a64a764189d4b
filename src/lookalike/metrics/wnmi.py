"""`WeightedMutualInformation`: how much columns know of each other."""

from __future__ import annotations

from itertools import combinations
from typing import ClassVar

import numpy as np

from lookalike.metrics._base import Measured, Metric
from lookalike.metrics._codebook import Floats
from lookalike.metrics._joint import shared_cells
from lookalike.metrics._pair import Pair
from lookalike.metrics._view import Codes

__all__ = ["WeightedMutualInformation"]

#: More rows are a sample: mutual information does not change by more of them.
MOST_ROWS = 200_000


class WeightedMutualInformation(Metric):
    """Compare the mutual information of each two columns.

    Numbers are cut at the real column's deciles (a value that several deciles share is a bin of
    its own); a missing cell is a level. Of each pair, the normalised mutual information
    NMI = 2 I(X; Y) / (H(X) + H(Y)) is taken in both tables; the score is 1 − the mean of
    abs(NMI real − NMI synthetic), weighted by NMI real + NMI synthetic, so that the many pairs
    that have nothing to do with each other do not drown the others.

    Source: arXiv 2603.23016, section on metrics. NOTE: differs there in bins of equal widths.
    Both tables are cut to the same count of rows (at most 200,000, drawn from the seed), for
    mutual information is overestimated on few rows.
    """

    name: ClassVar[str] = "wnmi"
    fewest_rows: ClassVar[int] = 2

    def _measure(self, pair: Pair) -> Measured:
        if len(pair.columns) < 2:
            return Measured.undefined("It needs two columns or more.")
        views = pair.equal_views(MOST_ROWS)
        (real, sizes), (synthetic, _) = (view.quantile_levels for view in views)
        places = list(combinations(range(len(sizes)), 2))
        found = np.array([_information(real, synthetic, sizes, i, j) for i, j in places])
        gaps, weights = np.abs(found[:, 0] - found[:, 1]), found.sum(axis=1)
        # No column knows anything of another one, in neither table: nothing is lost.
        value = 1 - np.average(gaps, weights=weights) if weights.sum() > 0 else 1.0
        names = pair.columns
        pairs = tuple(
            {
                "first": names[i],
                "second": names[j],
                "value": 1 - float(gap),
                "real": float(both[0]),
                "synthetic": float(both[1]),
            }
            for (i, j), gap, both in zip(places, gaps, found, strict=True)
        )
        return Measured(float(value), pairs=pairs, extra={"rows": len(views[0])})


def _information(
    real: Codes, synthetic: Codes, sizes: tuple[int, ...], first: int, second: int
) -> tuple[float, float]:
    shares = shared_cells(real, synthetic, sizes, first, second)
    values = []
    for codes, whole in zip((real, synthetic), shares, strict=True):
        single = [_entropy(np.bincount(codes[:, c]) / len(codes)) for c in (first, second)]
        # I(X; Y) = H(X) + H(Y) - H(X, Y)
        total = sum(single)
        information = max(total - _entropy(whole), 0.0)
        # A trace of rounding, where a column is constant, is no information.
        values.append(2 * information / total if total > 1e-12 else 0.0)
    return values[0], values[1]


def _entropy(shares: Floats) -> float:
    used = shares[shares > 0]
    return float(-(used * np.log(used)).sum())
