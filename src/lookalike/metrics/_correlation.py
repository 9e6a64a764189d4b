"""Correlations of each two numeric columns, over the rows where both are present."""

from __future__ import annotations

import numpy as np
from scipy.stats import rankdata

from lookalike.metrics._chance import partings
from lookalike.metrics._codebook import Floats
from lookalike.metrics._pair import Pair
from lookalike.metrics._view import View

__all__ = ["correlations", "gaps", "rank_correlations", "shared_rows", "usual_gaps"]

#: Below this share of a column's variance, what is left in the shared rows counts as constant.
_CONSTANT = 1e-9


def correlations(view: View) -> Floats:
    """Return the matrix of Pearson's correlations of a table's numeric columns.

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


def rank_correlations(view: View) -> Floats:
    """Return the matrix of rank correlations (Spearman 1904).

    A few far values, which make Pearson's correlation of heavy-tailed columns a matter of chance,
    are the highest ranks and no more.
    """
    return view.keep("ranks", lambda: _correlations(_ranks(view.numbers)))


def gaps(real: Floats, synthetic: Floats) -> Floats:
    """Return absolute differences of correlations; NaN where the real one is not defined.

    A correlation that is defined in the real table alone counts as 0 in the other one.
    """
    return np.abs(real - np.nan_to_num(synthetic))


def shared_rows(view: View) -> Floats:
    """Return the share of rows in which each two numeric columns are present; shape (p, p)."""
    present = (~np.isnan(view.numbers)).astype(float)
    shares: Floats = present.T @ present / max(len(present), 1)
    return shares


def usual_gaps(pair: Pair) -> Floats:
    """Return the mean absolute differences of rank correlations of samples of one distribution.

    Parameters
    ----------
    pair : Pair
        The tables whose pooled rows are split at random, p numeric columns.

    Returns
    -------
    ndarray of float, shape (p, p)
        0 where correlations are not defined.
    """
    real, synthetic = pair.real_view, pair.synthetic_view
    return real.keep(("usual gaps", synthetic), lambda: _usual_gaps(real, synthetic))


def _usual_gaps(real: View, synthetic: View) -> Floats:
    found = []
    for parting in partings(real, synthetic):
        parts = parting.apply(real.numbers, synthetic.numbers)
        one, other = (_correlations(_ranks(numbers)) for numbers in parts)
        found.append(np.nan_to_num(gaps(one, other)))
    mean: Floats = np.mean(found, axis=0)
    return mean


def _ranks(numbers: Floats) -> Floats:
    missing = np.isnan(numbers)
    # Missing cells are ranked last, so that they change no other rank, and left out again.
    ranks = rankdata(np.where(missing, np.inf, numbers), axis=0) if len(numbers) else numbers
    return np.where(missing, np.nan, ranks)


def _correlations(numbers: Floats) -> Floats:
    # Standardised first, so that sums of squares lose no digits; missing cells count as 0 in sums.
    present = ~np.isnan(numbers)
    filled = _standardised(numbers, present)
    mask = present.astype(float)
    with np.errstate(invalid="ignore", divide="ignore"):
        # Entry (i, j): the number of rows where columns i and j are present, and the sums of column
        # i and of its squares over these rows.
        count = mask.T @ mask
        total = filled.T @ mask
        squares = (filled**2).T @ mask
        # Pearson's r = S_xy / √(S_xx S_yy), with sums of products about the means of shared rows.
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
