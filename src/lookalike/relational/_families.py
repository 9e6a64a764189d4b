"""Families: the rows of a table in the order of their parents, and the siblings before each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

__all__ = ["Chains", "Siblings", "chains_of"]

#: The greatest number of siblings that are drawn one after another; longer families are made of
#: several such chains.
LONGEST = 48


@dataclass(frozen=True)
class Siblings:
    """The place of each row in its family.

    Parameters
    ----------
    position : ndarray of int, shape (n,)
        From 0 on.
    size : ndarray of int, shape (n,)
        The size of the family; 0 for a row without a parent.
    before : ndarray of int, shape (n,)
        The row of the sibling before; -1 for none.
    """

    position: np.ndarray
    size: np.ndarray
    before: np.ndarray

    @classmethod
    def of(cls, rows: np.ndarray, rank: np.ndarray) -> Siblings:
        """Return the places of rows.

        Parameters
        ----------
        rows : ndarray of int, shape (n,)
            The parent row; -1 for none.
        rank : ndarray, shape (n,)
            By which siblings are in order.
        """
        n = len(rows)
        order = np.lexsort((rank, rows))
        ordered = rows[order]
        starts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]])[:n])
        sizes = np.diff(np.append(starts, n))
        place = np.arange(n) - np.repeat(starts, sizes)
        position, size, before = (np.zeros(n, np.int64) for _ in range(3))
        position[order], size[order] = place, np.repeat(sizes, sizes)
        before[order] = np.where(place > 0, np.roll(order, 1), -1)
        alone = rows < 0
        position[alone], size[alone], before[alone] = 0, 0, -1
        return cls(position, size, before)


@dataclass(frozen=True)
class Chains:
    """Families cut into chains of siblings, the longest first.

    Parameters
    ----------
    parent : ndarray of int, shape (c,)
        The parent of each chain, as a row of a block.
    first : ndarray of int, shape (c,)
        The position of its first member in the family.
    length : ndarray of int, shape (c,)
    start : ndarray of int, shape (c,)
        The row of its first member.
    """

    parent: np.ndarray
    first: np.ndarray
    length: np.ndarray
    start: np.ndarray


def chains_of(sizes: np.ndarray) -> Chains:
    """Return the chains of families, whose rows are in the order of families."""
    count = -(-sizes // LONGEST)
    parent = np.repeat(np.arange(len(sizes)), count)
    number = np.arange(len(parent)) - np.repeat(np.cumsum(count) - count, count)
    first = number * LONGEST
    length = np.minimum(sizes[parent] - first, LONGEST)
    start = (np.cumsum(sizes) - sizes)[parent] + first
    order = np.argsort(-length, kind="stable")
    return Chains(parent[order], first[order], length[order], start[order])
