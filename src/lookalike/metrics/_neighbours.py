"""Nearest neighbours, exactly and by brute force: in many dimensions nothing is faster."""

from __future__ import annotations

from functools import partial

import numpy as np
import numpy.typing as npt

from lookalike._core.numerics import QUERIES, nearest_rows
from lookalike._core.workers import in_parallel
from lookalike.metrics._view import Floats32, View

__all__ = ["MOST_ROWS", "NEIGHBOURS", "Neighbours", "between", "nearest", "within"]

#: Distances (shape (m, k), increasing) and the rows that are so far away.
Neighbours = tuple[Floats32, npt.NDArray[np.int64]]

#: The largest number of rows on a side; of more, a sample is drawn from the seed.
MOST_ROWS = 50_000
#: The number of neighbours that `within` finds, as `coverage` needs it (Naeem et al. 2020).
NEIGHBOURS = 5


def nearest(
    queries: Floats32, references: Floats32, count: int, *, same: bool = False
) -> Neighbours:
    """Find the nearest references of each query, in Euclidean distance.

    Parameters
    ----------
    queries : ndarray of float32, shape (m, d)
        The rows whose neighbours are sought.
    references : ndarray of float32, shape (n, d)
        The rows among which they are sought; n >= `count`, or n > `count` where `same`.
    count : int
        The number of neighbours.
    same : bool
        True if both are the same rows, so that a row is not its own neighbour.

    Returns
    -------
    distances : ndarray of float32, shape (m, count)
        Increasing.
    rows : ndarray of int, shape (m, count)
        The indices of the references.
    """
    centre = references.mean(axis=0)
    rows = nearest_rows(queries - centre, references - centre, count, same=same)[1]
    parts = [slice(start, start + QUERIES) for start in range(0, len(queries), QUERIES)]
    blocks = in_parallel([partial(_exact, queries[p], references, rows[p]) for p in parts])
    neighbours, exact = zip(*blocks, strict=True)
    return np.concatenate(neighbours), np.concatenate(exact)


def _exact(queries: Floats32, references: Floats32, rows: npt.NDArray[np.int64]) -> Neighbours:
    """Measure distances exactly: those of the product are rounded, and equal rows must be at 0."""
    exact = np.stack(
        [np.linalg.norm(queries - references[rows[:, k]], axis=1) for k in range(rows.shape[1])],
        axis=1,
    )
    order = np.argsort(exact, axis=1, kind="stable")
    return np.take_along_axis(exact, order, 1), np.take_along_axis(rows, order, 1)


def within(view: View) -> Neighbours:
    """Find the nearest other rows of each row of a table: `NEIGHBOURS`, or all if there are fewer.

    Parameters
    ----------
    view : View
        Two rows or more.

    Returns
    -------
    Neighbours
        As of `nearest`; kept by the view.
    """
    count = min(NEIGHBOURS, len(view) - 1)
    points = view.embedding
    return view.keep("within", lambda: nearest(points, points, count, same=True))


def between(view: View, other: View) -> Neighbours:
    """Find the nearest row of `other` for each row of `view`; kept by the view."""
    return view.keep(("between", other), lambda: nearest(view.embedding, other.embedding, 1))
