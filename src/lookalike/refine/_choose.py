"""A fixed number of rows chosen from a pool by weight, none twice."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int

__all__ = ["choose", "inclusion"]


def inclusion(weights: Float[np.ndarray, " pool"], rows: int) -> Float[np.ndarray, " pool"]:
    """Return the chance of each row to be chosen: by weight, at most 1, summing to `rows`.

    Parameters
    ----------
    weights : ndarray of float, shape (pool rows,)
        Positive.
    rows : int
        At most as many as the pool has.

    Examples
    --------
    >>> inclusion(np.array([1.0, 1.0, 2.0, 100.0]), 2)
    array([0.25, 0.25, 0.5 , 1.  ])
    """
    chances: np.ndarray = np.minimum(weights * (rows / weights.sum()), 1.0)
    sure = chances >= 1
    # Rows that are certain give what they have too much to the others, until none is above 1.
    while 0 < sure.sum() < min(rows, len(weights)):
        rest = weights[~sure]
        chances[~sure] = rest * ((rows - sure.sum()) / rest.sum())
        more = chances >= 1
        if (more == sure).all():
            break
        chances[more], sure = 1.0, more
    return chances


def choose(
    weights: Float[np.ndarray, " pool"], rows: int, start: float
) -> Int[np.ndarray, " rows"]:
    """Choose rows by systematic sampling (Madow 1949).

    The number of chosen rows in any part of the pool differs from what is due by less than one.
    Neighbours are seldom chosen together: the pool has to be in random order.

    Parameters
    ----------
    weights : ndarray of float, shape (pool rows,)
        Positive.
    rows : int
        At most as many as the pool has.
    start : float
        A random number in [0, 1).

    Returns
    -------
    ndarray of int, shape (rows,)
        Which rows, in the pool's order.
    """
    reached = np.cumsum(inclusion(weights, rows))
    reached *= rows / reached[-1]
    return np.searchsorted(reached[:-1], np.arange(rows) + start, side="right")
