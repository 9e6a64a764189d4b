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

#: Ends that were drawn in are widened by the range over this.
_BEYOND = 20
#: What fits into an int64 for certain.
_MOST = 2.0**62
_NANOSECONDS = {"D": 86_400 * 10**9, "h": 3_600 * 10**9, "m": 60 * 10**9, "s": 10**9}
_NANOSECONDS |= {"ms": 10**6, "us": 10**3, "ns": 1}


@dataclass(frozen=True)
class ValueFormat:
    """The type, the steps and the range of the numbers or times of a column.

    Parameters
    ----------
    type : pyarrow.DataType
        Canonical.
    decimals : int or None
        Of floats; None for full ones.
    step : int
        Of integers and times, in ticks.
    low, high : float
        In ticks for times.
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
        """Return how a column is written, given its least and greatest cell if it has any."""
        kind = canonical_type(column) if kind is None else kind
        low, high = (-np.inf, np.inf) if ends is None else (e.item() for e in raw_of(ends, None))
        return cls(kind, column.decimals, ticks(kind, column.unit), low, high)

    def widened(self) -> ValueFormat:
        """Return a range a little wider: known cells may lie beyond ends that were drawn in."""
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
        """A key that sorts columns: coarse ones first, which fine ones can make up for."""
        if not pa.types.is_floating(self.type):
            return 0.0, float(self.low) - float(self.high)
        decimals = np.inf if self.decimals is None else self.decimals
        return 1.0 + decimals, float(self.low) - float(self.high)

    @property
    def finest(self) -> float:
        """The distance of neighbouring numbers; 1 of full floats, which need no rounding."""
        if pa.types.is_floating(self.type):
            return 1.0 if self.decimals is None else 10.0**-self.decimals
        return float(self.step)

    def rounded(self, numbers: np.ndarray) -> np.ndarray:
        """Return numbers as the column has them: float64, or int64 of whole steps."""
        if pa.types.is_floating(self.type):
            numbers = numbers.astype(np.float64)
            return numbers if self.decimals is None else np.round(numbers, self.decimals)
        if numbers.dtype.kind == "f":
            steps = np.rint(np.clip(numbers, -_MOST, _MOST) / self.step)
            return np.asarray(steps.astype(np.int64) * self.step)
        return np.asarray((numbers + self.step // 2) // self.step * self.step)

    def clipped(self, numbers: np.ndarray) -> np.ndarray:
        """Return numbers of the column's own type, moved between its limits."""
        if np.isinf(self.low):
            return numbers
        kind = numbers.dtype.type
        return np.asarray(np.clip(numbers, kind(self.low), kind(self.high)))

    def cells(self, numbers: np.ndarray, missing: np.ndarray) -> pa.Array:
        """Return numbers as canonical cells."""
        return masked(from_raw(self.rounded(numbers), 0, self.type), missing)


def ticks(kind: pa.DataType, unit: str | None) -> int:
    """Return how many ticks of a date, time or duration its column's finest step has."""
    if unit not in _NANOSECONDS or pa.types.is_date32(kind) or not pa.types.is_temporal(kind):
        return 1
    return max(1, _NANOSECONDS[unit] // _NANOSECONDS[getattr(kind, "unit", "ms")])
