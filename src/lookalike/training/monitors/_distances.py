"""Distances between rows: the one costly thing that several monitors need.

Monitors compare samples of at most 512 rows in NumPy: compiling programs for them would take longer
than many a run.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

__all__ = ["BLOCK", "distances", "nth_nearest"]

#: Rows that are worked on at a time: so few stay near the processor.
BLOCK = 64

#: Squared distances below this share of the rows' own size are rounding, and are taken as 0.
_ROUNDING = np.float32(1e-6)


def distances(
    a: Float[np.ndarray, "a width"], b: Float[np.ndarray, "b width"]
) -> Float[np.ndarray, "a b"]:
    """Return Euclidean distances by one matrix product.

    ‖x − y‖² = ‖x‖² + ‖y‖² − 2x·y loses digits where rows are far from zero and near each other,
    so rows are centred first, and what remains of equal rows is set to exactly 0.

    Parameters
    ----------
    a, b : array, shape (a, width) and (b, width)
        Rows.

    Returns
    -------
    array, shape (a, b)
    """
    centre = b.mean(axis=0)
    a, b = a - centre, b - centre
    of_a, of_b = (np.einsum("ij,ij->i", rows, rows) for rows in (a, b))
    found: Float[np.ndarray, "a b"] = a @ b.T
    for start in range(0, len(a), BLOCK):
        part = found[start : start + BLOCK]
        sizes = np.add.outer(of_a[start : start + BLOCK], of_b)
        part *= -2
        part += sizes
        sizes *= _ROUNDING
        np.copyto(part, 0, where=part <= sizes)
        np.sqrt(part, out=part)
    return found


def nth_nearest(ways: Float[np.ndarray, "a b"], n: int) -> Float[np.ndarray, " a"]:
    """Return the n-th smallest distance of each row.

    Parameters
    ----------
    ways : array, shape (a, b)
        Distances.
    n : int
        1 for the nearest.

    Returns
    -------
    array, shape (a,)
        In memory of its own: a column of a matrix is read 20 times as slowly.
    """
    return np.partition(ways, n - 1, axis=1)[:, n - 1].copy()
