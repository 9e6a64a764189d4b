"""The search for combinations of two blocks' cells that no row has although many were due."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

__all__ = ["BlockPair", "tally", "unseen"]

#: A cell that is empty was due so many times if columns were independent, …
_LEAST_DUE = 20.0
#: … and more where there are so many cells that chance would leave one empty more often than this.
_CHANCE = 1e-3
#: What is refused must be rare among real rows to come: cells with one row say how much is not
#: seen (Good 1953), and must be no more than this share of the rows.
_UNSEEN = 0.002
#: Pairs that are kept, those with most due first: so many are quick to look up.
_MOST_PAIRS = 64
#: All pairs are counted by products of indicator matrices: so many cells at a time, and fewer rows
#: where more multiplications than this were needed, but no fewer than these.
_AT_A_TIME, _WORK, _FEWEST_ROWS = 512, 3e10, 300


@dataclass(frozen=True)
class BlockPair:
    """Combinations of two blocks' cells that are expected but not seen.

    Parameters
    ----------
    left, right : int
        The blocks.
    due : ndarray of float64, shape (cells of left, cells of right)
        How often each would occur by chance; 0 where it was seen, or is not due often enough.
    """

    left: int
    right: int
    due: np.ndarray

    def at(self, least: float) -> BlockPair:
        """Return what is due so many times at least."""
        return BlockPair(self.left, self.right, np.where(self.due >= least, self.due, 0.0))


def tally(left: np.ndarray, right: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Count the combinations of two blocks' cells; one past the last says *silenced*.

    Parameters
    ----------
    left, right : ndarray of int64, shape (n,)
        Their cells.
    shape : tuple of int
        How many cells each has.
    """
    wide = shape[1] + 1
    counts = np.bincount(left * wide + right, minlength=(shape[0] + 1) * wide)
    return counts.reshape(-1, wide)[:-1, :-1]


def unseen(
    codes: Mapping[int, np.ndarray], sizes: Mapping[int, int], keys: Collection[tuple[int, int]]
) -> tuple[list[tuple[int, int, np.ndarray]], int]:
    """Find the combinations of cells that never occur but would often, were blocks independent.

    Parameters
    ----------
    codes : mapping of int to ndarray of int64, shape (n,)
        For each block the cell of each row; one past the last where it is silenced.
    sizes : mapping of int to int
        How many cells each block has.
    keys : collection of tuple of int
        Pairs of which every combination that does not occur counts, if nearly all that there are
        have been seen.

    Returns
    -------
    list of tuple of int, int and ndarray of bool
        Two blocks and which of their combinations never occur; those that are due most first.
    int
        How many of the rows were looked at.
    """
    found = []
    rows = len(next(iter(codes.values()), ()))
    whole = set()
    for left, right in keys:
        seen = tally(codes[left], codes[right], (sizes[left], sizes[right]))
        if np.count_nonzero(seen == 1) <= _UNSEEN * rows:
            whole.add((left, right))
            if (seen == 0).any():
                found.append((left, right, seen == 0))
    search = _Search.of(codes, sizes)
    due = [pair for pair in search.due() if (pair.left, pair.right) not in whole]
    due.sort(key=lambda pair: -pair.due.sum())
    found += [(pair.left, pair.right, pair.due > 0) for pair in due]
    return found[:_MOST_PAIRS], search.rows


@dataclass(frozen=True)
class _Search:
    """The cells that are frequent enough for a combination with them to be due.

    Parameters
    ----------
    codes : sequence of ndarray of int64, shape (rows,)
        Of each block.
    sizes : ndarray of int64, shape (blocks,)
        How many cells each has.
    names : ndarray of int64, shape (blocks,)
        What the blocks are called.
    blocks, cells : ndarray of int64, shape (m,)
        The frequent cells: their blocks, counted from 0, in rising order.
    least : float
        How often a combination must be due.
    """

    codes: Sequence[np.ndarray]
    sizes: np.ndarray
    names: np.ndarray
    blocks: np.ndarray
    cells: np.ndarray
    least: float

    @property
    def rows(self) -> int:
        return len(self.codes[0]) if len(self.codes) else 0

    @classmethod
    def of(cls, codes: Mapping[int, np.ndarray], sizes: Mapping[int, int]) -> _Search:
        """Take the frequent cells, and no more rows than can be compared soon."""
        names = np.array(sorted(codes), np.int64)
        cells = np.array([sizes[i] for i in names], np.int64)
        compared = (float(cells.sum()) ** 2 - float(np.square(cells.astype(float)).sum())) / 2
        least = max(_LEAST_DUE, float(np.log(max(compared, 1.0) / _CHANCE)))
        made = cls([codes[i] for i in names], cells, names, *_none(), least)._with_frequent()
        most = max(_WORK / max(len(made.cells), 1) ** 2, _FEWEST_ROWS)
        step = max(1, int(np.ceil(made.rows / most)))
        if step == 1:
            return made
        some = [code[::step] for code in made.codes]
        return cls(some, cells, names, *_none(), least)._with_frequent()

    def _with_frequent(self) -> _Search:
        """Add the cells that can be due `least` times with the commonest cell of another block."""
        counts = [
            np.bincount(c, minlength=s + 1) for c, s in zip(self.codes, self.sizes, strict=True)
        ]
        silenced = np.array([c[-1] for c in counts], np.int64)
        top = max((int(c[:-1].max(initial=0)) for c in counts), default=0)
        # rows in which both blocks of any pair are present
        present = self.rows - silenced - silenced.max(initial=0)
        share = np.minimum(1.0, top / np.maximum(present, 1))
        frequent = [
            np.flatnonzero(c[:-1] * s >= self.least) for c, s in zip(counts, share, strict=True)
        ]
        blocks = np.repeat(np.arange(len(counts)), [len(f) for f in frequent])
        cells = np.concatenate([np.zeros(0, np.int64), *frequent])
        return _Search(self.codes, self.sizes, self.names, blocks, cells, self.least)

    def due(self) -> list[BlockPair]:
        """Return the pairs of blocks with combinations that are due but not seen."""
        chunks = self._chunks()
        masks, gate = self._presence()
        presence = masks.T @ masks
        beside = np.zeros((len(self.cells), len(masks.T)), np.float32)
        for chunk in chunks:
            beside[chunk] = self._indicators(chunk).T @ masks
        found: list[BlockPair] = []
        single = np.zeros(64)
        for k, one in enumerate(chunks):
            left = self._indicators(one)
            for other in chunks[k:]:
                right = left if other is one else self._indicators(other)
                seen = left.T @ right
                a, b = gate[self.blocks[one]], gate[self.blocks[other]]
                # the product of both frequencies among the rows in which both are present
                due = beside[one][:, b] * beside[other][:, a].T / np.maximum(presence[a][:, b], 1)
                enough = (due >= self.least) & (self.blocks[one][:, None] < self.blocks[other])
                once = due[enough & (seen == 1)]
                single += np.bincount(np.log2(once / self.least).astype(int), minlength=64)
                found += self._pairs(one, other, np.where(enough & (seen == 0), due, 0.0))
            found = sorted(found, key=lambda pair: -pair.due.sum())[: 8 * _MOST_PAIRS]
        # at index k: cells with one row that are due 2^k times the least or more
        more = np.cumsum(single[::-1])[::-1]
        least = self.least * 2.0 ** int(np.count_nonzero(more > _UNSEEN * self.rows))
        return [kept for kept in (pair.at(least) for pair in found) if kept.due.any()]

    def _chunks(self) -> list[np.ndarray]:
        """Cut the frequent cells between blocks into runs of about equal length."""
        starts = np.flatnonzero(np.diff(self.blocks, prepend=-1))
        if not len(starts):
            return []
        _, first = np.unique(starts // _AT_A_TIME, return_index=True)
        return np.split(np.arange(len(self.cells)), starts[first[1:]])

    def _presence(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the distinct patterns of presence, (rows, patterns), and that of each block."""
        present = (
            np.stack([c < s for c, s in zip(self.codes, self.sizes, strict=True)])
            if len(self.codes)
            else np.zeros((0, 0), bool)
        )
        patterns, which = np.unique(np.packbits(present, axis=1), axis=0, return_inverse=True)
        first = np.zeros(len(patterns), np.int64)
        first[which.ravel()] = np.arange(len(present))
        return present[first].T.astype(np.float32), which.ravel()

    def _indicators(self, chunk: np.ndarray) -> np.ndarray:
        """Return which rows have each of some cells, shape (rows, len(chunk))."""
        made = np.empty((len(chunk), self.rows), np.float32)
        for k, i in enumerate(chunk):
            made[k] = self.codes[self.blocks[i]] == self.cells[i]
        return made.T

    def _pairs(self, one: np.ndarray, other: np.ndarray, due: np.ndarray) -> list[BlockPair]:
        """Return the pairs of blocks, of two runs of cells, that have most due."""
        a, b = np.nonzero(due)
        left, right = self.blocks[one[a]], self.blocks[other[b]]
        keys, which = np.unique(left * len(self.codes) + right, return_inverse=True)
        total = np.bincount(which, due[a, b], minlength=len(keys))
        made = []
        for k in np.argsort(-total, kind="stable")[:_MOST_PAIRS]:
            i, j = divmod(int(keys[k]), len(self.codes))
            rows = which == k
            table = np.zeros((self.sizes[i], self.sizes[j]))
            table[self.cells[one[a[rows]]], self.cells[other[b[rows]]]] = due[a[rows], b[rows]]
            made.append(BlockPair(int(self.names[i]), int(self.names[j]), table))
        return made


def _none() -> tuple[np.ndarray, np.ndarray]:
    return np.zeros(0, np.int64), np.zeros(0, np.int64)
