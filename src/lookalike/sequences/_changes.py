"""Numbers that are learned as the change since the last event, or since what it lets expect."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Self

import numpy as np
import pyarrow as pa
from jaxtyping import Float, Int

from lookalike._core.bounds import finite, whole
from lookalike.sequences._bins import NumberBins
from lookalike.sequences._clock import EventClock
from lookalike.sequences._forecast import Forecast
from lookalike.sequences._forecast_fit import fit_forecast, proven
from lookalike.sequences._histories import Histories
from lookalike.tables import Column, Kind, Schema
from lookalike.tables.values.arrow import flat
from lookalike.tables.values.codec import type_from_json, type_to_json
from lookalike.tables.values.grid import from_raw, raw_of

__all__ = ["Change", "find_changes"]

#: The most intervals by which a number and the one before it are compared, and the events of each.
_BINS, _EACH = 32, 10
#: The gain in nats per event by which changes must be more likely than numbers; of a series, which
#: goes on for any length, more: sums of changes drift, numbers do not.
_WORTH, _WORTH_OF_SERIES = 0.05, 0.35
#: The fewest events by which that is judged, and the most.
_FEWEST, _MOST = 60, 50_000
#: The weight of the marginal distribution, in rows.
_WEIGHT = 2.0
#: The distance at which a number in units of another is a whole one.
_ROUNDING = 1e-6
#: The greatest raw value of a trend: a float64 holds every integer up to this.
_EXACT = 2.0**53


@dataclass(frozen=True)
class Change:
    """A number that is learned as its change since the last event, or as its error of a forecast.

    What is remembered of the past is the last number, or the last deviations of a forecast.

    Parameters
    ----------
    column : str
    name : str
        The name of the column of changes.
    type : str
        Its canonical type.
    decimals : int or None
        None for full floats.
    low, high : float
        The range of its raw values, which generated ones do not leave. A random walk has a wider
        one than the data; a forecast with a trend, or without return, has one of deviations.
    gain : float
        How much more likely held-out events are by changes than by numbers, in nats.
    forecast : Forecast or None
        None where the forecast is the last number.
    at_least, at_most : tuple of str
        Columns of the same event, drawn before, that the number is never below or above.
    """

    column: str
    name: str
    type: str
    decimals: int | None
    low: float
    high: float
    gain: float
    forecast: Forecast | None = None
    at_least: tuple[str, ...] = ()
    at_most: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """The way in which the number is drawn, in words."""
        if self.forecast is None:
            return "its change since the last event"
        return f"its error of a forecast {self.forecast.words}"

    @property
    def drawn(self) -> pa.DataType:
        """The type of the column of changes."""
        return type_from_json(self.type) if self.forecast is None else pa.float64()

    def raw(self, values: pa.Array) -> np.ndarray:
        """Return numbers without missing cells as raw values."""
        return raw_of(values, self.decimals)

    def cells(self, raw: np.ndarray) -> pa.Array:
        """Return raw values as numbers."""
        return from_raw(raw, self.decimals or 0, type_from_json(self.type))

    def course(
        self, table: pa.Table, time: np.ndarray | None, last: Mapping[str, np.ndarray]
    ) -> np.ndarray | None:
        """Return the course of a forecast at some events; None where there is none.

        Parameters
        ----------
        table : pyarrow.Table
            The events, with the column beside which the number goes.
        time : ndarray or None, shape (events,)
            In ticks.
        last : mapping of str to ndarray, shape (events,)
            Numbers of the events before, NaN where there are none: those of the same event stand
            for these.
        """
        if self.forecast is None:
            return None
        beside, numbers = self.forecast.beside, None
        if beside is not None:
            numbers = self._scaled(last[beside]) if self.forecast.follows else None
            if numbers is None or np.isnan(numbers).any():
                same = self.in_units(flat(table[beside]))
                numbers = same if numbers is None else np.where(np.isnan(numbers), same, numbers)
        return self.forecast.course(time, len(table), numbers)

    def in_units(self, values: pa.Array) -> np.ndarray:
        """Return numbers of another column, whole ones or not, in the unit of raw values."""
        return self._scaled(values.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False))

    def _scaled(self, numbers: np.ndarray) -> np.ndarray:
        if not self._is_whole:
            return numbers
        scaled = numbers * 10.0 ** (self.decimals or 0)
        nearest = np.rint(scaled)
        # The other column may have more decimals.
        return np.asarray(np.where(np.abs(scaled - nearest) < _ROUNDING, nearest, scaled))

    def column_of(self, raw: np.ndarray, course: np.ndarray | None) -> pa.Array:
        """Return the changes of events in their order, of which the first has none.

        Parameters
        ----------
        raw : ndarray, shape (events,)
        course : ndarray or None, shape (events,)
            As `course` returns it.
        """
        if self.forecast is None or course is None:
            return self.cells(np.diff(raw, prepend=raw[:1]))
        return pa.array(self.forecast.errors_of(raw, course))

    def remembered(self, raw: np.ndarray, course: np.ndarray | None) -> np.ndarray:
        """Return what is remembered after first events, shape (rows, depth)."""
        if self.forecast is None or course is None:
            return np.asarray(raw[:, None].copy())
        off = self.forecast.deviations(raw, course)
        return np.repeat(off[:, None], len(self.forecast.weights), axis=1)

    def begun(
        self, raw: np.ndarray, course: np.ndarray | None, rng: np.random.Generator
    ) -> np.ndarray:
        """Return what new series remember after their first events: a past that is drawn."""
        if self.forecast is None or course is None:
            return self.remembered(raw, course)
        return self.forecast.pasts(self.forecast.deviations(raw, course), rng)

    def moved(self, memory: np.ndarray, raw: np.ndarray, course: np.ndarray | None) -> np.ndarray:
        """Return what is remembered after further events."""
        if self.forecast is None or course is None:
            return np.asarray(raw[:, None].copy())
        off = self.forecast.deviations(raw, course)
        return np.concatenate([off[:, None], memory[:, :-1]], axis=1)

    def since(self, memory: np.ndarray, raw: np.ndarray, course: np.ndarray | None) -> pa.Array:
        """Return the changes of known events."""
        if self.forecast is None or course is None:
            return self.cells(raw - memory[:, 0])
        return pa.array(self.forecast.errors(self.forecast.deviations(raw, course), memory))

    def last(self, memory: np.ndarray, course: np.ndarray | None) -> np.ndarray:
        """Return the raw values that are as far from their course as the last ones."""
        if self.forecast is None or course is None:
            return np.asarray(memory[:, 0])
        return self._within(self.forecast.numbers(memory[:, 0], course))

    def after(self, memory: np.ndarray, changes: pa.Array, course: np.ndarray | None) -> np.ndarray:
        """Return the raw values after changes; a missing change is none.

        Parameters
        ----------
        memory : ndarray, shape (rows, depth)
        changes : pyarrow.Array
        course : ndarray or None, shape (rows,)
        """
        if self.forecast is None or course is None:
            raw = memory[:, 0] + self.raw(changes.fill_null(0))
            low, high = np.array([self.low, self.high]).astype(memory.dtype)
            return np.asarray(np.clip(raw, low, high))
        drawn = changes.fill_null(0.0).to_numpy(zero_copy_only=False)
        off = np.clip(self.forecast.expected(memory) + drawn, self.forecast.low, self.forecast.high)
        return self._within(self.forecast.numbers(off, course))

    def ordered(self, raw: np.ndarray, table: pa.Table) -> np.ndarray:
        """Return raw values, none of them beyond a column that they are never beyond."""
        for names, within, tighter in (
            (self.at_least, np.ceil, np.maximum),
            (self.at_most, np.floor, np.minimum),
        ):
            for name in names:
                bound = self.in_units(flat(table[name]))
                bound = within(bound).astype(np.int64) if self._is_whole else bound
                raw = tighter(raw, bound)
        return raw

    def _within(self, numbers: np.ndarray) -> np.ndarray:
        """Return forecast numbers as raw values in their range; a trend may leave it."""
        low, high, whole = self.low, self.high, self._is_whole
        forecast = self.forecast
        if forecast is not None and (forecast.slope or forecast.beside or not forecast.returns):
            # What is never negative stays so, and what is always positive, too.
            least = 1.0 if whole and forecast.logs else 0.0
            more = (high - low) / 2
            if forecast.slope or not forecast.beside:  # deviations have a range of their own
                more = _EXACT
            low, high = (least if low >= 0 else max(low - more, -_EXACT)), min(high + more, _EXACT)
        raw = np.clip(numbers, low, high)
        return np.asarray(np.rint(raw).astype(np.int64) if whole else raw)

    @property
    def _is_whole(self) -> bool:
        """True where raw values are integers."""
        return self.decimals is not None or pa.types.is_integer(type_from_json(self.type))

    def to_dict(self) -> dict[str, Any]:
        """Return the change as JSON-ready values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Restore it from its `to_dict`; ValueError where that is damaged."""
        decimals = values["decimals"]
        if decimals is not None:
            whole(decimals, 0, 400, "decimals")
        low, high, gain = (finite(values[name], name) for name in ("low", "high", "gain"))
        type_from_json(values["type"])
        column, name, kind = (str(values[key]) for key in ("column", "name", "type"))
        given = values.get("forecast")
        forecast = None if given is None else Forecast.from_dict(given)
        orders = (tuple(map(str, values.get(key, ()))) for key in ("at_least", "at_most"))
        return cls(column, name, kind, decimals, low, high, gain, forecast, *orders)


def find_changes(
    histories: Histories, schema: Schema, time: str | None, rng: np.random.Generator
) -> list[Change]:
    """Find numbers whose changes are easier to predict than they are themselves.

    A number and its change are both divided into intervals, and predicted by counts of some
    entities: from the interval of the number before, or from the calendar, whichever predicts
    better. Without the calendar, a number that follows the hour would be taken for one that follows
    its predecessor, and lose the hour event by event. Their densities with respect to the number
    itself are comparable: the one under which the events of other entities are more likely is
    taken.

    A number of a series goes on for any length, and sums of changes drift. Its errors of a forecast
    (see `fit_forecast`) are compared as well: the forecast returns to the course of the number as
    strongly as the number does.

    Parameters
    ----------
    histories : Histories
    schema : Schema
    time : str or None
        The column of times.
    rng : numpy.random.Generator
        Chooses the entities that judge, and draws errors of simulated series.
    """
    inner = np.flatnonzero(histories.positions > 0)
    entities = np.repeat(np.arange(len(histories.lengths)), histories.lengths)[inner]
    if len(inner) < _FEWEST:
        return []
    inner, entities = _some(inner, entities, rng)
    judges = rng.random(len(histories.lengths)) < 0.5 if len(histories.lengths) > 1 else None
    judging = judges[entities] if judges is not None else np.arange(len(inner)) >= len(inner) // 2
    if not judging.any() or judging.all():
        return []
    ticks, clock = (None, None) if time is None else histories.clock(time, schema[time])
    calendar = _calendar(ticks, clock, len(histories.table))[inner]
    found = []
    for name in histories.dynamic:
        column, values = schema[name], flat(histories.table[name])
        if column.kind not in (Kind.CONTINUOUS, Kind.INTEGER) or values.null_count:
            continue
        raw = raw_of(values, column.decimals)
        compared = _Compared(raw, inner, judging, calendar)
        plain = _change(column, schema.names, values.type, raw)
        if judges is None:
            change = _of_series(plain, raw, ticks, clock, compared, rng)
        else:
            gain = compared.by_change - compared.by_number
            change = replace(plain, gain=gain) if gain > _WORTH else None
        if change is not None:
            found.append(change)
    return found


def _of_series(
    change: Change,
    raw: np.ndarray,
    time: np.ndarray | None,
    clock: EventClock | None,
    compared: _Compared,
    rng: np.random.Generator,
) -> Change | None:
    """Return the form in which a number of a series is drawn; None if it is drawn itself."""
    if np.ptp(raw) == 0:
        return None
    by_change = compared.by_change - compared.by_number
    forecast = fit_forecast(raw, time, clock, rng)
    if forecast.is_last:
        return replace(_widened(change), gain=by_change) if by_change > _WORTH else None
    course = forecast.course(time, len(raw))
    errors = forecast.errors_of(raw, course)
    kept = proven(forecast, forecast.deviations(raw, course), errors, rng)
    by_forecast = compared.by_errors(errors, logs=forecast.logs) - compared.by_number
    if kept and by_forecast > _WORTH and by_forecast > by_change - _WORTH_OF_SERIES:
        return replace(change, gain=by_forecast, forecast=kept)
    return replace(change, gain=by_change) if by_change > _WORTH_OF_SERIES else None


def _widened(change: Change) -> Change:
    """Return a random walk, which goes elsewhere than the real one: its range is twice as wide."""
    more = (change.high - change.low) / 2
    more = float(np.floor(more)) if change._is_whole else more
    low = change.low - more
    return replace(change, low=max(low, 0.0) if change.low >= 0 else low, high=change.high + more)


def _calendar(
    time: np.ndarray | None, clock: EventClock | None, events: int
) -> Int[np.ndarray, "rows features"]:
    """Return the calendar of all events: no feature where there are no dates."""
    if time is not None and clock is not None and clock.calendar_sizes:
        return clock.calendar(time)
    return np.zeros((events, 0), np.int64)


def _some(
    inner: np.ndarray, entities: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Return at most so many events as are needed, in order."""
    if len(inner) <= _MOST:
        return inner, entities
    kept = np.sort(rng.permutation(len(inner))[:_MOST])
    return inner[kept], entities[kept]


def _change(column: Column, taken: Sequence[str], kind: pa.DataType, raw: np.ndarray) -> Change:
    """Return the change of a column, with a range that no single event stretches."""
    name = f"change of {column.name}"
    while name in taken:
        name += "'"
    # The ends are means of two numbers, so that none of these is stored.
    ordered = np.sort(raw).astype(float)
    low, high = ordered[1:3].mean(), ordered[-3:-1].mean()
    if raw.dtype.kind == "i":
        low, high = np.floor(low), np.ceil(high)
    ends = float(low), float(high)
    return Change(column.name, name, type_to_json(kind), column.decimals, *ends, 0.0)


class _Compared:
    """The log-likelihoods of held-out events of a number, by which forms of it are compared.

    Parameters
    ----------
    raw : ndarray, shape (all events,)
    inner : ndarray of int, shape (events,)
        The events that follow another one.
    judging : ndarray of bool, shape (events,)
    calendar : ndarray of int, shape (events, features)
    """

    def __init__(
        self,
        raw: np.ndarray,
        inner: np.ndarray,
        judging: np.ndarray,
        calendar: Int[np.ndarray, "events features"],
    ) -> None:
        self._now, self._last = raw[inner].astype(float), raw[inner - 1].astype(float)
        self._inner, self._judging = inner, judging
        self._count = min(_BINS, max(len(inner) // _EACH, 2))
        self._contexts = [NumberBins.fit(self._last, self._count).of(self._last), *calendar.T]
        # An interval's width is its number of grid points, or the spread of its values, but not
        # less than what nobody can tell apart: of two that are predicted exactly, neither is
        # better.
        self._grid = 1.0 if raw.dtype.kind == "i" else 0.0
        self._least = 0.0 if self._grid else 1e-6 * (np.ptp(self._now) or 1.0)
        self.by_change = self._mean(self._now - self._last, self._grid, self._least)
        self.by_number = self._mean(self._now, self._grid, self._least)

    def by_errors(self, errors: Float[np.ndarray, " all_events"], *, logs: bool) -> float:
        """Return the log-likelihood by errors of a forecast, per unit of the number."""
        if not logs:
            return self._mean(errors[self._inner], 0.0, max(self._least, self._grid))
        # A logarithm changes by 1 / x where the number x changes by 1.
        steep = float(np.log(self._now[self._judging]).mean())
        least = max(self._least, self._grid) / float(np.median(self._now))
        return self._mean(errors[self._inner], 0.0, least) - steep

    def _mean(self, values: Float[np.ndarray, " events"], grid: float, least: float) -> float:
        return _log_density(values, self._contexts, self._judging, grid, least, self._count)


def _log_density(
    values: Float[np.ndarray, " rows"],
    contexts: Sequence[Int[np.ndarray, " rows"]],
    judging: np.ndarray,
    grid: float,
    least: float,
    count: int,
) -> float:
    """Return the mean log density of held-out values, given the context that predicts them best."""
    bins = NumberBins.fit(values[~judging], count)
    states = bins.of(values)
    low, high = np.full(bins.states, np.inf), np.full(bins.states, -np.inf)
    np.minimum.at(low, states, values)
    np.maximum.at(high, states, values)
    widths = np.maximum(high - low + grid, least)
    within = float(np.log(widths[states[judging]]).mean())
    return max(_log_chance(states, bins.states, one, judging) for one in contexts) - within


def _log_chance(
    states: Int[np.ndarray, " rows"],
    count: int,
    context: Int[np.ndarray, " rows"],
    judging: np.ndarray,
) -> float:
    """Return the mean log chance of held-out states, given the state of a context."""
    counts = np.zeros((context.max() + 1, count))
    np.add.at(counts, (context[~judging], states[~judging]), 1.0)
    # A context of few events leans on the marginal distribution.
    marginal = counts.sum(axis=0) + 1e-3
    marginal = marginal / marginal.sum()
    weight = _WEIGHT * np.maximum((counts > 0).sum(axis=1, keepdims=True), 1)
    chances = (counts + weight * marginal) / (counts.sum(axis=1, keepdims=True) + weight)
    return float(np.log(chances[context[judging], states[judging]]).mean())
