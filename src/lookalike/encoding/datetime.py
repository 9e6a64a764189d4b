"""Dates and times: one number, or several where weekdays or times of day have a pattern."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar, Self

import numpy as np
import pyarrow as pa

from lookalike._core.bounds import whole
from lookalike._core.learned import Learned
from lookalike.encoding._base import ColumnEncoding
from lookalike.encoding._layout import Block, EncodedRows, SampledRows
from lookalike.encoding.quantile import Quantile
from lookalike.tables import Column, Kind
from lookalike.tables.values.grid import Grid, raw_of

__all__ = ["Datetime"]

#: Up to this many distinct values, one number keeps them all, and with them every pattern.
_MANY = 1000
#: Weekdays have a pattern if their shares are this far (in total variation) from a seventh each.
_UNEVEN = 0.1
_PER_DAY = {"s": 86_400, "ms": 86_400 * 10**3, "us": 86_400 * 10**6, "ns": 86_400 * 10**9}


class Datetime(ColumnEncoding):
    """Dates and times through the `Quantile` transform of their calendar parts.

    Times on several days are two numbers, the day and the time of day, so that the hours of a day
    keep their pattern; with more than 1,000 different days and uneven weekdays, the day becomes
    two: the week and the weekday. Everything else is one number. Days and times of day are those
    of UTC, which alone are lossless. Decoding is exact to the unit step and never leaves the
    observed range, trimmed as for `Quantile`.

    Parameters
    ----------
    min_count : int, default 2
        The least number of rows that share a stored value, as for `Quantile`.

    Examples
    --------
    >>> import datetime as dt
    >>> from lookalike.encoding import sample_encoded
    >>> days = pa.array([dt.date(2024, 2, 29), dt.date(2025, 1, 1)] * 2)
    >>> encoding = Datetime().fit(days, Column("day", Kind.DATE, "date32[day]", unit="D"))
    >>> drawn = sample_encoded(encoding.encode(days), encoding.layout, np.random.default_rng(0))
    >>> encoding.decode(drawn).to_pylist() == days.to_pylist()
    True
    """

    name: ClassVar[str] = "datetime"
    kinds: ClassVar[frozenset[Kind]] = frozenset(
        {Kind.DATETIME, Kind.DATE, Kind.TIME, Kind.DURATION}
    )
    pools: ClassVar[bool] = True

    def __init__(self, min_count: int = 2) -> None:
        self.min_count = min_count

    def fit(self, values: pa.Array, column: Column) -> Self:
        """Learn the calendar parts to encode, and the distribution of each."""
        self._column = column.name
        self._grid = Grid.fit(values, column, self.min_count)
        self._day = _ticks_per_day(values.type)
        raw = raw_of(values, None)
        inside = self._within(raw)
        self._names = _part_names(inside, self._day)
        # Where days alone differ, all rows have the same time of day.
        self._clock = 0 if "time" in self._names else int(inside[0] % self._day)
        parts = self._split(raw)
        if not parts:
            self._parts = [Quantile(self.min_count).fit(values, column)]
            return self
        whole = replace(column, kind=Kind.INTEGER, decimals=None, unit=None)
        self._parts = [Quantile(self.min_count).fit(pa.array(part), whole) for part in parts]
        return self

    def _within(self, raw: np.ndarray) -> np.ndarray:
        """Return raw values clipped to the range."""
        return np.asarray(np.clip(raw, np.int64(self._grid.low), np.int64(self._grid.high)))

    def _split(self, raw: np.ndarray) -> list[np.ndarray]:
        """Return the calendar parts of raw values, in order of their names; none for one number."""
        day = raw // self._day
        parts = {
            "day": day,
            "week": (day + 3) // 7,  # 1970-01-01 was a Thursday; weeks begin on Monday
            "weekday": (day + 3) % 7,
            "time": raw - day * self._day,
        }
        return [parts[name] for name in self._names]

    def _join(self, parts: list[np.ndarray]) -> np.ndarray:
        by_name = dict(zip(self._names, parts, strict=True))
        day = by_name["day"] if "day" in by_name else by_name["week"] * 7 + by_name["weekday"] - 3
        raw = day * self._day + by_name.get("time", np.int64(self._clock))
        return self._within(raw)

    @property
    def keeps_ends(self) -> bool:
        return all(part.keeps_ends for part in self._parts)

    @property
    def blocks(self) -> tuple[Block, ...]:
        return tuple(
            Block(self._column, name, "interval", 2 * i, i, 1, "linear")
            for i, name in enumerate(self._names or ("value",))
        )

    def encode(self, values: pa.Array) -> EncodedRows:
        parts = [pa.array(part) for part in self._split(raw_of(values, None))] or [values]
        pairs = zip(self._parts, parts, strict=True)
        floats = np.concatenate([part.encode(cells).floats for part, cells in pairs], axis=1)
        return EncodedRows(floats, np.zeros((len(values), 0), np.int32))

    def decode(self, drawn: SampledRows) -> pa.Array:
        parts = [
            part.decode(SampledRows(drawn.numbers[:, i : i + 1], drawn.levels))
            for i, part in enumerate(self._parts)
        ]
        if not self._names:
            return parts[0]
        return self._grid.array(self._join([part.to_numpy() for part in parts]))

    def state(self) -> Learned:
        values = {
            "grid": self._grid.to_dict(),
            "min_count": self.min_count,
            "day": self._day,
            "clock": self._clock if self._names else 0,
            "names": list(self._names),
        }
        return Learned.joined(values, {str(i): part.state() for i, part in enumerate(self._parts)})

    @classmethod
    def from_state(cls, state: Learned, column: Column) -> Self:
        self = cls(int(state.values["min_count"]))
        self._column = column.name
        self._grid = Grid(**state.values["grid"])
        self._day, self._clock = int(state.values["day"]), int(state.values["clock"])
        self._names = tuple(state.values["names"])
        self._parts = [Quantile.from_state(part, column) for part in state.parts().values()]
        whole(self._day, 1, _PER_DAY["ns"], "the ticks of a day")
        whole(self._clock, 0, self._day, "a time of day")
        if len(self._parts) != max(len(self._names), 1):
            raise ValueError("a date must have a distribution for each of its parts")
        return self


def _ticks_per_day(kind: pa.DataType) -> int:
    if pa.types.is_date32(kind):
        return 1
    return _PER_DAY[getattr(kind, "unit", "ms")]


def _part_names(raw: np.ndarray, day: int) -> tuple[str, ...]:
    """Return the names of the parts to encode separately; none where the whole is one number."""
    days = raw // day
    first, last = int(days.min()), int(days.max())
    distinct = len(np.unique(raw))
    if distinct <= min(_MANY, len(raw) // 2) or last - first < 2 or (abs(raw) > 2**61).any():
        return ()
    times = raw - days * day
    timed = ("time",) if (times != times[0]).any() else ()
    if len(np.unique(days)) > _MANY and _weekdays_uneven(days):
        return ("week", "weekday", *timed)
    return ("day", *timed) if timed else ()


def _weekdays_uneven(days: np.ndarray) -> bool:
    share = np.bincount((days + 3) % 7, minlength=7) / len(days)
    return bool(np.abs(share - 1 / 7).sum() / 2 > _UNEVEN)
