"""Numerical tools that several rooms use: distances, neighbours, the area under the ROC curve.

Also even choices of rows, and the factors of iterative proportional fitting. NumPy alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from lookalike._core.workers import in_parallel

__all__ = [
    "BLOCK",
    "QUERIES",
    "Floats",
    "Floats32",
    "as_points",
    "auc",
    "distances",
    "evenly_chosen",
    "nearest_rows",
    "nth_nearest",
    "raking_factors",
]

Floats = npt.NDArray[np.float64]
Floats32 = npt.NDArray[np.float32]
_Array = npt.NDArray[Any]

#: The number of rows per block: few enough to stay in the processor's cache.
BLOCK = 64
#: Squared distances below this share of the rows' squared norm are rounding errors, set to 0.
_ROUNDING = {np.dtype(np.float32): 1e-6, np.dtype(np.float64): 1e-14}
#: The number of distances a worker holds at once in the neighbour search: 64 MB.
QUERIES, REFERENCES = 2048, 8192


def as_points(numbers: _Array, levels: _Array, codes: Sequence[_Array]) -> _Array:
    """Return rows as points between which Euclidean distance is meaningful.

    Parameters
    ----------
    numbers : ndarray, shape (rows, p)
        Numbers on one scale.
    levels : ndarray of int, shape (rows, q)
        The levels of categorical columns.
    codes : sequence of ndarray, shapes (levels, width)
        The point of each level, for each column of levels; any two points are about 1 apart.

    Returns
    -------
    ndarray, shape (rows, p + sum of widths)
    """
    parts = [own[column] for own, column in zip(codes, levels.T, strict=True)]
    return np.concatenate([numbers, *parts], axis=1)


def distances(a: _Array, b: _Array) -> _Array:
    """Return Euclidean distances between all rows, by one matrix product.

    ‖x − y‖² = ‖x‖² + ‖y‖² − 2x·y loses digits where rows are far from zero and near each other,
    so rows are centred first, and distances of equal rows are set to exactly 0.

    Parameters
    ----------
    a, b : ndarray of float32 or float64, shapes (n, width) and (m, width)
        The rows.

    Returns
    -------
    ndarray, shape (n, m)
    """
    centre = b.mean(axis=0)
    a, b = a - centre, b - centre
    of_a, of_b = (np.einsum("ij,ij->i", rows, rows) for rows in (a, b))
    # ‖x − y‖² = ‖x‖² + ‖y‖² − 2x·y, in place, a block of rows at a time.
    result: _Array = a @ b.T
    rounding = result.dtype.type(_ROUNDING[result.dtype])
    for start in range(0, len(a), BLOCK):
        part = result[start : start + BLOCK]
        sizes = np.add.outer(of_a[start : start + BLOCK], of_b)
        part *= -2
        part += sizes
        # Differences below the rounding error of the sum are equal rows.
        sizes *= rounding
        np.copyto(part, 0, where=part <= sizes)
        np.sqrt(part, out=part)
    return result


def nth_nearest(apart: _Array, n: int) -> _Array:
    """Return the n-th smallest distance of each row.

    Parameters
    ----------
    apart : ndarray, shape (rows, m)
        Distances.
    n : int
        1 for the nearest.

    Returns
    -------
    ndarray, shape (rows,)
        Contiguous in memory: a column of a matrix is read 20 times as slowly.
    """
    nth: _Array = np.partition(apart, n - 1, axis=1)[:, n - 1].copy()
    return nth


def nearest_rows(
    queries: _Array, references: _Array, count: int, *, same: bool = False
) -> tuple[_Array, npt.NDArray[np.int64]]:
    """Find the nearest references of each query by one matrix product; the first of equals.

    ‖q − r‖² = ‖q‖² − 2q·r + ‖r‖²: without ‖q‖², which does not change the order, this is one
    product. It is exact where all sums of products are, and otherwise rounded in its last digits:
    centre rows that are far from zero.

    Parameters
    ----------
    queries : ndarray of float32, shape (m, d)
        The rows whose neighbours are searched for.
    references : ndarray of float32, shape (n, d)
        The candidates; n >= `count`, or n > `count` where `same`.
    count : int
        The number of neighbours.
    same : bool
        Whether both are the same rows, so that a row is not its own neighbour.

    Returns
    -------
    gaps : ndarray of float32, shape (m, count)
        ‖q − r‖² − ‖q‖², increasing.
    rows : ndarray of int, shape (m, count)
        The row numbers of the references.
    """
    right = np.empty((references.shape[1] + 1, len(references)), np.float32)
    right[:-1] = references.T
    np.einsum("dn,dn->n", right[:-1], right[:-1], out=right[-1])
    left = np.column_stack([-2 * queries, np.ones(len(queries), np.float32)])

    def block(start: int) -> tuple[_Array, npt.NDArray[np.int64]]:
        return _nearest(left[start : start + QUERIES], right, count, start if same else None)

    blocks = in_parallel([partial(block, start) for start in range(0, len(queries), QUERIES)])
    gaps, rows = zip(*blocks, strict=True)
    return np.concatenate(gaps), np.concatenate(rows)


def _nearest(
    left: _Array, right: _Array, count: int, own: int | None
) -> tuple[_Array, npt.NDArray[np.int64]]:
    """Return the smallest products and their columns, shape (m, count).

    `own` is the first query's row number among the references, None where queries are others.
    """
    queries, gaps, rows = np.arange(len(left)), [], []
    for begin in range(0, right.shape[1], REFERENCES):
        part = left @ right[:, begin : begin + REFERENCES]
        if own is not None:
            # A row is no neighbour of itself.
            self = queries + own - begin
            inside = (self >= 0) & (self < part.shape[1])
            part[queries[inside], self[inside]] = np.inf
        # Take the minimum and mask it, then the next: faster than sorting for a few neighbours.
        for _ in range(min(count, part.shape[1])):
            nearest = part.argmin(axis=1)
            gaps.append(part[queries, nearest])
            rows.append(nearest + begin)
            part[queries, nearest] = np.inf
    # Merge the nearest of all blocks.
    stacked = np.stack(gaps, axis=1)
    best = np.argsort(stacked, axis=1, kind="stable")[:, :count]
    return np.take_along_axis(stacked, best, 1), np.take_along_axis(np.stack(rows, axis=1), best, 1)


def auc(higher: _Array, lower: _Array) -> float:
    """Return the area under the ROC curve of two samples of scores.

    It is the probability that a score of the first exceeds one of the second; equal scores count
    half.

    Parameters
    ----------
    higher, lower : ndarray, shapes (n,) and (m,)
        Scores.

    Returns
    -------
    float
        From 0 to 1; 0.5 for two samples of one distribution.

    Raises
    ------
    ValueError
        If a sample is empty, or a score is not finite.

    Examples
    --------
    >>> import numpy as np
    >>> auc(np.array([2.0, 3.0]), np.array([1.0, 2.0]))
    0.875
    """
    if not (len(higher) and len(lower) and np.isfinite(higher).all() and np.isfinite(lower).all()):
        raise ValueError("The area under the ROC curve needs finite scores of both samples.")
    ranked = np.sort(lower)
    below = np.searchsorted(ranked, higher, "left").sum()
    not_above = np.searchsorted(ranked, higher, "right").sum()
    return float(below + not_above) / (2 * len(higher) * len(lower))


def raking_factors(target: _Array, share: _Array, step: float) -> _Array:
    """Return the factor by which one step of iterative proportional fitting multiplies each cell.

    Target share over current share (Deming and Stephan 1940); 1 for cells whose share is 0.

    Parameters
    ----------
    target, share : ndarray, shape (cells,)
        The target shares and the current ones, in one unit.
    step : float
        The largest factor; the smallest is 1 / `step`.

    Returns
    -------
    ndarray, shape (cells,)
    """
    factors = np.divide(target, share, out=np.ones(share.shape, share.dtype), where=share > 0)
    return np.clip(factors, 1 / step, step)


def evenly_chosen(
    groups: npt.NDArray[np.int64], count: int, rng: np.random.Generator
) -> npt.NDArray[np.int64]:
    """Return a random choice of rows to which every group gives its share, rounded up or down.

    Rows are put in random order, then group by group, and those at even distances from a random
    start are taken.

    Parameters
    ----------
    groups : ndarray of int, shape (rows,)
        The group of each row.
    count : int
        The number of rows to choose, at most all.
    rng : numpy.random.Generator
        Draws them.

    Returns
    -------
    ndarray of int, shape (count,)
        Their numbers.
    """
    order = rng.permutation(len(groups))
    order = order[np.argsort(groups[order], kind="stable")]
    places = ((np.arange(count) + rng.random()) * (len(groups) / count)).astype(np.int64)
    return np.asarray(order[places])
