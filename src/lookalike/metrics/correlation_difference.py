"""`CorrelationDifference`: the error of the correlations between numeric columns."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from lookalike.metrics._base import Metric
from lookalike.metrics._codebook import Floats
from lookalike.metrics._correlation import (
    correlations,
    gaps,
    rank_correlations,
    shared_rows,
    usual_gaps,
)
from lookalike.metrics._details import ColumnScore, Details
from lookalike.metrics._pair import Pair
from lookalike.metrics._result import Direction, Measured

__all__ = ["CorrelationDifference"]


class CorrelationDifference(Metric):
    """Average the absolute differences of rank correlations, beyond chance.

    Of each numeric column, the mean over the other numeric columns of abs(Spearman real − Spearman
    synthetic), less its mean for two samples of one distribution of the same sizes (see
    `_chance`); the score is the mean over columns, 0 for another sample of the real rows. Rows
    where a cell of the pair is missing are left out of that pair, which counts by the share of the
    others. A correlation that is defined in the real table and not in the synthetic one (a column
    became constant) counts as 0 there.

    `raw` in the details is the mean difference of Pearson's correlations as it is, as in
    published tables.
    """

    name: ClassVar[str] = "correlation_difference"
    title: ClassVar[str] = "Correlation error"
    subject: ClassVar[str] = "the correlations between numbers"
    meaning: ClassVar[str] = (
        "The mean difference of the correlations between numbers; less is better."
    )
    noise: ClassVar[float] = 0.5
    direction: ClassVar[Direction] = "lower"
    high: ClassVar[float] = 2.0
    best: ClassVar[float] = 0.0

    def _measure(self, pair: Pair) -> Measured:
        names = pair.codebook.numeric
        if len(names) < 2:
            return Measured.undefined("It needs two numeric columns or more.")
        views = pair.real_view, pair.synthetic_view
        shared = shared_rows(pair.real_view)
        # As published: the mean difference of Pearson's correlations of each column.
        plain = _means(gaps(*(correlations(view) for view in views)), np.ones_like(shared))
        # The score: differences of rank correlations, less those by chance.
        ranks = gaps(*(rank_correlations(view) for view in views))
        beyond = _means(ranks - usual_gaps(pair), shared)
        defined = np.flatnonzero(~np.isnan(beyond) & ~np.isnan(plain))
        if not len(defined):
            return Measured.undefined("No correlation is defined: columns are constant or missing.")
        columns = tuple(
            ColumnScore(names[i], max(float(beyond[i]), 0.0), float(plain[i])) for i in defined
        )
        # A column counts by the rows that it shares with the other columns.
        weights = (shared.sum(axis=1) - shared.diagonal())[defined]
        value = float(np.average(beyond[defined], weights=weights))
        details = Details(raw=float(plain[defined].mean()), columns=columns)
        return Measured(max(value, 0.0), details=details)


def _means(matrix: Floats, weights: Floats) -> Floats:
    """Return the weighted mean of each row's other cells that are defined; NaN where none is."""
    used = np.where(np.isnan(matrix), 0.0, weights) * (1 - np.eye(len(matrix)))
    total = used.sum(axis=1)
    sums = (np.nan_to_num(matrix) * used).sum(axis=1)
    means: Floats = np.where(total > 0, sums / np.where(total > 0, total, 1.0), np.nan)
    return means
