"""Numbers by a randomised probability integral transform: every column becomes N(0, 1)."""

from __future__ import annotations

from typing import ClassVar, Self

import numpy as np
import pyarrow as pa
from scipy.special import ndtr, ndtri

from lookalike.encoding._base import ColumnEncoding, State
from lookalike.encoding._knots import piecewise
from lookalike.encoding._layout import Block, Compact, Drawn
from lookalike.encoding._limits import limits_of
from lookalike.encoding._numbers import MEASURED, Grid, nearest
from lookalike.tables import Column, Kind

__all__ = ["Quantile"]

#: Up to so many distinct values are all kept if they repeat, …
_ALL = 1000
#: … and up to so many whether they do or not.
_FEW = 100


class Quantile(ColumnEncoding):
    """Randomised probability integral transform (Rüschendorf 2009; as dequantisation).

    A value x with empirical cumulative limits lo = F(x−), hi = F(x) is drawn as z = Φ⁻¹(u),
    u uniform in (lo, hi): exactly N(0, 1), whatever spikes, gaps and tails the column has. Back:
    u = Φ(z), then the quantile function. Up to 1,000 distinct values that occur twice or more on
    average (or up to 100 that do not) are all kept, so that the way back is exact. Else the
    frequent ones are kept as *atoms* with their jumps, and F is piecewise linear between knots, no
    more than 1,000 and far fewer than values, that stand denser towards both ends: values seen once
    are not copied. Values on an even grid (whole numbers, decimals, days) come back rounded to it.

    Examples
    --------
    >>> from lookalike.encoding import draw
    >>> column = Column("n", Kind.INTEGER, "int64")
    >>> values = pa.array([0, 0, 0, 5, 7])
    >>> encoding = Quantile().fit(values, column)
    >>> drawn = draw(encoding.compact(values), encoding.layout, np.random.default_rng(0))
    >>> encoding.decode(drawn).to_pylist()
    [0, 0, 0, 5, 7]
    """

    name: ClassVar[str] = "quantile"
    kinds: ClassVar[frozenset[Kind]] = MEASURED

    def fit(self, values: pa.Array, column: Column) -> Self:
        """Learn the grid, the atoms and the knots from present cells."""
        self._grid = Grid.fit(values, column)
        self._column = column.name
        distinct, counts = np.unique(self._grid.raw(values), return_counts=True)
        if len(distinct) <= (_ALL if 2 * len(distinct) <= len(values) else _FEW):
            self._atoms: np.ndarray | None = distinct
            self._cumulative = limits_of(counts)
        else:
            self._atoms = None
            self._knots, self._cumulative = piecewise(
                self._grid.positions(distinct), counts, 0.5 if self._grid.is_even else 0.0
            )
        return self

    @property
    def blocks(self) -> tuple[Block, ...]:
        return (Block(self._column, "value", "interval", 0, 0, 1, "linear"),)

    def compact(self, values: pa.Array) -> Compact:
        raw = self._grid.raw(values)
        if self._atoms is not None:
            at = nearest(self._atoms, raw)
            floats = np.stack([self._cumulative[at], self._cumulative[at + 1]], axis=1)
        else:
            at = self._grid.positions(raw)
            half = 0.5 if self._grid.is_even else 0.0
            floats = np.stack([self._below(at - half), self._upto(at + half)], axis=1)
        return Compact(_open(floats.astype(np.float32)), np.zeros((len(values), 0), np.int32))

    def _upto(self, positions: np.ndarray) -> np.ndarray:
        return np.asarray(np.interp(positions, self._knots, self._cumulative))

    def _below(self, positions: np.ndarray) -> np.ndarray:
        # np.interp takes the last of equal knots: on the mirrored axis that is the first
        return np.asarray(np.interp(-positions, -self._knots[::-1], self._cumulative[::-1]))

    def decode(self, drawn: Drawn) -> pa.Array:
        z = np.ascontiguousarray(drawn.numbers[:, 0])
        if self._atoms is not None:
            inner = ndtri(self._cumulative[1:-1])
            return self._grid.array(self._atoms[np.searchsorted(inner, z, side="right")])
        positions = np.interp(ndtr(z.astype(np.float64)), self._cumulative, self._knots)
        return self._grid.array(self._grid.at(positions))

    def state(self) -> State:
        arrays = {"cumulative": self._cumulative.astype(np.float32)}
        arrays |= {"knots": self._knots} if self._atoms is None else {"atoms": self._atoms}
        return State({"grid": self._grid.to_dict()}, arrays)

    @classmethod
    def from_state(cls, state: State, column: Column) -> Self:
        self = cls()
        self._grid = Grid(**state.values["grid"])
        self._column = column.name
        self._cumulative = state.arrays["cumulative"].astype(np.float64)
        self._atoms = state.arrays.get("atoms")
        if self._atoms is None:
            self._knots = state.arrays["knots"]
        return self


def _open(limits: np.ndarray) -> np.ndarray:
    """Widen intervals that float32 rounding has closed, shape (n, 2), in place."""
    closed = limits[:, 0] >= limits[:, 1]
    limits[closed, 0] = np.nextafter(limits[closed, 0], np.float32(0))
    limits[closed, 1] = np.nextafter(limits[closed, 1], np.float32(1))
    return limits
