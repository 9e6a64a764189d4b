"""Pearson's correlation of each two columns, over the rows where both are present."""

from __future__ import annotations

import numpy as np

from lookalike.metrics._codebook import Floats
from lookalike.metrics._view import View

__all__ = ["correlations"]

#: Below this share of a column's variance, what is left in the shared rows counts as constant.
_CONSTANT = 1e-9


def correlations(view: View) -> Floats:
    """Return the correlation matrix of a table's numeric columns.

    Parameters
    ----------
    view : View
        The table, p numeric columns.

    Returns
    -------
    ndarray of float, shape (p, p)
        NaN where a correlation is not defined: fewer than two shared rows, or a constant column.
    """
    return view.keep("correlations", lambda: _correlations(view.codebook.scaled(view.numbers)))


def _correlations(numbers: Floats) -> Floats:
    present = ~np.isnan(numbers)
    filled = _standardised(numbers, present)
    mask = present.astype(float)
    with np.errstate(invalid="ignore", divide="ignore"):
        count = mask.T @ mask
        total = filled.T @ mask  # of the row's column, over the rows that both columns share
        squares = (filled**2).T @ mask
        covariance = filled.T @ filled - total * total.T / count
        variance = squares - total**2 / count
        result = covariance / np.sqrt(variance * variance.T)
    constant = variance <= _CONSTANT * count
    result[(count < 2) | constant | constant.T] = np.nan
    clipped: Floats = np.clip(result, -1, 1)
    return clipped


def _standardised(numbers: Floats, present: np.ndarray) -> Floats:
    """Bring each column to mean 0 and variance 1, missing cells to 0; constant columns to 0."""
    count = np.maximum(present.sum(axis=0), 1)
    largest = np.where(present, np.abs(numbers), 0.0).max(axis=0, initial=0.0)
    scaled = np.where(present, numbers, 0.0) / np.where(largest > 0, largest, 1.0)
    centred = np.where(present, scaled - scaled.sum(axis=0) / count, 0.0)
    deviation = np.sqrt((centred**2).sum(axis=0) / count)
    # Rounding leaves traces of a constant; they are no variance.
    usable = deviation > 1e-12
    result: Floats = np.where(usable, centred / np.where(usable, deviation, 1.0), 0.0)
    return result
