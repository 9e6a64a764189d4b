"""Numbers by a randomised probability integral transform: every column becomes N(0, 1)."""

from __future__ import annotations

from typing import ClassVar, Self

import numpy as np
import pyarrow as pa
from scipy.special import ndtr, ndtri

from lookalike._core.learned import Learned
from lookalike.encoding._base import ColumnEncoding
from lookalike.encoding._knots import interpolated, piecewise
from lookalike.encoding._layout import Block, EncodedRows, SampledRows
from lookalike.encoding._limits import limits_of
from lookalike.tables import Column, Kind
from lookalike.tables.values.grid import MEASURED, Grid, nearest

__all__ = ["Quantile"]

#: The number of distinct values up to which all are kept if they repeat (rare ones excepted), …
_ALL = 1000
#: … and up to which all are kept whether they do or not.
_FEW = 100


class Quantile(ColumnEncoding):
    """Randomised probability integral transform (Rüschendorf 2009; as dequantisation).

    A value x with empirical cumulative limits lo = F(x−), hi = F(x) is drawn as z = Φ⁻¹(u),
    u uniform in (lo, hi): exactly N(0, 1), whatever spikes, gaps and tails the column has. It is
    decoded by u = Φ(z), then the quantile function.

    Of up to 1,000 distinct values that occur twice or more on average (or up to 100 that do not),
    those that `min_count` rows share are all kept as *atoms* with their jumps; of more, the
    frequent ones. Between atoms F is piecewise linear, and its knots are means of several rows: a
    value that fewer rows have is not stored. Both ends are trimmed in the same way, so that no
    single row stretches the range. Values on an even grid (whole numbers, decimals, days) are
    decoded rounded to it.

    Parameters
    ----------
    min_count : int, default 2
        The least number of rows that share a stored value; 1 keeps the range and single values.

    Examples
    --------
    >>> from lookalike.encoding import sample_encoded
    >>> column = Column("n", Kind.INTEGER, "int64")
    >>> values = pa.array([0, 0, 0, 5, 5, 7, 999])
    >>> encoding = Quantile().fit(values, column)
    >>> drawn = sample_encoded(encoding.encode(values), encoding.layout, np.random.default_rng(0))
    >>> encoding.decode(drawn).to_pylist()
    [0, 0, 0, 5, 5, 5, 5]
    """

    name: ClassVar[str] = "quantile"
    kinds: ClassVar[frozenset[Kind]] = MEASURED
    pools: ClassVar[bool] = True

    def __init__(self, min_count: int = 2) -> None:
        self.min_count = min_count

    def fit(self, values: pa.Array, column: Column) -> Self:
        """Learn the grid, the atoms and the knots from present cells."""
        self._grid = Grid.fit(values, column, self.min_count)
        self._column = column.name
        distinct, counts = np.unique(self._grid.raw(values), return_counts=True)
        few = len(distinct) <= (_ALL if 2 * len(distinct) <= len(values) else _FEW)
        if few and counts.min() >= self.min_count:
            self._atoms: np.ndarray | None = distinct
            self._cumulative = limits_of(counts)
        else:
            self._atoms = None
            positions = self._grid.positions(distinct)
            self._knots, self._cumulative = piecewise(
                positions, counts, self._half, self.min_count, few
            )
        return self

    @property
    def _half(self) -> float:
        """Half the distance of neighbours on an even grid."""
        return 0.5 if self._grid.is_even else 0.0

    @property
    def kept_values(self) -> int | None:
        return None if self._atoms is None else len(self._atoms)

    @property
    def keeps_ends(self) -> bool:
        return self.min_count == 1 or self._atoms is not None

    @property
    def blocks(self) -> tuple[Block, ...]:
        return (Block(self._column, "value", "interval", 0, 0, 1, "linear"),)

    def encode(self, values: pa.Array) -> EncodedRows:
        raw = self._grid.raw(values)
        if self._atoms is not None:
            at = nearest(self._atoms, raw)
            floats = np.stack([self._cumulative[at], self._cumulative[at + 1]], axis=1)
        else:
            floats = self._limits(raw)
        return EncodedRows(_open(floats.astype(np.float32)), np.zeros((len(values), 0), np.int32))

    def _limits(self, raw: np.ndarray) -> np.ndarray:
        """Return the limits of raw values between knots as cumulative probabilities, shape (n, 2).

        Values in a gap, to which nothing is decoded, get the nearest piece.
        """
        at, half = self._grid.positions(raw), self._half
        limits = np.stack([self._below(at - half), self._upto(at + half)], axis=1)
        steps = np.unique(self._cumulative)
        limits[(raw < self._grid.low) | (at < self._knots[0] + half)] = steps[:2]
        limits[(raw > self._grid.high) | (at > self._knots[-1] - half)] = steps[-2:]
        flat = np.flatnonzero(np.diff(self._cumulative) == 0)
        if len(flat):
            # A gap extends from the last value before it to the first after it.
            first, last = self._knots[flat] - half, self._knots[flat + 1] + half
            gap = np.maximum(np.searchsorted(first, at, "right") - 1, 0)
            inside = np.flatnonzero((at > first[gap]) & (at < last[gap]))
            gap, at = gap[inside], at[inside]
            # The piece before or after the gap, whichever is nearer.
            piece = np.searchsorted(steps, self._cumulative[flat])[gap]
            piece -= at - first[gap] <= last[gap] - at
            piece = np.clip(piece, 0, len(steps) - 2)
            limits[inside] = np.stack([steps[piece], steps[piece + 1]], axis=1)
        return limits

    def _upto(self, positions: np.ndarray) -> np.ndarray:
        return interpolated(positions, self._knots, self._cumulative)

    def _below(self, positions: np.ndarray) -> np.ndarray:
        # np.interp takes the last of equal knots; on the mirrored axis, that is the first.
        return interpolated(-positions, -self._knots[::-1], self._cumulative[::-1])

    def decode(self, drawn: SampledRows) -> pa.Array:
        z = np.ascontiguousarray(drawn.numbers[:, 0])
        if self._atoms is not None:
            inner = ndtri(self._cumulative[1:-1])
            return self._grid.array(self._atoms[np.searchsorted(inner, z, side="right")])
        positions = interpolated(ndtr(z.astype(np.float64)), self._cumulative, self._knots)
        return self._grid.array(self._grid.at(positions))

    def state(self) -> Learned:
        arrays = {"cumulative": self._cumulative.astype(np.float32)}
        arrays |= {"knots": self._knots} if self._atoms is None else {"atoms": self._atoms}
        return Learned({"grid": self._grid.to_dict(), "min_count": self.min_count}, arrays)

    @classmethod
    def from_state(cls, state: Learned, column: Column) -> Self:
        self = cls(int(state.values["min_count"]))
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
