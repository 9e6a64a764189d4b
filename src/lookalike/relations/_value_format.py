"""The numbers that a column can hold: their type, their steps and their range."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import pyarrow as pa

from lookalike.tables import Column, canonical_type
from lookalike.tables.values.arrow import masked
from lookalike.tables.values.grid import from_raw, raw_of

__all__ = ["ValueFormat", "ticks"]

#: Trimmed ends are widened by the range over this.
_BEYOND = 20
#: A bound that certainly fits an int64.
_MOST = 2.0**62
_NANOSECONDS = {"D": 86_400 * 10**9, "h": 3_600 * 10**9, "m": 60 * 10**9, "s": 10**9}
_NANOSECONDS |= {"ms": 10**6, "us": 10**3, "ns": 1}


@dataclass(frozen=True)
class ValueFormat:
    """The type, the steps and the range of the numbers or times of a column.

    Parameters
    ----------
    type : pyarrow.DataType
        The canonical type.
    decimals : int or None
        The decimals of floats; None for full ones.
    step : int
        The step of integers and times, in ticks.
    low, high : float
        The ends of the range, in ticks for times.
    """

    type: pa.DataType
    decimals: int | None
    step: int
    low: float = -np.inf
    high: float = np.inf

    @classmethod
    def of(
        cls, column: Column, kind: pa.DataType | None = None, ends: pa.Array | None = None
    ) -> Self:
        """Return the format of a column, given its least and greatest cell if it has any."""
        kind = canonical_type(column) if kind is None else kind
        low, high = (-np.inf, np.inf) if ends is None else (e.item() for e in raw_of(ends, None))
        return cls(kind, column.decimals, ticks(kind, column.unit), low, high)

    def widened(self) -> ValueFormat:
        """Return a slightly wider format: known cells may lie beyond trimmed ends."""
        if np.isinf(self.low):
            return self
        low, high = self.low, self.high
        if isinstance(low, float):
            slack = high / _BEYOND - low / _BEYOND
        else:
            slack = (high - low) // _BEYOND
        return ValueFormat(self.type, self.decimals, self.step, low - slack, high + slack)

    @property
    def order(self) -> tuple[float, float]:
        """The sort key of columns: coarse ones first, whose rounding finer ones can absorb."""
        if not pa.types.is_floating(self.type):
            return 0.0, float(self.low) - float(self.high)
        decimals = np.inf if self.decimals is None else self.decimals
        return 1.0 + decimals, float(self.low) - float(self.high)

    @property
    def finest(self) -> float:
        """The distance of neighbouring numbers; 1 for full floats, which need no rounding."""
        if pa.types.is_floating(self.type):
            return 1.0 if self.decimals is None else 10.0**-self.decimals
        return float(self.step)

    def rounded(self, numbers: np.ndarray) -> np.ndarray:
        """Return numbers rounded to the column's steps: float64 or int64."""
        if pa.types.is_floating(self.type):
            numbers = numbers.astype(np.float64)
            return numbers if self.decimals is None else np.round(numbers, self.decimals)
        if numbers.dtype.kind == "f":
            steps = np.rint(np.clip(numbers, -_MOST, _MOST) / self.step)
            return np.asarray(steps.astype(np.int64) * self.step)
        return np.asarray((numbers + self.step // 2) // self.step * self.step)

    def clipped(self, numbers: np.ndarray) -> np.ndarray:
        """Return numbers of the column's own type, clipped to its limits."""
        if np.isinf(self.low):
            return numbers
        kind = numbers.dtype.type
        return np.asarray(np.clip(numbers, kind(self.low), kind(self.high)))

    def cells(self, numbers: np.ndarray, missing: np.ndarray) -> pa.Array:
        """Return numbers as canonical cells."""
        return masked(from_raw(self.rounded(numbers), 0, self.type), missing)


def ticks(kind: pa.DataType, unit: str | None) -> int:
    """Return the number of ticks in the finest step of a column of dates, times or durations."""
    if unit not in _NANOSECONDS or pa.types.is_date32(kind) or not pa.types.is_temporal(kind):
        return 1
    return max(1, _NANOSECONDS[unit] // _NANOSECONDS[getattr(kind, "unit", "ms")])
