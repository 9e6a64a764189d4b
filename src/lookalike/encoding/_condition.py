"""Conditions on encoded rows: the levels and numbers that each of their blocks may have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Self

import numpy as np
from scipy.special import ndtri

from lookalike.encoding._draw import Z_MAX
from lookalike.encoding._layout import EncodedRows, Layout, SampledRows

__all__ = ["RowCondition"]

#: The least probability of a single value, so that each can be chosen.
_LEAST_SHARE = 1e-12
#: The tolerance of bounds by head: a generator's tanh does not reach ±1.
_ROUNDING = {"linear": 1e-6, "tanh": 1e-4}


@dataclass(frozen=True, eq=False)
class RowCondition:
    """The levels and the bounds of numbers that encoded rows may have.

    It is immutable: its arrays are read-only, and `narrowed` returns a new condition.

    Parameters
    ----------
    layout : Layout
        The spans of an encoded row.
    rows : int
        The number of rows with a condition of their own; 1 for one condition on all rows.
    allowed : mapping of int to ndarray of bool, shape (rows or 1, width)
        The allowed levels, by the index of a block of levels.
    bounds : mapping of int to ndarray, shape (rows or 1, 2)
        The least and greatest value, by the index of a block of one number: as a cumulative
        probability (source ``"interval"``) or as the encoded number (source ``"value"``).
        Bounds do not apply where the *missing* block masks a number.
    """

    layout: Layout
    rows: int = 1
    allowed: Mapping[int, np.ndarray] = field(default_factory=dict)
    bounds: Mapping[int, np.ndarray] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("allowed", "bounds"):
            arrays = {i: array.view() for i, array in getattr(self, name).items()}
            for array in arrays.values():
                array.flags.writeable = False
            object.__setattr__(self, name, MappingProxyType(arrays))

    @classmethod
    def of_cells(
        cls, layout: Layout, encoded: EncodedRows, known: Mapping[int, np.ndarray]
    ) -> Self:
        """Return the condition that rows have their known cells.

        Parameters
        ----------
        layout : Layout
        encoded : EncodedRows
            The n rows; blocks that are not known are ignored.
        known : mapping of int to ndarray of bool, shape (n,)
            The rows in which each block is known, by its index.
        """
        rows, allowed, bounds = len(encoded.codes), {}, {}
        for i, block in enumerate(layout.blocks):
            at = np.flatnonzero(known[i])
            if not len(at):
                continue
            start = block.source_start
            if block.source == "code":
                allowed[i] = np.ones((rows, block.width), bool)
                allowed[i][at] = False
                allowed[i][at, encoded.codes[at, start]] = True
            else:
                # An interval has two floats; any other number is its own lower and upper limit.
                ends = np.array([start, start + (block.source == "interval")])
                bounds[i] = np.tile([-np.inf, np.inf], (rows, 1))
                bounds[i][at] = encoded.floats[np.ix_(at, ends)]
        return cls(layout, rows, allowed, bounds)

    def narrowed(self, other: RowCondition, at: np.ndarray | None = None) -> RowCondition:
        """Return the intersection with another condition; where it is empty, this one is kept.

        Parameters
        ----------
        other : RowCondition
            A condition of the same layout.
        at : ndarray of int, shape (m,), optional
            The rows to which `other` applies, if not all.
        """
        rows = max(self.rows, other.rows) if at is None else self.rows
        where = slice(None) if at is None else at
        allowed, bounds = dict(self.allowed), dict(self.bounds)
        for i, levels in other.allowed.items():
            every = np.ones((1, self.layout.blocks[i].width), bool)
            mine = np.broadcast_to(allowed.get(i, every), (rows, every.shape[1])).copy()
            both = mine[where] & levels
            mine[where] = np.where(both.any(axis=1, keepdims=True), both, mine[where])
            allowed[i] = mine
        for i, limits in other.bounds.items():
            mine = np.broadcast_to(bounds.get(i, np.array([[-np.inf, np.inf]])), (rows, 2)).copy()
            low = np.maximum(mine[where, 0], limits[:, 0])
            high = np.minimum(mine[where, 1], limits[:, 1])
            # Ranges that only touch do not intersect, but a single value may lie at an end.
            some = (low < high) | ((low == high) & (limits[:, 0] == limits[:, 1]))
            mine[where] = np.where(some[:, None], np.stack([low, high], axis=1), mine[where])
            bounds[i] = mine
        return replace(self, rows=rows, allowed=allowed, bounds=bounds)

    def drawn(self, uniforms: np.ndarray) -> RowCondition:
        """Return a condition for each of n rows, sampled from these by their shares of all rows.

        Parameters
        ----------
        uniforms : ndarray, shape (n,)
            Numbers in [0, 1), one for each row.
        """
        if self.rows == 1:
            return self
        share = np.ones(self.rows)
        for i, limits in self.bounds.items():
            if self.layout.blocks[i].source == "interval":
                share = share * np.maximum(limits[:, 1] - limits[:, 0], _LEAST_SHARE)
        chosen = np.searchsorted(np.cumsum(share / share.sum())[:-1], uniforms, side="right")
        allowed, bounds = (
            {i: array if len(array) == 1 else array[chosen] for i, array in arrays.items()}
            for arrays in (self.allowed, self.bounds)
        )
        return replace(self, rows=len(uniforms), allowed=allowed, bounds=bounds)

    def encoded_bounds(self, block: int) -> np.ndarray:
        """Return the least and the greatest encoded number of a block, shape (rows or 1, 2)."""
        span, limits = self.layout.blocks[block], self.bounds[block]
        if span.source == "interval":
            return np.asarray(np.clip(ndtri(np.clip(limits, 0, 1)), -Z_MAX, Z_MAX))
        most = 1.0 if span.head == "tanh" else Z_MAX
        return np.asarray(np.clip(limits, -most, most))

    def count(self, block: int) -> int:
        """Return the number of rows to draw: those with conditions of their own, or a whole block.

        Parameters
        ----------
        block : int
            The rows of a block, where one condition applies to all.
        """
        return block if self.rows == 1 else self.rows

    def accepts(self, rows: SampledRows) -> np.ndarray:
        """Return a mask of the rows that fulfil the condition, shape (n,).

        Parameters
        ----------
        rows : SampledRows
            The n rows: one per condition, or any number where one condition applies to all.
        """
        blocks, starts = self.layout.blocks, self.layout.drawn_starts
        accepted = np.ones(len(rows.levels), bool)
        for i, allowed in self.allowed.items():
            every = np.broadcast_to(allowed, (len(accepted), allowed.shape[1]))
            accepted &= every[np.arange(len(accepted)), rows.levels[:, starts[i]]]
        for i in self.bounds:
            (low, high), slack = self.encoded_bounds(i).T, _ROUNDING[blocks[i].head]
            number, gate = rows.numbers[:, starts[i]], blocks[i].masked_by
            inside = (number >= low - slack) & (number <= high + slack)
            # A masked number is accepted whatever it is.
            accepted &= inside if gate is None else inside | (rows.levels[:, starts[gate]] == 1)
        return accepted

    def enforced(self, rows: SampledRows, uniforms: np.ndarray) -> SampledRows:
        """Return rows repaired where they violate the condition: another level, the nearest number.

        Parameters
        ----------
        rows : SampledRows
            The n rows, as for `accepts`.
        uniforms : ndarray, shape (n,)
            Numbers in [0, 1) that choose among allowed levels.
        """
        starts, numbers, levels = self.layout.drawn_starts, rows.numbers.copy(), rows.levels.copy()
        for i, allowed in self.allowed.items():
            at = starts[i]
            every = np.broadcast_to(allowed, (len(levels), allowed.shape[1]))
            wrong = np.flatnonzero(~every[np.arange(len(levels)), levels[:, at]])
            # The k-th allowed level, uniformly: the first at which the count of allowed exceeds k.
            options = np.cumsum(every[wrong], axis=1)
            wanted = (uniforms[wrong] * options[:, -1]).astype(int)
            levels[wrong, at] = (options <= wanted[:, None]).sum(axis=1)
        for i in self.bounds:
            numbers[:, starts[i]] = np.clip(numbers[:, starts[i]], *self.encoded_bounds(i).T)
        # Masked numbers are 0, as in encoded rows.
        for block, at in zip(self.layout.blocks, starts, strict=True):
            if block.masked_by is not None:
                masked = levels[:, starts[block.masked_by]] == 1
                numbers[masked, at : at + block.width] = 0
        return SampledRows(numbers, levels)
