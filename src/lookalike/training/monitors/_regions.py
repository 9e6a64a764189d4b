"""Regions of real rows: a partition into neighbourhoods that are as small as counts allow."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import linkage
from scipy.spatial.distance import squareform

__all__ = ["regions"]


def regions(among: NDArray[np.floating], fewest: int) -> NDArray[np.intp]:
    """Partition rows into regions of a minimum size, along the gaps between them.

    Rows are joined into a tree (Ward 1963), which is cut wherever both parts are large enough. The
    rows of smaller parts join the region of the nearest row that has one, as outliers do in the
    condensed tree of Campello, Moulavi & Sander 2013.

    Parameters
    ----------
    among : ndarray, shape (rows, rows)
        The distances among the rows.
    fewest : int
        The minimum number of rows of a region.

    Returns
    -------
    ndarray of int, shape (rows,)
        The region of each row, from 0 on.
    """
    label = np.full(len(among), -1, np.intp)
    for number, members in enumerate(_cut(among, fewest)):
        label[members] = number
    inside = np.flatnonzero(label >= 0)
    if len(inside) == 0:
        return np.zeros(len(among), np.intp)
    nearest: NDArray[np.intp] = inside[among[:, inside].argmin(axis=1)]
    return np.where(label >= 0, label, label[nearest])


def _cut(among: NDArray[np.floating], fewest: int) -> list[list[int]]:
    """Return the rows of every region, without those of small parts; none if there is no cut."""
    rows = len(among)
    if rows < 2 * fewest:
        return []
    exact = among.astype(np.float64)
    np.fill_diagonal(exact, 0.0)
    tree = linkage(squareform((exact + exact.T) / 2, checks=False), "ward")
    members: list[list[int]] = [[row] for row in range(rows)]
    cuts: list[list[list[int]]] = [[] for _ in range(rows)]
    for left, right in tree[:, :2].astype(int):
        large, small = (left, right) if len(members[left]) >= len(members[right]) else (right, left)
        if len(members[small]) >= fewest:
            cuts.append((cuts[large] or [members[large]]) + (cuts[small] or [members[small]]))
        else:
            cuts.append(cuts[large])
        members.append(members[large] + members[small])
    return cuts[-1]
