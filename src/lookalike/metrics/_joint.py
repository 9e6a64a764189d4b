"""How often each two levels of two columns occur together."""

from __future__ import annotations

import numpy as np

from lookalike.metrics._codebook import Floats
from lookalike.metrics._view import Codes

__all__ = ["shared_cells"]

#: The largest table of counts that is laid out whole.
_DENSE = 1 << 20


def shared_cells(
    real: Codes, synthetic: Codes, sizes: tuple[int, ...], first: int, second: int
) -> tuple[Floats, Floats]:
    """Return the shares of rows in each cell of the joint table of two columns.

    Parameters
    ----------
    real, synthetic : ndarray of int, shapes (n, columns) and (m, columns)
        Levels, numbered alike.
    sizes : tuple of int
        The level count of each column.
    first, second : int
        The two columns.

    Returns
    -------
    real, synthetic : ndarray of float, shape (cells,)
        Shares, of the same cells in the same order; cells without any row may be left out.
    """
    size = sizes[first] * sizes[second]
    found = [
        codes[:, first].astype(np.int64) * sizes[second] + codes[:, second]
        for codes in (real, synthetic)
    ]
    if size > _DENSE:
        used, both = np.unique(np.concatenate(found), return_inverse=True)
        found, size = [both[: len(real)], both[len(real) :]], len(used)
    one, other = (np.bincount(part, minlength=size) / len(part) for part in found)
    return one, other
