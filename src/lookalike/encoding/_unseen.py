"""The search for combinations of two blocks' cells that no row has though many were expected."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

__all__ = ["BlockPair", "tally", "unseen"]

#: The least expected count of an empty cell if columns were independent, …
_LEAST_EXPECTED = 20.0
#: … more where many cells are compared, so that chance leaves one empty with this probability.
_CHANCE = 1e-3
#: Excluded combinations must be rare in further real rows: the cells with one row estimate the
#: unseen probability (Good 1953), and must be at most this share of the rows.
_UNSEEN = 0.002
#: The number of pairs kept, by expected count: few enough to be looked up quickly.
_MOST_PAIRS = 64
#: All pairs are counted by products of indicator matrices: the cells at a time; the multiplications
#: above which rows are subsampled; and the least number of rows.
_AT_A_TIME, _WORK, _FEWEST_ROWS = 512, 3e10, 300


@dataclass(frozen=True)
class BlockPair:
    """Combinations of two blocks' cells that are expected but not observed.

    Parameters
    ----------
    left, right : int
        The indices of the blocks.
    expected : ndarray of float64, shape (cells of left, cells of right)
        The expected count of each under independence; 0 where it was observed, or too small.
    """

    left: int
    right: int
    expected: np.ndarray

    def at(self, least: float) -> BlockPair:
        """Return the combinations whose expected count is at least `least`."""
        expected = np.where(self.expected >= least, self.expected, 0.0)
        return BlockPair(self.left, self.right, expected)


def tally(left: np.ndarray, right: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Count the combinations of two blocks' cells; one past the last cell means *masked*.

    Parameters
    ----------
    left, right : ndarray of int64, shape (n,)
        The cells of the rows.
    shape : tuple of int
        The number of cells of each.
    """
    wide = shape[1] + 1
    counts = np.bincount(left * wide + right, minlength=(shape[0] + 1) * wide)
    return counts.reshape(-1, wide)[:-1, :-1]


def unseen(
    codes: Mapping[int, np.ndarray], sizes: Mapping[int, int], keys: Collection[tuple[int, int]]
) -> tuple[list[tuple[int, int, np.ndarray]], int]:
    """Find combinations of cells that never occur, but often would if blocks were independent.

    Parameters
    ----------
    codes : mapping of int to ndarray of int64, shape (n,)
        The cell of each row, by block; one past the last where the block is masked.
    sizes : mapping of int to int
        The number of cells of each block.
    keys : collection of tuple of int
        Pairs of which every combination that does not occur counts, if nearly all existing ones
        have been observed.

    Returns
    -------
    list of tuple of int, int and ndarray of bool
        Two blocks and the combinations of theirs that never occur, by decreasing expected count.
    int
        The number of rows that were searched.
    """
    zeros = []
    rows = len(next(iter(codes.values()), ()))
    whole = set()
    for left, right in keys:
        seen = tally(codes[left], codes[right], (sizes[left], sizes[right]))
        if np.count_nonzero(seen == 1) <= _UNSEEN * rows:
            whole.add((left, right))
            if (seen == 0).any():
                zeros.append((left, right, seen == 0))
    search = _Search.of(codes, sizes)
    pairs = [pair for pair in search.unseen() if (pair.left, pair.right) not in whole]
    pairs.sort(key=lambda pair: -pair.expected.sum())
    zeros += [(pair.left, pair.right, pair.expected > 0) for pair in pairs]
    return zeros[:_MOST_PAIRS], search.rows


@dataclass(frozen=True)
class _Search:
    """The cells that are frequent enough for their combinations to be expected.

    Parameters
    ----------
    codes : sequence of ndarray of int64, shape (rows,)
        The cells of each block.
    sizes : ndarray of int64, shape (blocks,)
        The number of cells of each block.
    names : ndarray of int64, shape (blocks,)
        The indices of the blocks in the layout.
    blocks, cells : ndarray of int64, shape (m,)
        The frequent cells and their blocks, counted from 0, in rising order.
    least : float
        The least expected count of a combination.
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
        """Take the frequent cells, and no more rows than can be compared quickly."""
        names = np.array(sorted(codes), np.int64)
        cells = np.array([sizes[i] for i in names], np.int64)
        compared = (float(cells.sum()) ** 2 - float(np.square(cells.astype(float)).sum())) / 2
        # A cell is empty by chance with probability exp(-expected), here over all compared cells.
        least = max(_LEAST_EXPECTED, float(np.log(max(compared, 1.0) / _CHANCE)))
        search = cls([codes[i] for i in names], cells, names, *_none(), least)._with_frequent()
        most = max(_WORK / max(len(search.cells), 1) ** 2, _FEWEST_ROWS)
        step = max(1, int(np.ceil(search.rows / most)))
        if step == 1:
            return search
        sample = [code[::step] for code in search.codes]
        return cls(sample, cells, names, *_none(), least)._with_frequent()

    def _with_frequent(self) -> _Search:
        """Add the cells whose expected count with another block's most common cell is enough."""
        counts = [
            np.bincount(c, minlength=s + 1) for c, s in zip(self.codes, self.sizes, strict=True)
        ]
        masked = np.array([c[-1] for c in counts], np.int64)
        top = max((int(c[:-1].max(initial=0)) for c in counts), default=0)
        # A lower bound of the rows in which both blocks of any pair are present.
        present = self.rows - masked - masked.max(initial=0)
        share = np.minimum(1.0, top / np.maximum(present, 1))
        frequent = [
            np.flatnonzero(c[:-1] * s >= self.least) for c, s in zip(counts, share, strict=True)
        ]
        blocks = np.repeat(np.arange(len(counts)), [len(f) for f in frequent])
        cells = np.concatenate([np.zeros(0, np.int64), *frequent])
        return _Search(self.codes, self.sizes, self.names, blocks, cells, self.least)

    def unseen(self) -> list[BlockPair]:
        """Return the pairs of blocks with combinations that are expected but not observed."""
        # Rows in which two patterns of presence hold together, and those in which each cell occurs
        # within a pattern.
        chunks = self._chunks()
        masks, gate = self._presence()
        presence = masks.T @ masks
        within = np.zeros((len(self.cells), len(masks.T)), np.float32)
        for chunk in chunks:
            within[chunk] = self._indicators(chunk).T @ masks
        pairs: list[BlockPair] = []
        single = np.zeros(64)
        for k, one in enumerate(chunks):
            left = self._indicators(one)
            for other in chunks[k:]:
                right = left if other is one else self._indicators(other)
                seen = left.T @ right
                a, b = gate[self.blocks[one]], gate[self.blocks[other]]
                # The product of both frequencies among the rows in which both are present.
                together = np.maximum(presence[a][:, b], 1)
                expected = within[one][:, b] * within[other][:, a].T / together
                enough = (expected >= self.least) & (self.blocks[one][:, None] < self.blocks[other])
                # Cells with exactly one row, by the octave of their expected count.
                once = expected[enough & (seen == 1)]
                single += np.bincount(np.log2(once / self.least).astype(int), minlength=64)
                pairs += self._pairs(one, other, np.where(enough & (seen == 0), expected, 0.0))
            pairs = sorted(pairs, key=lambda pair: -pair.expected.sum())[: 8 * _MOST_PAIRS]
        # At index k: the cells with one row whose expected count is at least 2^k times the least.
        # Raise the least until they are few (Good 1953).
        more = np.cumsum(single[::-1])[::-1]
        least = self.least * 2.0 ** int(np.count_nonzero(more > _UNSEEN * self.rows))
        return [kept for kept in (pair.at(least) for pair in pairs) if kept.expected.any()]

    def _chunks(self) -> list[np.ndarray]:
        """Cut the frequent cells between blocks into runs of about equal length."""
        starts = np.flatnonzero(np.diff(self.blocks, prepend=-1))
        if not len(starts):
            return []
        _, first = np.unique(starts // _AT_A_TIME, return_index=True)
        return np.split(np.arange(len(self.cells)), starts[first[1:]])

    def _presence(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the distinct patterns of presence, (rows, patterns), and each block's pattern."""
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
        """Return indicators of the rows with each of some cells, shape (rows, len(chunk))."""
        indicators = np.empty((len(chunk), self.rows), np.float32)
        for k, i in enumerate(chunk):
            indicators[k] = self.codes[self.blocks[i]] == self.cells[i]
        return indicators.T

    def _pairs(self, one: np.ndarray, other: np.ndarray, expected: np.ndarray) -> list[BlockPair]:
        """Return the pairs of blocks, from two runs of cells, with the greatest expected counts."""
        a, b = np.nonzero(expected)
        left, right = self.blocks[one[a]], self.blocks[other[b]]
        keys, which = np.unique(left * len(self.codes) + right, return_inverse=True)
        total = np.bincount(which, expected[a, b], minlength=len(keys))
        pairs = []
        for k in np.argsort(-total, kind="stable")[:_MOST_PAIRS]:
            i, j = divmod(int(keys[k]), len(self.codes))
            rows = which == k
            table = np.zeros((self.sizes[i], self.sizes[j]))
            table[self.cells[one[a[rows]]], self.cells[other[b[rows]]]] = expected[a[rows], b[rows]]
            pairs.append(BlockPair(int(self.names[i]), int(self.names[j]), table))
        return pairs


def _none() -> tuple[np.ndarray, np.ndarray]:
    return np.zeros(0, np.int64), np.zeros(0, np.int64)
