"""`Autocorrelation`: the error of the correlations of columns with their own past."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from lookalike._core.numerics import Floats
from lookalike.metrics._details import ColumnScore, Details
from lookalike.metrics._result import Direction, Measured
from lookalike.metrics.sequences._base import SequenceMetric
from lookalike.metrics.sequences._lagged import both_lagged, lags_of
from lookalike.metrics.sequences._pair import SequencePair

__all__ = ["Autocorrelation", "CrossCorrelation"]

_NO_NUMBERS = "There is no numeric column that changes within a unit."
_TOO_SHORT = "Histories are too short: most have a single event."


class Autocorrelation(SequenceMetric):
    """Compare the correlation of each number with its own past.

    The mean absolute difference of rank autocorrelations over lags, of values and of differences
    alike, averaged over numeric columns. Values of a trending series are correlated at every lag,
    however wrong the series is; its differences are not. Lags go up to half the length of a block,
    or of the usual history, at most 24. A correlation that is defined in the real table alone
    counts as 0 in the other one.
    """

    name: ClassVar[str] = "autocorrelation"
    title: ClassVar[str] = "Autocorrelation"
    subject: ClassVar[str] = "the way numbers go on from their past"
    meaning: ClassVar[str] = (
        "The mean error of the correlations of numbers, and of their differences, with their own "
        "past; less is better."
    )
    direction: ClassVar[Direction] = "lower"
    best: ClassVar[float] = 0.0
    high: ClassVar[float] = 2.0
    tolerance: ClassVar[float] = 0.005
    noise: ClassVar[float] = 0.25

    def _compare(self, pair: SequencePair) -> Measured:
        if not pair.numeric:
            return Measured.undefined(_NO_NUMBERS)
        if not lags_of(pair):
            return Measured.undefined(_TOO_SHORT)
        errors = []
        for moves in (False, True):
            real, synthetic = (
                np.diagonal(part, axis1=1, axis2=2)[1:] for part in both_lagged(pair, moves=moves)
            )
            errors.append(_means(np.abs(real - np.nan_to_num(synthetic))))
        values = _means(np.stack(errors))
        columns = tuple(
            ColumnScore(name, float(value))
            for name, value in zip(pair.numeric, values, strict=True)
            if np.isfinite(value)
        )
        return _mean_of(values, Details(columns=columns))


class CrossCorrelation(SequenceMetric):
    """Compare the correlation of each number with the others, at the same step and later.

    The mean absolute difference of rank correlations between two numeric columns, over lags in
    both directions, of values and of differences alike; averaged over pairs. See `Autocorrelation`
    for the lags.
    """

    name: ClassVar[str] = "cross_correlation"
    title: ClassVar[str] = "Cross-correlation"
    subject: ClassVar[str] = "the way numbers follow each other"
    meaning: ClassVar[str] = (
        "The mean error of the correlations between numbers, at the same time and some steps "
        "apart; less is better."
    )
    direction: ClassVar[Direction] = "lower"
    best: ClassVar[float] = 0.0
    high: ClassVar[float] = 2.0
    tolerance: ClassVar[float] = 0.005
    noise: ClassVar[float] = 0.25

    def _compare(self, pair: SequencePair) -> Measured:
        if len(pair.numeric) < 2:
            return Measured.undefined("It needs two numeric columns that change within a unit.")
        errors = []
        for moves in (False, True):
            real, synthetic = both_lagged(pair, moves=moves)
            errors.append(_means(np.abs(real - np.nan_to_num(synthetic))))
        apart = ~np.eye(len(pair.numeric), dtype=bool)
        values = _means(np.stack(errors))
        # The error of a column is that of its pairs, in both directions.
        per_column = _means(np.where(apart, (values + values.T) / 2, np.nan))
        columns = tuple(
            ColumnScore(name, float(value))
            for name, value in zip(pair.numeric, per_column, strict=True)
            if np.isfinite(value)
        )
        return _mean_of(values[apart], Details(columns=columns))


def _means(values: Floats) -> Floats:
    """Average over the first axis; NaN where nothing is defined."""
    present = np.isfinite(values)
    total = np.where(present, values, 0.0).sum(axis=0)
    count = present.sum(axis=0)
    found: Floats = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    return found


def _mean_of(values: Floats, details: Details) -> Measured:
    if not np.isfinite(values).any():
        return Measured.undefined("No correlation is defined: columns are constant or missing.")
    return Measured(float(np.nanmean(values)), details=details)
