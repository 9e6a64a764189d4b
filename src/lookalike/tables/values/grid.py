"""Lossless conversion of numbers, dates, times and durations to evenly spaced positions."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
import pyarrow as pa

from lookalike._core.bounds import finite, whole
from lookalike.tables._schema import Column, Kind
from lookalike.tables.values.arrow import to_numpy
from lookalike.tables.values.codec import type_from_json, type_to_json
from lookalike.tables.values.shared import apart, ends

__all__ = ["MEASURED", "Grid", "from_raw", "nearest", "raw_of"]

#: The kinds whose values a `Grid` can hold.
MEASURED = frozenset(kind for kind in Kind if kind.is_numeric)

#: A float64 holds every integer up to this.
_EXACT = 2.0**53
#: The greatest number of steps by which an end that a single row has is trimmed.
_TRIES = 100
#: Full floats beyond this, or all below its inverse, are counted in a unit of their own.
_LARGE = 1e50


@dataclass(frozen=True)
class Grid:
    """The evenly spaced values that a column can take.

    The grid is the coarsest that contains all observed values: prices in quarters, days at
    midnight.
    A value is ``(low + step * k) / 10**decimals`` for a whole number k, its *position*. Where
    `step` is 0 the column is of full floats and a position is the value itself, or a part
    or a multiple of it where squares could overflow or vanish.

    Parameters
    ----------
    type : str
        The canonical Arrow type.
    step : int
        The distance of neighbours in raw units: ``10**-decimals``, or ticks of a date or time;
        0 for full floats.
    decimals : int
        Decimals of a raw unit; 0 for all but continuous columns.
    low, high : int or float
        The least and greatest decoded raw value, trimmed so that no single row has them.
    """

    type: str
    step: int
    decimals: int
    low: float
    high: float

    def __post_init__(self) -> None:
        # It may come from a file, where a step or an end can be anything.
        whole(self.step, 0, 2**64, "the step of a grid")
        whole(self.decimals, 0, 400, "the decimals of a grid")
        for end in (self.low, self.high):
            finite(end, "the end of a grid")
            if self.step > 0:
                whole(end, -(2**63), 2**63 - 1, "the end of a grid")

    @classmethod
    def fit(cls, values: pa.Array, column: Column, fewest: int = 1) -> Self:
        """Learn the grid of present cells of a column, n >= 1.

        Parameters
        ----------
        values : pyarrow.Array
            The present cells.
        column : Column
            The column of the cells.
        fewest : int
            The least count of a value that may be stored; 1 keeps the range untrimmed.

        Examples
        --------
        >>> column = Column("price", Kind.CONTINUOUS, "double", decimals=2)
        >>> Grid.fit(pa.array([0.25, 1.5, 0.75]), column).step
        25
        """
        kind = type_to_json(values.type)
        decimals = _decimals(values, column)
        raw = raw_of(values, decimals)
        distinct, counts = np.unique(raw, return_counts=True)
        low, high = ends(distinct, counts, fewest)
        rare = distinct[counts < fewest]
        if decimals is None:
            if len(rare):
                low, high = np.sort(apart(np.array([low, high]), rare)).tolist()
            return cls(kind, 0, 0, low, high)
        # A single row outside the range must not reveal the step either.
        inside = distinct[(distinct >= low) & (distinct <= high)]
        step = _step(inside) if len(inside) else 1
        if len(inside):
            low, high = _aligned(int(low), int(high), int(inside[0]), step, rare)
        return cls(kind, step, decimals, int(low), int(high))

    @property
    def is_even(self) -> bool:
        """True where the values are evenly spaced, so that rounding restores them exactly."""
        return self.step > 0

    @property
    def _unit(self) -> float:
        """The unit of positions of full floats: a power of two, so that it is exact."""
        size = max(abs(self.low), abs(self.high))
        usual = size == 0 or 1 / _LARGE < size < _LARGE
        return 1.0 if self.is_even or usual else math.ldexp(1.0, math.frexp(size)[1] - 1)

    @property
    def is_number(self) -> bool:
        """True where positions are whole steps of plain numbers, not dates, times or durations."""
        return self.is_even and not pa.types.is_temporal(type_from_json(self.type))

    @property
    def first(self) -> float:
        """The position of the least value."""
        return 0.0 if self.is_even else self.low / self._unit

    @property
    def last(self) -> float:
        """The position of the greatest value."""
        if not self.is_even:
            return self.high / self._unit
        steps = (int(self.high) - int(self.low)) // self.step
        return float(steps) if int(float(steps)) <= steps else float(np.nextafter(steps, 0))

    def raw(self, values: pa.Array) -> np.ndarray:
        """Return raw values, int64 on an even grid and float64 otherwise."""
        return raw_of(values, self.decimals if self.is_even else None)

    def positions(self, raw: np.ndarray) -> np.ndarray:
        """Return the positions of raw values as float64, clipped to those of the fit."""
        inside: np.ndarray = np.clip(raw, raw.dtype.type(self.low), raw.dtype.type(self.high))
        if not self.is_even:
            return np.asarray(inside / self._unit)
        # Unsigned: the distance of two int64 can exceed an int64.
        distance: np.ndarray = inside.view(np.uint64) - _unsigned(self.low)
        steps: np.ndarray = distance.astype(np.float64) / self.step
        return steps

    def at(self, positions: np.ndarray) -> np.ndarray:
        """Return the raw values nearest to float64 positions, within those of the fit."""
        if not self.is_even:
            inside = np.clip(positions, self.first, self.last) * self._unit
            return np.asarray(np.clip(inside, self.low, self.high))
        steps = np.rint(np.clip(positions, self.first, self.last)).astype(np.uint64)
        raw: np.ndarray = (steps * np.uint64(self.step) + _unsigned(self.low)).view(np.int64)
        return raw

    def array(self, raw: np.ndarray) -> pa.Array:
        """Return raw values as the canonical Arrow column."""
        return from_raw(raw, self.decimals, type_from_json(self.type))

    def ends(self) -> pa.Array:
        """Return the least and the greatest value as a canonical Arrow column."""
        return self.array(self.at(np.array([self.first, self.last])))

    def to_dict(self) -> dict[str, Any]:
        """Return the grid as JSON-ready values."""
        return asdict(self)


def raw_of(values: pa.Array, decimals: int | None) -> np.ndarray:
    """Return present cells as raw values: int64, or float64 where they are full floats.

    Parameters
    ----------
    values : pyarrow.Array, shape (n,)
        Numbers, dates, times or durations.
    decimals : int or None
        The decimals of floats that are whole when scaled; None for full floats.

    Returns
    -------
    ndarray, shape (n,)
    """
    if pa.types.is_floating(values.type):
        numbers = _floats(values)
        if decimals is None:
            return numbers
        return np.rint(numbers * 10.0**decimals).astype(np.int64)
    if pa.types.is_temporal(values.type):
        values = values.view(pa.int32() if values.type.bit_width == 32 else pa.int64())
    return to_numpy(values.cast(pa.int64()))


def from_raw(raw: np.ndarray, decimals: int, kind: pa.DataType) -> pa.Array:
    """Restore an Arrow column from the raw values of `raw_of`."""
    if pa.types.is_floating(kind):
        whole = raw.dtype.kind == "i" and decimals > 0
        numbers = raw / 10.0**decimals if whole else raw.astype(np.float64)
        return pa.array(numbers).cast(kind)
    if pa.types.is_temporal(kind):
        return pa.array(raw.astype(np.int32) if kind.bit_width == 32 else raw).view(kind)
    return pa.array(raw).cast(kind)


def nearest(known: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Return the index of the nearest of some sorted distinct values, for each value.

    Examples
    --------
    >>> nearest(np.array([1, 4, 9]), np.array([0, 3, 9, 100]))
    array([0, 1, 2, 2])
    """
    right = np.clip(np.searchsorted(known, values), 0, len(known) - 1)
    left = np.maximum(right - 1, 0)
    # Halved, so that the distance of extreme int64 or float64 cannot overflow.
    nearer_left = values / 2 - known[left] / 2 < known[right] / 2 - values / 2
    return np.where((known[right] != values) & nearer_left, left, right)


def _decimals(values: pa.Array, column: Column) -> int | None:
    """Return the number of decimals that makes the values whole, or None for full floats."""
    if not pa.types.is_floating(values.type):
        return 0
    if column.decimals is None:
        return None
    numbers = _floats(values)
    scaled = np.rint(numbers * 10.0**column.decimals)
    if np.abs(scaled).max() >= _EXACT or (scaled / 10.0**column.decimals != numbers).any():
        return None
    return column.decimals


def _floats(values: pa.Array) -> np.ndarray:
    numbers: np.ndarray = to_numpy(values.cast(pa.float64())) + 0.0  # -0.0 becomes 0.0
    return numbers


def _step(raw: np.ndarray) -> int:
    """Return the greatest step on which all values lie, 1 where there is one value."""
    return int(np.gcd.reduce(raw.view(np.uint64) - _unsigned(raw.min()))) or 1


def _aligned(low: int, high: int, base: int, step: int, rare: np.ndarray) -> tuple[int, int]:
    """Return a range trimmed to a grid, and to values that no single row has if these are near."""
    low, high = low + (base - low) % step, high - (high - base) % step
    reach = step * min(_TRIES, (high - low) // step)
    low = next((n for n in range(low, low + reach + 1, step) if not _holds(rare, n)), low)
    high = next(
        (n for n in range(high, max(high - reach, low) - 1, -step) if not _holds(rare, n)), high
    )
    return low, high


def _holds(ordered: np.ndarray, number: int) -> bool:
    at = int(np.searchsorted(ordered, number))
    return at < len(ordered) and int(ordered[at]) == number


def _unsigned(number: float) -> np.uint64:
    return np.uint64(int(number) % 2**64)
