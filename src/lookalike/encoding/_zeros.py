"""Structural zeros: combinations that never occur, though often expected by chance."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np
from scipy.special import ndtri

from lookalike._core.bounds import whole
from lookalike._core.learned import Learned
from lookalike.encoding._condition import RowCondition
from lookalike.encoding._layout import Block, EncodedRows, Layout, SampledRows
from lookalike.encoding._limits import LEAST
from lookalike.encoding._unseen import tally, unseen

__all__ = ["StructuralZero", "StructuralZeros"]

#: The number of rows searched for structural zeros, and the rows at a time that confirm them.
_ROWS, _AT_A_TIME = 20_000, 50_000
#: The greatest number of levels of a searched block; the cells of a number; the share of a value
#: that gets a cell of its own.
_MOST_LEVELS, _BINS, _SPIKE = 128, 8, 0.05
#: The greatest number of pairs in a model file.
_MOST_STORED = 4_096


@dataclass(frozen=True)
class StructuralZero:
    """Combinations of two blocks that never occur.

    Parameters
    ----------
    left, right : int
        The indices of the blocks.
    never : ndarray of bool, shape (cells of left, cells of right)
        True for combinations that never occur.
    """

    left: int
    right: int
    never: np.ndarray


@dataclass(frozen=True)
class StructuralZeros:
    """Combinations of levels, of ranges of numbers and of missing cells that never occur.

    Parameters
    ----------
    layout : Layout
        The spans of an encoded row.
    cuts : dict of int to ndarray of float64
        The limits between the ranges of each block of numbers, as cumulative probabilities.
    pairs : tuple of StructuralZero
        The combinations that never occur, by pair of blocks.
    """

    layout: Layout
    cuts: dict[int, np.ndarray]
    pairs: tuple[StructuralZero, ...]

    @classmethod
    def fit(
        cls,
        rows: int,
        encode: Callable[[np.ndarray, Collection[str]], EncodedRows],
        layout: Layout,
        keys: Collection[frozenset[str]] = (),
    ) -> Self:
        """Find the structural zeros of a table.

        A combination counts if it occurs in no row but would in 20 or more if the two columns were
        independent (more where many combinations are compared).

        Parameters
        ----------
        rows : int
            The number of rows.
        encode : callable
            Returns the encoded form of rows by their numbers, shape (m,); only the blocks of the
            named columns need to be right.
        layout : Layout
            The layout of encoded rows.
        keys : collection of frozenset of str
            Pairs of columns that are the keys of a lookup: all their combinations that never occur
            count, if nearly all existing ones have been observed.

        Returns
        -------
        StructuralZeros
        """
        sampled = np.arange(rows)[:: max(1, -(-rows // _ROWS))]
        sample = encode(sampled, {block.column for block in layout.blocks})
        cuts = {
            i: _cuts(*_present(sample, layout, i))
            for i, block in enumerate(layout.blocks)
            if block.source == "interval"
        }
        self = cls(layout, cuts, ())
        codes = self._codes_of_encoded(sample, self._able())
        sizes = {i: self._cells(i) for i in codes}
        empty, searched = unseen(codes, sizes, self._keys(keys))
        zeros = [StructuralZero(left, right, never) for left, right, never in empty]
        if searched < rows:
            zeros = self._confirmed(zeros, rows, encode)
        needed = {i for pair in zeros for i in (pair.left, pair.right)}
        return cls(layout, {i: cut for i, cut in cuts.items() if i in needed}, tuple(zeros))

    def _able(self) -> list[int]:
        """Return the blocks that can be compared."""
        return [
            i
            for i, block in enumerate(self.layout.blocks)
            if (block.source == "code" and block.width <= _MOST_LEVELS) or i in self.cuts
        ]

    def _cells(self, i: int) -> int:
        return len(self.cuts[i]) + 1 if i in self.cuts else self.layout.blocks[i].width

    def _keys(self, columns: Collection[frozenset[str]]) -> list[tuple[int, int]]:
        """Return the pairs of blocks of levels that encode pairs of columns."""
        able: dict[str, list[int]] = {}
        for i in self._able():
            if self.layout.blocks[i].source == "code":
                able.setdefault(self.layout.blocks[i].column, []).append(i)
        pairs = [[able.get(name, []) for name in sorted(pair)] for pair in columns]
        return sorted({(min(i, j), max(i, j)) for one, two in pairs for i in one for j in two})

    def _codes_of_encoded(
        self, rows: EncodedRows, blocks: Collection[int]
    ) -> dict[int, np.ndarray]:
        """Return the cell of each row, by block; one past the last where the block is masked."""
        codes = {}
        for i in blocks:
            block = self.layout.blocks[i]
            source = block.source_start
            if block.source == "code":
                cells = rows.codes[:, source].astype(np.int64)
            else:
                cells = np.searchsorted(self.cuts[i], rows.floats[:, source], side="right")
            if block.masked_by is not None:
                gate = self.layout.blocks[block.masked_by]
                cells[rows.codes[:, gate.source_start] == 1] = self._cells(i)
            codes[i] = cells
        return codes

    def _confirmed(
        self,
        zeros: list[StructuralZero],
        rows: int,
        encode: Callable[[np.ndarray, Collection[str]], EncodedRows],
    ) -> list[StructuralZero]:
        """Return the structural zeros that hold in all rows."""
        blocks = {i for pair in zeros for i in (pair.left, pair.right)}
        gates = {self.layout.blocks[i].masked_by for i in blocks} - {None}
        columns = {self.layout.blocks[i].column for i in (*blocks, *gates) if i is not None}
        for first in range(0, rows if zeros else 0, _AT_A_TIME):
            part = encode(np.arange(first, min(first + _AT_A_TIME, rows)), columns)
            codes = self._codes_of_encoded(part, blocks)
            for pair in zeros:
                seen = tally(codes[pair.left], codes[pair.right], pair.never.shape)
                pair.never[seen > 0] = False
        return [pair for pair in zeros if pair.never.any()]

    def narrowed(
        self, condition: RowCondition, encoded: EncodedRows, known: Mapping[int, np.ndarray]
    ) -> RowCondition:
        """Return a condition narrowed to cells that can occur together with known ones.

        Parameters
        ----------
        condition : RowCondition
            The condition on n rows.
        encoded : EncodedRows
            The rows.
        known : mapping of int to ndarray of bool, shape (n,)
            The rows in which each block is known, by its index.
        """
        # The possible cells of each block, shape (rows, cells), given the known blocks of each row.
        codes = self._codes_of_encoded(encoded, self.involved)
        cells: dict[int, np.ndarray] = {}
        for pair in self.pairs:
            for one, other, never in (
                (pair.left, pair.right, pair.never),
                (pair.right, pair.left, pair.never.T),
            ):
                if other not in cells:
                    every = np.ones((1, never.shape[1]), bool)
                    allowed = condition.allowed.get(other, every)
                    shape = (len(known[other]), allowed.shape[1])
                    cells[other] = np.broadcast_to(allowed, shape).copy()
                rows = np.flatnonzero(known[one] & ~known[other])
                # One more cell, for masked blocks, rules out nothing.
                possible = ~np.pad(never, ((0, 1), (0, 0)))[codes[one][rows]] & cells[other][rows]
                # At least one level stays; where no range is possible, all stay, see below.
                some = possible.any(axis=1) | (other in self.cuts)
                cells[other][rows[some]] = possible[some]
        for i, possible in cells.items():
            if i not in self.cuts:
                levels = RowCondition(self.layout, len(possible), {i: possible})
                condition = condition.narrowed(levels)
                continue
            # Numbers get the range from their first to their last possible cell.
            rows = np.flatnonzero(possible.any(axis=1) & ~possible.all(axis=1))
            edges = np.concatenate([[0.0], self.cuts[i], [1.0]])
            first = possible[rows].argmax(axis=1)
            stop = possible.shape[1] - possible[rows, ::-1].argmax(axis=1)
            bounds = {i: np.stack([edges[first], edges[stop]], axis=1)}
            condition = condition.narrowed(RowCondition(self.layout, len(rows), {}, bounds), rows)
        return condition

    def cells_within(self, condition: RowCondition, block: int) -> np.ndarray | None:
        """Return the cells of a block that a condition allows; None where it is not on that block.

        Parameters
        ----------
        condition : RowCondition
            The condition; a cell is allowed if one of its rows allows it.
        block : int
        """
        if block in condition.allowed:
            return np.asarray(condition.allowed[block].any(axis=0))
        if block not in condition.bounds or block not in self.cuts:
            return None
        cuts = self.cuts[block]
        limits = condition.bounds[block]
        cells = np.arange(len(cuts) + 1)
        first = np.searchsorted(cuts, limits[:, 0] + LEAST, side="right")
        last = np.searchsorted(cuts, limits[:, 1] - LEAST, side="left")
        return np.asarray(((cells >= first[:, None]) & (cells <= last[:, None])).any(axis=0))

    def violates(
        self, drawn: SampledRows, known: Mapping[int, np.ndarray] | None = None
    ) -> np.ndarray:
        """Return a mask of the rows with a combination that never occurs.

        Parameters
        ----------
        drawn : SampledRows
            The n rows.
        known : mapping of int to ndarray of bool, shape (n,), optional
            The rows in which each block is known, not sampled, by its index. Pairs of known blocks
            are not checked.

        Returns
        -------
        ndarray of bool, shape (n,)
        """
        violated = np.zeros(len(drawn.levels), bool)
        codes = {i: self.codes_of_drawn(drawn, i) for i in self.involved}
        for pair in self.pairs:
            width = pair.never.shape[1] + 1
            # One more cell on both sides, for masked blocks, is never violated.
            table = np.pad(pair.never, ((0, 1), (0, 1))).ravel()
            hit = table[codes[pair.left] * width + codes[pair.right]]
            if known is not None:
                hit &= ~(known[pair.left] & known[pair.right])
            violated |= hit
        return violated

    @property
    def involved(self) -> set[int]:
        """The blocks that some pair is about."""
        return {i for pair in self.pairs for i in (pair.left, pair.right)}

    def codes_of_drawn(self, drawn: SampledRows, i: int) -> np.ndarray:
        """Return the cell of a block in each of n sampled rows, of which pairs are made."""
        block, at = self.layout.blocks[i], self.layout.drawn_starts[i]
        if block.source == "code":
            return np.asarray(drawn.levels[:, at], np.intp)
        numbers = drawn.numbers[:, at]
        codes = np.zeros(len(numbers), np.intp)
        for cut in ndtri(self.cuts[i]).astype(np.float32):  # few cuts: faster than a search
            codes += numbers >= cut
        if block.masked_by is not None:
            gate = self.layout.drawn_starts[block.masked_by]
            codes[drawn.levels[:, gate] == 1] = self._cells(i)
        return codes

    def state(self) -> Learned:
        """Return the learned state."""
        sizes = [int(pair.never.sum()) for pair in self.pairs]
        cells = [np.flatnonzero(pair.never) for pair in self.pairs]
        values = {
            "pairs": [[pair.left, pair.right] for pair in self.pairs],
            "sizes": sizes,
            "cuts": {str(i): cut.tolist() for i, cut in self.cuts.items()},
        }
        return Learned(values, {"cells": np.concatenate([np.zeros(0, np.int64), *cells])})

    @classmethod
    def from_state(cls, state: Learned, layout: Layout) -> Self:
        """Restore structural zeros from `state`, which may come from a damaged file."""
        cuts = {int(i): np.asarray(cut, np.float64) for i, cut in state.values["cuts"].items()}
        self = cls(layout, cuts, ())
        able = set(self._able())
        for cut in cuts.values():
            whole(cut.size, 0, _BINS + 2, "the number of cuts")
            if cut.ndim != 1 or not ((cut > 0) & (cut < 1)).all():
                raise ValueError("numbers must be cut at probabilities")
        whole(len(state.values["pairs"]), 0, _MOST_STORED, "the number of exclusions")
        cells = state.arrays["cells"]
        pairs, first = [], 0
        for (left, right), size in zip(state.values["pairs"], state.values["sizes"], strict=True):
            if not {left, right} <= able:
                raise ValueError("an exclusion must be of blocks of the layout")
            never = np.zeros((self._cells(left), self._cells(right)), bool)
            never.ravel()[cells[first : first + whole(size, 0, never.size, "a size")]] = True
            pairs.append(StructuralZero(left, right, never))
            first += size
        return cls(layout, cuts, tuple(pairs))


def _present(rows: EncodedRows, layout: Layout, i: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the limits of the intervals of a block where it is not masked."""
    block: Block = layout.blocks[i]
    limits = rows.floats[:, block.source_start : block.source_start + 2].T.astype(np.float64)
    if block.masked_by is not None:
        gate = layout.blocks[block.masked_by]
        limits = limits[:, rows.codes[:, gate.source_start] == 0]
    return limits[0], limits[1]


def _cuts(lower: np.ndarray, upper: np.ndarray) -> np.ndarray:
    """Return the cuts of a number's range: about even, and around its most common value.

    No interval is cut in two, so that samples within it stay on one side.
    """
    if len(lower) == 0:
        return np.zeros(0)
    values, counts = np.unique(lower, return_counts=True)
    # Cuts at even shares of the rows, and around a frequent value.
    cumulative = np.cumsum(counts)
    even = np.searchsorted(cumulative, np.arange(1, _BINS) * len(lower) / _BINS)
    cuts = values[np.minimum(even, len(values) - 1)]
    top = int(counts.argmax())
    if counts[top] >= _SPIKE * len(lower):
        cuts = np.concatenate([cuts, values[top : top + 2]])
    cuts = np.unique(cuts)
    # Keep the cuts that no interval crosses.
    highest = np.maximum.accumulate(upper[np.argsort(lower, kind="stable")])
    before = np.searchsorted(np.sort(lower), cuts - LEAST)
    whole = (before > 0) & (highest[np.maximum(before - 1, 0)] <= cuts + 2 * LEAST)
    return cuts[whole]
