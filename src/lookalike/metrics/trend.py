"""`Trend`: columns in pairs."""

from __future__ import annotations

from itertools import combinations
from typing import Any, ClassVar

import numpy as np

from lookalike.metrics._base import Measured, Metric
from lookalike.metrics._codebook import Floats
from lookalike.metrics._correlation import correlations
from lookalike.metrics._joint import shared_cells
from lookalike.metrics._pair import Pair

__all__ = ["Trend"]


class Trend(Metric):
    """Compare how each two columns go together, and average over pairs.

    Two numeric columns: 1 − abs(Pearson real − Pearson synthetic) / 2, over the rows where both
    are present. Otherwise 1 − the total variation of the joint table, where a number is cut into
    ten equal widths of the real column's range and a missing cell is a level.

    Pairs score as in SDMetrics 0.32 (``CorrelationSimilarity``, ``ContingencySimilarity``).
    NOTE: differs where a correlation is defined in the real table but not in the synthetic one
    (a column became constant): SDMetrics leaves the pair out, here the lost correlation counts
    as 0. Its ``QualityReport``, behind published "trend" figures, cuts each table by its own range.
    """

    name: ClassVar[str] = "trend"

    def _measure(self, pair: Pair) -> Measured:
        if len(pair.columns) < 2:
            return Measured.undefined("It needs two columns or more.")
        matrices = correlations(pair.real_view), correlations(pair.synthetic_view)
        places = combinations(range(len(pair.columns)), 2)
        pairs = tuple(self._pair(pair, matrices, i, j) for i, j in places)
        values = [entry["value"] for entry in pairs if entry["value"] is not None]
        if not values:
            return Measured(
                None, "No correlation is defined: columns are constant or missing.", pairs=pairs
            )
        return Measured(float(np.mean(values)), pairs=pairs)

    def _pair(
        self, pair: Pair, matrices: tuple[Floats, Floats], first: int, second: int
    ) -> dict[str, Any]:
        names, numeric = pair.columns, pair.codebook.numeric
        entry: dict[str, Any] = {"first": names[first], "second": names[second]}
        if names[first] not in numeric or names[second] not in numeric:
            return {**entry, "value": 1 - _variation(pair, first, second)}
        place = numeric.index(names[first]), numeric.index(names[second])
        real, synthetic = (float(matrix[place]) for matrix in matrices)
        if np.isnan(real):
            return {**entry, "value": None, "reason": "not defined: constant or missing"}
        synthetic = 0.0 if np.isnan(synthetic) else synthetic
        return {
            **entry,
            "value": 1 - abs(real - synthetic) / 2,
            "real": real,
            "synthetic": synthetic,
        }


def _variation(pair: Pair, first: int, second: int) -> float:
    """Return the total variation of the joint tables of two columns."""
    real, sizes = pair.real_view.width_levels
    synthetic, _ = pair.synthetic_view.width_levels
    shares = shared_cells(real, synthetic, sizes, first, second)
    return float(np.abs(shares[0] - shares[1]).sum() / 2)
