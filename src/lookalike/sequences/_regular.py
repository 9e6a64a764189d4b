"""The times of a regular series: equal steps in ticks, months or working days."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
from jaxtyping import Float, Int

from lookalike._core.bounds import finite, whole
from lookalike.sequences._clock import EventClock

__all__ = ["RegularTimes"]

#: The share of steps that must be one, and the most steps that a gap of working days may have.
_REGULAR, _HOLIDAYS = 0.9, 5
#: The number of periods that a series must span for windows to depend on their phase.
_PERIODS = 2
#: The periods of the calendar in days: a week, a day, a year.
_WEEK, _DAY, _YEAR = 7.0, 1.0, 365.25
_FORMS = ("order", "ticks", "months", "working days")


@dataclass(frozen=True)
class RegularTimes:
    """Times at equal steps.

    Parameters
    ----------
    form : {"order", "ticks", "months", "working days"}
        The unit of a step; ``"order"`` where rows have no times.
    begin, step : int or float
        The first time, and the step in ticks, months or working days.
    day : int
        The ticks of a day; 0 where times are numbers.
    periods : tuple of float
        The periods of the calendar that the series spans, in days.
    """

    form: str
    begin: float
    step: float
    day: int
    periods: tuple[float, ...]

    @classmethod
    def fit(cls, raw: np.ndarray | None, clock: EventClock | None) -> Self | None:
        """Learn the steps of sorted times; None where they are not regular."""
        if raw is None or clock is None or len(raw) < _PERIODS:
            return cls("order", 0.0, 1.0, 0, ()) if raw is None else None
        day, begin = clock.day, raw[0].item()
        days = (raw[-1] - raw[0]) / day if day else 0.0
        usual = [_WEEK, _DAY, _YEAR] if clock.hours else [_WEEK, _YEAR]
        periods = tuple(p for p in usual if days >= _PERIODS * p)
        if clock.monthly:
            months = np.diff(_months(raw // day))
            if _is_regular(months):
                long = tuple(p for p in periods if p == _YEAR)
                return cls("months", begin, float(np.median(months)), day, long)
            return None
        gaps = np.diff(raw)
        if _is_regular(gaps):
            step = np.median(gaps).item()
            apart = tuple(p for p in periods if not day or p * day > _PERIODS * step)
            return cls("ticks", begin, step, day, apart)
        if day and not clock.hours and _are_working(raw // day):
            return cls("working days", begin, 1.0, day, periods)
        return None

    def whole(self, raw: np.ndarray | None, window: int, events: int) -> Int[np.ndarray, " starts"]:
        """Return the first events of all windows that no gap interrupts."""
        starts = np.arange(max(events - window + 1, 0))
        if raw is None or window < _PERIODS:
            return starts
        if self.form == "months":
            broken = np.diff(_months(raw // self.day)) != self.step
        elif self.form == "ticks":
            broken = ~np.isclose(np.diff(raw), self.step)
        else:
            broken = np.diff(raw // self.day) > _HOLIDAYS
        before = np.concatenate([[0], np.cumsum(broken)])
        return np.asarray(starts[before[starts + window - 1] == before[starts]])

    def after(self, begin: np.ndarray, steps: np.ndarray) -> np.ndarray:
        """Return the times some steps after others, raw."""
        if self.form == "months":
            months = _months(begin // self.day) + steps * int(self.step)
            days = months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
            return np.asarray(days * self.day)
        if self.form == "working days":
            days = np.busday_offset((begin // self.day).astype("datetime64[D]"), steps, "forward")
            return np.asarray(days.astype(np.int64) * self.day)
        return np.asarray(begin + steps * np.array(self.step).astype(begin.dtype))

    def calendar(self, raw: np.ndarray | None, count: int) -> Float[np.ndarray, "rows facts"]:
        """Return where each time lies in the periods of the calendar, as sines and cosines."""
        if raw is None or not self.periods:
            return np.zeros((count, 0))
        days = raw / self.day
        turns = [2 * np.pi * days / period for period in self.periods]
        return np.stack([part(turn) for turn in turns for part in (np.sin, np.cos)], axis=1)

    @property
    def facts(self) -> int:
        """The number of columns of `calendar`."""
        return 2 * len(self.periods)

    def to_dict(self) -> dict[str, Any]:
        """Return the steps as JSON-ready values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Restore the steps from their `to_dict`; ValueError where that is damaged."""
        form, day = str(values["form"]), whole(values["day"], 0, 2**62, "the ticks of a day")
        begin, step = (finite(values[name], name) for name in ("begin", "step"))
        periods = tuple(float(finite(each, "a period")) for each in values["periods"])
        in_days = form in ("months", "working days") or bool(periods)
        if form not in _FORMS or step <= 0 or (in_days and not day) or min(periods, default=1) <= 0:
            raise ValueError("the steps of a series are damaged")
        return cls(form, begin, step, day, periods)


def _is_regular(gaps: np.ndarray) -> bool:
    """Return whether nearly all gaps are the usual one."""
    usual = np.median(gaps)
    return bool(usual > 0 and np.isclose(gaps, usual).mean() >= _REGULAR)


def _are_working(days: np.ndarray) -> bool:
    """Return whether nearly all days follow each other from Monday to Friday."""
    dates = days.astype("datetime64[D]")
    if not np.is_busday(dates).all():
        return False
    return bool((np.busday_count(dates[:-1], dates[1:]) == 1).mean() >= _REGULAR)


def _months(days: np.ndarray) -> np.ndarray:
    """Return the number of the month of each day."""
    return days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
