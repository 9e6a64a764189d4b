"""Modes of real rows: groups with a clear gap around them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform

from lookalike._core.numerics import nth_nearest

__all__ = ["Modes", "modes"]

#: The gap around modes must be this many times as wide as the widest gap within one.
_CLEAR = 2.0
#: Modes must hold this share of all rows; the others are outliers.
_MOST = 0.9


class Modes(NamedTuple):
    """Groups of rows that are far from each other.

    Parameters
    ----------
    label : ndarray of int, shape (rows,)
        The mode of each row, from 0 on; −1 for outliers.
    reach : float
        A new row belongs to the mode of its nearest row if it is no farther than this from it.
    """

    label: NDArray[np.intp]
    reach: float


def modes(among: NDArray[np.floating], fewest: int) -> Modes | None:
    """Find the modes of rows, if there is more than one.

    Rows are joined in the order of their mutual reachability distance (Campello, Moulavi & Sander
    2013): the distance of two rows, but at least that of either to its neighbours. The tree is cut
    where these distances make their greatest leap, if it is at least twofold and leaves nine
    tenths of the rows in groups of the fewest rows or more.

    Parameters
    ----------
    among : ndarray, shape (rows, rows)
        The distances among the rows.
    fewest : int
        The size of the smallest mode, and of a neighbourhood.

    Returns
    -------
    Modes or None
        None if no cut is clear, as in a sample of one mode.
    """
    rows = len(among)
    if rows < 2 * fewest:
        return None
    core = nth_nearest(among, fewest)
    mutual = np.maximum.outer(core, core)
    np.maximum(mutual, among, out=mutual)
    tree = linkage(squareform(mutual, checks=False), "single")
    heights = tree[:, 2]
    # Equal rows are 0 apart: to limit the ratio, heights are at least a millionth of the widest.
    leaps = heights[1:] / np.maximum(heights[:-1], 1e-6 * max(float(heights[-1]), 1e-30))
    for at in np.argsort(-leaps, kind="stable")[: rows // fewest]:
        if leaps[at] < _CLEAR:
            return None
        label = _large(fcluster(tree, float(heights[at]), "distance"), fewest)
        if label.max() > 0 and (label >= 0).mean() >= _MOST:
            return Modes(label, float(heights[at + 1]) / 2)
    return None


def _large(group: NDArray[np.integer], fewest: int) -> NDArray[np.intp]:
    """Number the groups that are large enough from 0 on; −1 for the rows of the others."""
    counts = np.bincount(group)
    number = np.where(counts >= fewest, np.cumsum(counts >= fewest) - 1, -1)
    label: NDArray[np.intp] = number[group].astype(np.intp)
    return label
