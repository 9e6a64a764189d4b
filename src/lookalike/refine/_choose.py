"""Weighted sampling of a fixed number of rows from a pool, without replacement."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int

__all__ = ["choose", "inclusion"]


def inclusion(weights: Float[np.ndarray, " pool"], rows: int) -> Float[np.ndarray, " pool"]:
    """Return inclusion probabilities: proportional to weights, at most 1, with the sum `rows`.

    Parameters
    ----------
    weights : ndarray of float, shape (pool rows,)
        Positive weights.
    rows : int
        The number of rows to choose, at most that of the pool.

    Examples
    --------
    >>> inclusion(np.array([1.0, 1.0, 2.0, 100.0]), 2)
    array([0.25, 0.25, 0.5 , 1.  ])
    """
    chances: np.ndarray = np.minimum(weights * (rows / weights.sum()), 1.0)
    sure = chances >= 1
    # The excess of rows with probability 1 is distributed over the others until none exceeds 1.
    while 0 < sure.sum() < min(rows, len(weights)):
        others = weights[~sure]
        chances[~sure] = others * ((rows - sure.sum()) / others.sum())
        more = chances >= 1
        if (more == sure).all():
            break
        chances[more], sure = 1.0, more
    return chances


def choose(
    weights: Float[np.ndarray, " pool"], rows: int, start: float
) -> Int[np.ndarray, " rows"]:
    """Choose rows by systematic sampling (Madow 1949).

    The number of chosen rows in any section of the pool differs from its expectation by less than
    one. Neighbours are rarely chosen together, so the pool must be in random order.

    Parameters
    ----------
    weights : ndarray of float, shape (pool rows,)
        Positive weights.
    rows : int
        The number of rows to choose, at most that of the pool.
    start : float
        A random number in [0, 1).

    Returns
    -------
    ndarray of int, shape (rows,)
        The positions of the chosen rows, in the pool's order.
    """
    reached = np.cumsum(inclusion(weights, rows))
    reached *= rows / reached[-1]
    return np.searchsorted(reached[:-1], np.arange(rows) + start, side="right")
