"""What never occurs together although chance would have it often: structural zeros."""

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

#: Rows in which exclusions are looked for, and rows at a time in which they are confirmed.
_ROWS, _AT_A_TIME = 20_000, 50_000
#: Levels of a block that is looked at, cells of a number, and the share of a value of its own.
_MOST_LEVELS, _BINS, _SPIKE = 128, 8, 0.05
#: Pairs that a model file may hold.
_MOST_STORED = 4_096


@dataclass(frozen=True)
class StructuralZero:
    """Which combinations of two blocks never occur.

    Parameters
    ----------
    left, right : int
        Indices of blocks.
    never : ndarray of bool, shape (cells of left, cells of right)
        True for what never occurs.
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
        What the spans of an encoded row are.
    cuts : dict of int to ndarray of float64
        For blocks that are numbers: where their ranges part, as cumulative probabilities.
    pairs : tuple of StructuralZero
        What never occurs.
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
        """Find what never occurs in a table.

        A combination counts if it occurs in no row but would in 20 or more if the two columns were
        independent (more where many combinations are compared).

        Parameters
        ----------
        rows : int
            How many there are.
        encode : callable
            Gives the encoded form of rows by their numbers, shape (m,), in which only the blocks
            of some columns need to be right.
        layout : Layout
            What its columns are.
        keys : collection of frozenset of str
            Pairs of columns that others are looked up by: all their combinations that never occur
            count, if nearly all that there are have been seen.

        Returns
        -------
        StructuralZeros
        """
        some = np.arange(rows)[:: max(1, -(-rows // _ROWS))]
        sample = encode(some, {block.column for block in layout.blocks})
        cuts = {
            i: _cuts(*_present(sample, layout, i))
            for i, block in enumerate(layout.blocks)
            if block.source == "interval"
        }
        self = cls(layout, cuts, ())
        codes = self._codes_of_encoded(sample, self._able())
        sizes = {i: self._cells(i) for i in codes}
        empty, looked_at = unseen(codes, sizes, self._keys(keys))
        found = [StructuralZero(left, right, never) for left, right, never in empty]
        if looked_at < rows:
            found = self._confirmed(found, rows, encode)
        needed = {i for pair in found for i in (pair.left, pair.right)}
        return cls(layout, {i: cut for i, cut in cuts.items() if i in needed}, tuple(found))

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
        """Return the pairs of blocks of levels that stand for pairs of columns."""
        able: dict[str, list[int]] = {}
        for i in self._able():
            if self.layout.blocks[i].source == "code":
                able.setdefault(self.layout.blocks[i].column, []).append(i)
        pairs = [[able.get(name, []) for name in sorted(pair)] for pair in columns]
        return sorted({(min(i, j), max(i, j)) for one, two in pairs for i in one for j in two})

    def _codes_of_encoded(
        self, rows: EncodedRows, blocks: Collection[int]
    ) -> dict[int, np.ndarray]:
        """Return for each block the cell of each row; one past the last where it is silenced."""
        codes = {}
        for i in blocks:
            block = self.layout.blocks[i]
            source = block.source_start
            if block.source == "code":
                found = rows.codes[:, source].astype(np.int64)
            else:
                found = np.searchsorted(self.cuts[i], rows.floats[:, source], side="right")
            if block.masked_by is not None:
                gate = self.layout.blocks[block.masked_by]
                found[rows.codes[:, gate.source_start] == 1] = self._cells(i)
            codes[i] = found
        return codes

    def _confirmed(
        self,
        found: list[StructuralZero],
        rows: int,
        encode: Callable[[np.ndarray, Collection[str]], EncodedRows],
    ) -> list[StructuralZero]:
        """Return what occurs in no row at all."""
        blocks = {i for pair in found for i in (pair.left, pair.right)}
        gates = {self.layout.blocks[i].masked_by for i in blocks} - {None}
        columns = {self.layout.blocks[i].column for i in (*blocks, *gates) if i is not None}
        for first in range(0, rows if found else 0, _AT_A_TIME):
            part = encode(np.arange(first, min(first + _AT_A_TIME, rows)), columns)
            codes = self._codes_of_encoded(part, blocks)
            for pair in found:
                seen = tally(codes[pair.left], codes[pair.right], pair.never.shape)
                pair.never[seen > 0] = False
        return [pair for pair in found if pair.never.any()]

    def narrowed(
        self, condition: RowCondition, encoded: EncodedRows, known: Mapping[int, np.ndarray]
    ) -> RowCondition:
        """Return a condition without what never occurs together with known cells.

        Parameters
        ----------
        condition : RowCondition
            Of n rows.
        encoded : EncodedRows
            The rows.
        known : mapping of int to ndarray of bool, shape (n,)
            For the index of each block: in which rows it is known.
        """
        codes = self._codes_of_encoded(encoded, self._involved)
        cells: dict[int, np.ndarray] = {}
        for pair in self.pairs:
            for one, other, never in (
                (pair.left, pair.right, pair.never),
                (pair.right, pair.left, pair.never.T),
            ):
                if other not in cells:
                    every = np.ones((1, never.shape[1]), bool)
                    own = condition.allowed.get(other, every)
                    cells[other] = np.broadcast_to(own, (len(known[other]), own.shape[1])).copy()
                rows = np.flatnonzero(known[one] & ~known[other])
                # one cell more, of what is silenced, rules out nothing
                possible = ~np.pad(never, ((0, 1), (0, 0)))[codes[one][rows]] & cells[other][rows]
                # one level at least stays; where no range does, all do, see below
                some = possible.any(axis=1) | (other in self.cuts)
                cells[other][rows[some]] = possible[some]
        for i, possible in cells.items():
            if i not in self.cuts:
                levels = RowCondition(self.layout, len(possible), {i: possible})
                condition = condition.narrowed(levels)
                continue
            rows = np.flatnonzero(possible.any(axis=1) & ~possible.all(axis=1))
            edges = np.concatenate([[0.0], self.cuts[i], [1.0]])
            first = possible[rows].argmax(axis=1)
            stop = possible.shape[1] - possible[rows, ::-1].argmax(axis=1)
            bounds = {i: np.stack([edges[first], edges[stop]], axis=1)}
            condition = condition.narrowed(RowCondition(self.layout, len(rows), {}, bounds), rows)
        return condition

    def cells_within(self, condition: RowCondition, block: int) -> np.ndarray | None:
        """Return which cells of a block a condition allows; None where it is not on that block.

        Parameters
        ----------
        condition : RowCondition
            A cell is allowed if one of its rows allows it.
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
        """Return which rows have a combination that never occurs.

        Parameters
        ----------
        drawn : SampledRows
            n rows.
        known : mapping of int to ndarray of bool, shape (n,), optional
            For the index of each block: in which rows it was not drawn but known. Two such are
            not looked at.

        Returns
        -------
        ndarray of bool, shape (n,)
        """
        wrong = np.zeros(len(drawn.levels), bool)
        codes = {i: self._codes_of_drawn(drawn, i) for i in self._involved}
        for pair in self.pairs:
            width = pair.never.shape[1] + 1
            # one more cell on both sides is never wrong: what is silenced
            table = np.pad(pair.never, ((0, 1), (0, 1))).ravel()
            found = table[codes[pair.left] * width + codes[pair.right]]
            if known is not None:
                found &= ~(known[pair.left] & known[pair.right])
            wrong |= found
        return wrong

    @property
    def _involved(self) -> set[int]:
        return {i for pair in self.pairs for i in (pair.left, pair.right)}

    def _codes_of_drawn(self, drawn: SampledRows, i: int) -> np.ndarray:
        block, at = self.layout.blocks[i], self.layout.drawn_starts[i]
        if block.source == "code":
            return np.asarray(drawn.levels[:, at], np.intp)
        numbers = drawn.numbers[:, at]
        codes = np.zeros(len(numbers), np.intp)
        for cut in ndtri(self.cuts[i]).astype(np.float32):  # few: quicker than a search
            codes += numbers >= cut
        if block.masked_by is not None:
            gate = self.layout.drawn_starts[block.masked_by]
            codes[drawn.levels[:, gate] == 1] = self._cells(i)
        return codes

    def state(self) -> Learned:
        """Return what was learned."""
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
        """Return the exclusions of which `state` was stored, in a file that may be damaged."""
        cuts = {int(i): np.asarray(cut, np.float64) for i, cut in state.values["cuts"].items()}
        self = cls(layout, cuts, ())
        able = set(self._able())
        for cut in cuts.values():
            whole(cut.size, 0, _BINS + 2, "the count of cuts")
            if cut.ndim != 1 or not ((cut > 0) & (cut < 1)).all():
                raise ValueError("numbers must be cut at probabilities")
        whole(len(state.values["pairs"]), 0, _MOST_STORED, "the count of exclusions")
        cells = state.arrays["cells"]
        pairs, first = [], 0
        for (left, right), size in zip(state.values["pairs"], state.values["sizes"], strict=True):
            if not {left, right} <= able:
                raise ValueError("an exclusion must be of blocks that there are")
            never = np.zeros((self._cells(left), self._cells(right)), bool)
            never.ravel()[cells[first : first + whole(size, 0, never.size, "a size")]] = True
            pairs.append(StructuralZero(left, right, never))
            first += size
        return cls(layout, cuts, tuple(pairs))


def _present(rows: EncodedRows, layout: Layout, i: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the limits of the intervals of a block where it is not silenced."""
    block: Block = layout.blocks[i]
    limits = rows.floats[:, block.source_start : block.source_start + 2].T.astype(np.float64)
    if block.masked_by is not None:
        gate = layout.blocks[block.masked_by]
        limits = limits[:, rows.codes[:, gate.source_start] == 0]
    return limits[0], limits[1]


def _cuts(lower: np.ndarray, upper: np.ndarray) -> np.ndarray:
    """Return where the range of a number is cut: about evenly, and around its commonest value.

    No interval is cut in two, so that what is drawn within it stays on its side.
    """
    if len(lower) == 0:
        return np.zeros(0)
    values, counts = np.unique(lower, return_counts=True)
    upto = np.cumsum(counts)
    even = np.searchsorted(upto, np.arange(1, _BINS) * len(lower) / _BINS)
    cuts = values[np.minimum(even, len(values) - 1)]
    top = int(counts.argmax())
    if counts[top] >= _SPIKE * len(lower):
        cuts = np.concatenate([cuts, values[top : top + 2]])
    cuts = np.unique(cuts)
    highest = np.maximum.accumulate(upper[np.argsort(lower, kind="stable")])
    before = np.searchsorted(np.sort(lower), cuts - LEAST)
    whole = (before > 0) & (highest[np.maximum(before - 1, 0)] <= cuts + 2 * LEAST)
    return cuts[whole]
