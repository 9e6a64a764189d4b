"""Joint counts of the levels of two columns, and the choice of pairs of columns."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from lookalike._core.seeds import generator
from lookalike.metrics._view import LevelCodes

__all__ = ["MOST_PAIRS", "Pairs", "joint_codes", "pairs_of", "shared_cells", "tallied"]

#: The largest number of pairs; of more, a sample is drawn from the seed, which hardly changes the
#: mean.
MOST_PAIRS = 5_000

#: The two columns of each pair, shape (pairs, 2).
Pairs = npt.NDArray[np.int64]


def pairs_of(columns: int, seed: int) -> Pairs:
    """Return each two columns once, in order; of very many columns, `MOST_PAIRS` of the pairs.

    Parameters
    ----------
    columns : int
        The number of columns.
    seed : int
        The seed of the sample.

    Returns
    -------
    ndarray of int, shape (pairs, 2)
        The first place is less than the second.
    """
    whole = np.stack(np.triu_indices(columns, 1), axis=1)
    if len(whole) <= MOST_PAIRS:
        return whole
    chosen = generator(seed, "metrics", "pairs").permutation(len(whole))[:MOST_PAIRS]
    return whole[np.sort(chosen)]


def joint_codes(codes: LevelCodes, sizes: tuple[int, ...], first: int, second: int) -> Pairs:
    """Return the cell of each row in the joint table of two columns; shape (n,)."""
    return codes[:, first].astype(np.int64) * sizes[second] + codes[:, second]


def tallied(cells: Pairs, size: int) -> npt.NDArray[np.int64]:
    """Count the rows in each occupied cell, of `size` cells."""
    # A table with many more cells than rows is not laid out.
    if size <= 8 * len(cells) + 64:
        found = np.bincount(cells, minlength=size)
        return found[found > 0]
    counts: npt.NDArray[np.int64] = np.unique(cells, return_counts=True)[1]
    return counts


def shared_cells(
    real: LevelCodes, synthetic: LevelCodes, sizes: tuple[int, ...], first: int, second: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Count the rows in each cell of the joint table of two columns.

    Parameters
    ----------
    real, synthetic : ndarray of int, shapes (n, columns) and (m, columns)
        Levels, numbered alike.
    sizes : tuple of int
        The number of levels of each column.
    first, second : int
        The two columns.

    Returns
    -------
    real, synthetic : ndarray of int, shape (cells,)
        Counts, of the same cells in the same order; cells without any row may be left out.
    """
    size = sizes[first] * sizes[second]
    cells = [joint_codes(codes, sizes, first, second) for codes in (real, synthetic)]
    if size > 8 * (len(real) + len(synthetic)) + 64:
        used, both = np.unique(np.concatenate(cells), return_inverse=True)
        cells, size = [both[: len(real)], both[len(real) :]], len(used)
    one, other = (np.bincount(part, minlength=size) for part in cells)
    return one, other
