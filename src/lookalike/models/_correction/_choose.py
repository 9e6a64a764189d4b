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
    weights: Float[np.ndarray, " pool"],
    rows: int,
    uniforms: Float[np.ndarray, " pool_and_one"],
) -> Int[np.ndarray, " rows"]:
    """Choose rows by systematic sampling in a random order (Madow 1949).

    The number of chosen rows in any part of the order differs from what is due by less than one.

    Parameters
    ----------
    weights : ndarray of float, shape (pool rows,)
        Positive.
    rows : int
        At most as many as the pool has.
    uniforms : ndarray of float, shape (pool rows + 1,)
        In [0, 1): they make the order, and the last one the start.

    Returns
    -------
    ndarray of int, shape (rows,)
        Which rows, in random order.
    """
    order = np.argsort(uniforms[:-1], kind="stable")
    reached = np.cumsum(inclusion(weights, rows)[order])
    reached *= rows / reached[-1]
    at = np.searchsorted(reached[:-1], np.arange(rows) + uniforms[-1], side="right")
    return np.asarray(order[at])
