"""Correlations of columns with themselves and each other, some steps apart."""

from __future__ import annotations

from functools import partial

import numpy as np
from scipy.stats import rankdata

from lookalike._core.numerics import Floats
from lookalike.metrics._view import View
from lookalike.metrics.sequences._pair import SequencePair
from lookalike.metrics.sequences._units import SequenceUnits

__all__ = ["both_lagged", "lags_of"]

#: The most lags.
_MOST_LAGS = 24
#: A lag must lie within this many units at least, in the middle of all lengths.
_FEWEST = 2


def lags_of(pair: SequencePair) -> int:
    """Return the largest lag: half the length of a block, or of a usual history."""
    usual = min(float(np.median(one.lengths)) for one in pair.units)
    return int(min(max(usual // 2, 1 if usual >= _FEWEST else 0), _MOST_LAGS))


def both_lagged(pair: SequencePair, *, moves: bool = False) -> tuple[Floats, Floats]:
    """Return the lagged rank correlations of both tables.

    Ranks, as a few far values would make correlations a matter of chance; and errors of single
    columns, which other scores measure, leave ranks as they are.

    Parameters
    ----------
    pair : SequencePair
        Its p numeric columns that change within a unit are correlated.
    moves : bool
        True for the differences between events instead of the values.

    Returns
    -------
    real, synthetic : ndarray of float, shape (lags + 1, p, p)
        Entry (k, i, j) correlates column i with column j, k steps later; NaN where a column is
        constant.
    """
    lags = lags_of(pair)
    views = pair.real_view, pair.synthetic_view
    found = [
        view.keep(("lagged", moves, lags), partial(_lagged, units, view, pair, lags, moves))
        for units, view in zip(pair.units, views, strict=True)
    ]
    return found[0], found[1]


def _lagged(
    histories: SequenceUnits, view: View, pair: SequencePair, lags: int, moves: bool
) -> Floats:
    places = [view.codebook.numeric.index(name) for name in pair.numeric]
    cells = view.numbers[:, places]
    if moves:
        # The difference to the event before; the first of a unit has none.
        cells = np.diff(cells, axis=0, prepend=np.nan)
        cells[histories.starts[:-1]] = np.nan
    ranks = np.where(np.isnan(cells), np.nan, rankdata(cells, axis=0, nan_policy="omit"))
    with np.errstate(all="ignore"):
        spread = np.nanstd(ranks, axis=0) if len(ranks) else np.empty(0)
        scores = (ranks - np.nanmean(ranks, axis=0)) / np.where(spread > 0, spread, np.nan)
    present = ~np.isnan(scores)
    filled, weight = np.where(present, scores, 0.0), present.astype(np.float64)
    found = np.full((lags + 1, len(places), len(places)), np.nan)
    for lag in range(lags + 1):
        rows = np.flatnonzero(histories.follows(lag))
        count = weight[rows].T @ weight[rows + lag]
        product = filled[rows].T @ filled[rows + lag]
        found[lag] = np.where(count > 1, product / np.maximum(count, 1.0), np.nan)
    clipped: Floats = np.clip(found, -1.0, 1.0)
    return clipped
