"""`CorrelationDifference`: how far off the correlations between numbers are."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from lookalike.metrics._base import Direction, Measured, Metric
from lookalike.metrics._correlation import correlations
from lookalike.metrics._pair import Pair

__all__ = ["CorrelationDifference"]


class CorrelationDifference(Metric):
    """Average the absolute differences of Pearson correlations.

    Of each numeric column, the mean over the other numeric columns of abs(correlation real −
    correlation synthetic); the score is the mean over columns. Rows where a cell of the pair is
    missing are left out of that pair. A correlation that is defined in the real table and not in
    the synthetic one (a column became constant) counts as 0 there.
    """

    name: ClassVar[str] = "correlation_difference"
    direction: ClassVar[Direction] = "lower"
    high: ClassVar[float] = 2.0
    best: ClassVar[float] = 0.0

    def _measure(self, pair: Pair) -> Measured:
        names = pair.codebook.numeric
        if len(names) < 2:
            return Measured.undefined("It needs two numeric columns or more.")
        real = correlations(pair.real_view)
        gaps = np.abs(real - np.nan_to_num(correlations(pair.synthetic_view)))
        np.fill_diagonal(gaps, np.nan)
        defined = ~np.isnan(gaps)
        means = {
            name: float(gaps[place][defined[place]].mean())
            for place, name in enumerate(names)
            if defined[place].any()
        }
        if not means:
            return Measured.undefined("No correlation is defined: columns are constant or missing.")
        columns = tuple({"column": name, "value": value} for name, value in means.items())
        return Measured(float(np.mean(list(means.values()))), columns=columns)
