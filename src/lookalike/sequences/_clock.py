"""The times of a history as gaps, and the calendar in which they lie."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.types as pt
from jaxtyping import Int

from lookalike._core.bounds import whole
from lookalike.tables import Column
from lookalike.tables.values.arrow import plain
from lookalike.tables.values.grid import from_raw, raw_of

__all__ = ["EventClock", "ticks", "times"]

_PER_DAY = {"s": 86_400, "ms": 86_400_000, "us": 86_400_000_000, "ns": 86_400_000_000_000}
#: The numbers of states of a time's weekday, day of the month, month and hour.
_CALENDAR = (7, 31, 12, 24)
_FLAGS = ("daily", "ties", "hours", "monthly", "dated")
#: The fewest events and months, and the surprise in nats, by which days of the month are frequent.
_FEWEST_DATES, _FEWEST_MONTHS, _FREQUENT = 200, 4, 0.1
_THURSDAY = 3  # the weekday of 1 January 1970, from Monday


@dataclass(frozen=True)
class EventClock:
    """The form of times: the unit in which gaps between events are counted.

    Parameters
    ----------
    day : int
        The ticks of a day; 0 where times are plain numbers.
    unit : int
        The ticks in which gaps are whole numbers; 0 where gaps are full floats.
    daily : bool
        Whether a gap is learned as days and a time of day, so that both keep their patterns.
    ties : bool
        Whether two events of an entity may have the same time.
    hours : bool
        Whether times have hours.
    monthly : bool
        Whether all times are the first moment of a month: then gaps are whole months.
    dated : bool
        Whether some days of the month are frequent: then a gap is learned as months and a day of
        the month, so that they stay so.
    """

    day: int
    unit: int
    daily: bool
    ties: bool
    hours: bool
    monthly: bool
    dated: bool = False

    @classmethod
    def fit(cls, raw: np.ndarray, inner: Int[np.ndarray, " gaps"], kind: pa.DataType) -> Self:
        """Learn the form of sorted times.

        Parameters
        ----------
        raw : ndarray, shape (events,)
            Times as ticks, or as numbers.
        inner : ndarray of int, shape (gaps,)
            The positions of events that follow another one of the same entity.
        kind : pyarrow.DataType
            The type of the times.
        """
        day = _day_of(kind)
        gaps = raw[inner] - raw[inner - 1]
        ties = bool((gaps == 0).any())
        if raw.dtype.kind == "f":
            return cls(0, 0, False, ties, False, False)
        if day and len(gaps) and gaps.max() >= 28 * day and _are_months(raw, day):
            return cls(day, day, False, ties, False, True)
        hours = bool(day > 1 and (raw % day != 0).any())
        daily = bool(hours and len(gaps) and np.median(gaps) >= day // 2)
        steps = np.concatenate([gaps, raw % day]) if daily else gaps
        unit = int(np.gcd.reduce(steps)) if len(steps) else 1
        dated = bool(day and (daily or not hours)) and _has_dates(raw[inner] // day)
        return cls(day, max(unit, 1), daily, ties, hours, False, dated)

    def parts(self, before: np.ndarray, now: np.ndarray) -> list[np.ndarray]:
        """Return the gaps between times: one number for each, or days and times of day."""
        if self.monthly:
            return [_month(now // self.day) - _month(before // self.day)]
        if self.dated:
            days, time = now // self.day, now % self.day // self.unit
            parts = [_month(days) - _month(before // self.day), _day_of_month(days)]
            return [*parts, time] if self.daily else parts
        if self.daily:
            return [now // self.day - before // self.day, now % self.day // self.unit]
        return [(now - before) // self.unit] if self.unit else [now - before]

    def after(self, before: np.ndarray, parts: list[np.ndarray]) -> np.ndarray:
        """Return the times after gaps; never one before its predecessor.

        Parameters
        ----------
        before : ndarray, shape (rows,)
        parts : list of ndarray
            As `parts` returns them.
        """
        if not self.unit:
            gaps = np.maximum(parts[0], 0.0)
            now = before + gaps
            return np.asarray(now if self.ties else np.maximum(now, np.nextafter(before, np.inf)))
        if self.monthly:
            gaps = np.maximum(parts[0].astype(np.int64), 0 if self.ties else 1)
            months = (_month(before // self.day) + gaps).astype("datetime64[M]")
            days = months.astype("datetime64[D]").astype(np.int64) * self.day
            return np.asarray(days.astype(before.dtype))
        least = 0 if self.ties else self.unit
        if self.dated:
            return self._after_dates(before, parts, least)
        if not self.daily:
            gaps = np.maximum(parts[0].astype(np.int64) * self.unit, least)
            return np.asarray(before + gaps)
        start = before // self.day + np.maximum(parts[0].astype(np.int64), 0)
        now = start * self.day + parts[1].astype(np.int64) * self.unit
        # On the same day, a time of day that is over is moved into the rest of the day.
        late = now < before + least
        rest = (self.day - 1 - before % self.day) // self.unit
        share = parts[1].astype(float) * self.unit / self.day
        moved = before + np.maximum((share * rest).astype(np.int64) * self.unit, least)
        return np.asarray(np.where(late, moved, now))

    def _after_dates(self, before: np.ndarray, parts: list[np.ndarray], least: int) -> np.ndarray:
        """Return the times after months and days of the month."""
        months = _month(before // self.day) + np.maximum(parts[0].astype(np.int64), 0)
        first, after = (
            (months + k).astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
            for k in (0, 1)
        )
        # A month without such a day has it on its last one.
        days = np.minimum(first + np.maximum(parts[1].astype(np.int64), 0), after - 1)
        now = days * self.day
        if self.daily:
            now += np.clip(parts[2].astype(np.int64) * self.unit, 0, self.day - 1)
        # A date that is over becomes the next time that is possible.
        return np.asarray(np.maximum(now, before + least).astype(before.dtype))

    def snapped(self, raw: np.ndarray) -> np.ndarray:
        """Return times as such a history has them: the first moments of their months, or as is."""
        if not self.monthly:
            return raw
        months = _month(raw // self.day).astype("datetime64[M]")
        return np.asarray(months.astype("datetime64[D]").astype(np.int64) * self.day)

    def calendar(self, raw: np.ndarray) -> Int[np.ndarray, "rows features"]:
        """Return weekday, day of the month, month and hour of each time, from 0."""
        days = raw // self.day
        states = [(days + _THURSDAY) % 7, _day_of_month(days), _month(days) % 12]
        if self.hours:
            states.append(raw % self.day * 24 // self.day)
        return np.stack(states, axis=1)

    @property
    def calendar_sizes(self) -> tuple[int, ...]:
        """The number of states of each feature of `calendar`; none where times are numbers."""
        return _CALENDAR[: 3 + self.hours] if self.day else ()

    @property
    def words(self) -> str:
        """The form of times in words."""
        if self.monthly:
            form = "gaps in months: every time begins a month"
        elif self.dated:
            form = "gaps in months, and days of the month, some of which are frequent"
        elif self.daily:
            form = "gaps in days, and times of day"
        else:
            form = "positive gaps"
        calendar = ", with weekday, day, month" + (" and hour" if self.hours else "")
        ties = ", some of them zero" if self.ties else ""
        return form + ties + (calendar if self.day else "")

    def to_dict(self) -> dict[str, Any]:
        """Return the form as JSON-ready values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Restore the form from its `to_dict`; ValueError where that is damaged."""
        day, unit = (whole(values[name], 0, 2**62, name) for name in ("day", "unit"))
        clock = cls(day, unit, *(bool(values[name]) for name in _FLAGS))
        if (clock.daily or clock.monthly or clock.dated) and not (day and unit):
            raise ValueError("a clock of days needs a unit")
        return clock


def ticks(values: pa.Array, column: Column) -> np.ndarray:
    """Return times as whole ticks where they are even, and as floats otherwise; none missing."""
    return raw_of(plain(values), column.decimals)


def times(raw: np.ndarray, column: Column, kind: pa.DataType) -> pa.Array:
    """Return ticks as canonical times."""
    return from_raw(raw, column.decimals or 0, kind)


def _month(days: np.ndarray) -> np.ndarray:
    """Return the number of the month of each day."""
    return days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)


def _day_of_month(days: np.ndarray) -> np.ndarray:
    """Return the day of the month of each day, from 0."""
    dates = days.astype("datetime64[D]")
    return np.asarray((dates - dates.astype("datetime64[M]")).astype(np.int64))


def _has_dates(days: np.ndarray) -> bool:
    """Return whether some days of the month are far more frequent than others."""
    if len(days) < _FEWEST_DATES or len(np.unique(_month(days))) < _FEWEST_MONTHS:
        return False
    shares = np.bincount(_day_of_month(days), minlength=31) / len(days)
    seen = shares[shares > 0]
    return bool(np.sum(seen * np.log(seen * 31)) > _FREQUENT)


def _are_months(raw: np.ndarray, day: int) -> bool:
    """Return whether all times are the first moment of a month."""
    starts = _month(raw // day).astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    return bool((starts * day == raw).all())


def _day_of(kind: pa.DataType) -> int:
    """Return the ticks of a day; 0 for types that are in no calendar."""
    if pt.is_date(kind):
        return 1
    return _PER_DAY[kind.unit] if pt.is_timestamp(kind) else 0
