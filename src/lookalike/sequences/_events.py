"""The model of events: each drawn given the static row, its position and the events before it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Int

from lookalike._core.seeds import derive_seed, generator
from lookalike.encoding import Learned, TableEncoder
from lookalike.models import Growth
from lookalike.relations import infer_schema
from lookalike.sequences._changes import Change
from lookalike.sequences._clock import EventClock
from lookalike.sequences._context import EventContext
from lookalike.sequences._histories import Histories
from lookalike.sequences._part import EventPart, Wide, fit_states, new_encoder
from lookalike.sequences._running import numbers_of, past_of
from lookalike.sequences._warnings import warnings_about
from lookalike.tables import Kind, Schema, conform
from lookalike.tables.values.arrow import flat

__all__ = ["NOTHING", "EventModel", "EventRules", "calendar_of", "no_gap", "with_changes"]

#: The name of a constant, where events have no columns of their own.
NOTHING = "event"
#: The names of the columns of a gap: one, days, or dates.
_GAP, _DAYS = ("gap",), ("days", "time of day")
_DATES = ("months", "day of month", "time of day")
#: Gaps of fewer events than this are all kept: each is too rare to be shared by others.
_FEW_GAPS = 50
#: The factor by which gaps have more bins than other numbers: calendars need exact ones.
_FINER = 2


@dataclass(frozen=True)
class EventRules:
    """The settings of a model of events.

    Parameters
    ----------
    growth : Growth
    bins : int
        The greatest number of bins of a number.
    min_count : int
        The least number of rows that share a stored value.
    placeholder : str or None
        The text of generated cells of free text.
    keep : tuple of str
        Columns that keep all their categories.
    stationary : bool
        Whether events depend on the past alone: a series.
    """

    growth: Growth
    bins: int
    min_count: int
    placeholder: str | None
    keep: tuple[str, ...] = ()
    stationary: bool = False


@dataclass(frozen=True)
class EventModel:
    """Events, drawn one after another.

    Parameters
    ----------
    context : EventContext
    clock : EventClock or None
    gaps : EventPart or None
        The gap before an event; None without times, or if no entity has two events.
    events : EventPart
        The other columns.
    changes : tuple of Change
        The columns that are drawn as changes.
    numbers : tuple of str
        The columns of numbers whose past is part of the context.
    """

    context: EventContext
    clock: EventClock | None
    gaps: EventPart | None
    events: EventPart
    changes: tuple[Change, ...]
    numbers: tuple[str, ...]

    @classmethod
    def fit(
        cls,
        histories: Histories,
        schema: Schema,
        time: str | None,
        static: Wide,
        changes: Sequence[Change],
        rules: EventRules,
        seed: int,
    ) -> EventModel:
        """Learn events given the past.

        Parameters
        ----------
        histories : Histories
        schema : Schema
            Of all columns.
        time : str or None
        static : Wide
            The states of the static row of each entity.
        changes : sequence of Change
        rules : EventRules
        seed : int
        """
        raw, clock = (None, None) if time is None else histories.clock(time, schema[time])
        table = with_changes(histories, changes, raw)
        kinds = {n: schema[n].kind for n in histories.dynamic if n in table.column_names}
        if not histories.dynamic:
            kinds = {NOTHING: Kind.CONSTANT}
        encoder = _fitted_encoder(table, kinds, rules, seed)
        encoded = encoder.encode(table)
        states = fit_states(encoded, encoder, rules.bins)
        own = states.of_rows(encoded)
        sizes = tuple(variable.states for variable in states.variables)
        # Those that are drawn as changes come first: they may have anchors.
        changed = tuple(change.column for change in changes)
        numbers = changed + tuple(
            n
            for n in histories.dynamic
            if schema[n].kind in (Kind.CONTINUOUS, Kind.INTEGER) and n not in changed
        )
        values = numbers_of(histories.table, numbers)
        anchored = 0 if rules.stationary else len(changed)
        anchors = histories.means(values[:, :anchored])
        past = past_of(histories.lengths, static.states, own, values, anchors, raw)
        context = EventContext.fit(past, static.sizes, sizes, stationary=rules.stationary)
        ordered = context.ordered(static.ordered, [v.edges is not None for v in states.variables])
        wide = Wide(context.states(past), context.sizes, ordered)
        gaps = None
        if raw is not None and clock is not None:
            inner = np.flatnonzero(histories.positions > 0)
            gaps, beside = _fit_gaps(clock, raw, inner, wide, rules, seed)
            wide = wide.beside(beside).beside(calendar_of(clock, raw))
        seed, sure = derive_seed(seed, "events"), rules.stationary
        events = EventPart.fit(encoder, states, own, wide, rules.growth, seed, sure=sure)
        return cls(context, clock, gaps, events, tuple(changes), numbers)

    @property
    def needed(self) -> tuple[str, ...]:
        """The columns of a known past that must have no missing cells."""
        forecasts = [change.forecast for change in self.changes]
        beside = [one.beside for one in forecasts if one is not None and one.beside is not None]
        return (*(change.column for change in self.changes), *beside)

    def state(self) -> Learned:
        """Return the model as plain values and arrays."""
        parts = {"context": self.context.state(), "events": self.events.state()}
        values = {
            "clock": None if self.clock is None else self.clock.to_dict(),
            "gap schema": None,
            "event schema": self.events.encoder.schema_.to_dict(),
            "changes": [change.to_dict() for change in self.changes],
            "numbers": list(self.numbers),
        }
        if self.gaps is not None:
            parts["gaps"] = self.gaps.state()
            values["gap schema"] = self.gaps.encoder.schema_.to_dict()
        return Learned.joined(values, parts)

    @classmethod
    def from_state(cls, state: Learned, static: Wide, dynamic: Sequence[str]) -> EventModel:
        """Restore the model from its `state`.

        Parameters
        ----------
        state : Learned
        static : Wide
            Any static rows.
        dynamic : sequence of str
            The columns of events.

        Raises
        ------
        ValueError
            If anything does not fit.
        """
        values, parts = state.values, state.parts()
        clock = None if values["clock"] is None else EventClock.from_dict(values["clock"])
        changes = tuple(Change.from_dict(each) for each in values["changes"])
        numbers = tuple(str(name) for name in values["numbers"])
        changed = tuple(change.column for change in changes)
        if numbers[: len(changed)] != changed:
            raise ValueError("the numbers of events do not begin with those of changes")
        schema = Schema.from_dict(values["event schema"])
        as_drawn = {change.name: change.column for change in changes}
        if sorted(as_drawn.get(n, n) for n in schema.names) != sorted(dynamic or [NOTHING]):
            raise ValueError("the columns of events are not those of the schema")
        if not set(numbers) <= set(dynamic):
            raise ValueError("the numbers of events are not columns")
        for k, change in enumerate(changes):
            drawn, forecast = set(numbers) - set(changed[k:]), change.forecast
            needed = {*change.at_least, *change.at_most}
            if forecast is not None and forecast.beside is not None:
                needed |= {forecast.beside} - (set(numbers) if forecast.follows else set())
            if not needed <= drawn or (forecast is not None and forecast.beside == change.column):
                raise ValueError("a number goes beside one that is not drawn before it")
        # The sizes of the context follow from those of events, which come with their states.
        sizes = EventPart.sizes_from_state(parts["events"], schema)
        context = EventContext.from_state(
            parts["context"],
            static.sizes,
            sizes,
            len(numbers),
            0 if parts["context"].values["stationary"] else len(changed),
            timed=clock is not None,
        )
        known, gaps = context.sizes, None
        if clock is not None:
            if values["gap schema"] is not None:
                of_gaps = Schema.from_dict(values["gap schema"])
                if of_gaps.names != _gap_names(clock):
                    raise ValueError("the columns of gaps are not those of the clock")
                before = (*known, *clock.calendar_sizes)
                gaps = EventPart.from_state(parts["gaps"], of_gaps, before)
                known = (*known, *(size + 1 for size in gaps.sizes))
            known = (*known, *clock.calendar_sizes)
        events = EventPart.from_state(parts["events"], schema, known)
        return cls(context, clock, gaps, events, changes, numbers)


def with_changes(
    histories: Histories, changes: Sequence[Change], time: np.ndarray | None
) -> pa.Table:
    """Return events with changes in place of the numbers themselves, missing for first events."""
    if not histories.dynamic:
        return pa.table({NOTHING: pa.array(np.ones(len(histories.table), np.int64))})
    table = histories.table.select(list(histories.dynamic))
    first = pa.array(histories.positions == 0)
    for change in changes:
        raw = change.raw(flat(table[change.column]))
        last = _last_numbers(histories, change)
        cells = change.column_of(raw, change.course(histories.table, time, last))
        cells = pc.if_else(first, pa.scalar(None, cells.type), cells)
        at = table.schema.get_field_index(change.column)
        table = table.set_column(at, change.name, cells)
    return table


def _last_numbers(histories: Histories, change: Change) -> dict[str, np.ndarray]:
    """Return the numbers of the events before, of the column that a number follows."""
    if change.forecast is None or change.forecast.beside is None:
        return {}
    numbers = numbers_of(histories.table, [change.forecast.beside])[:, 0]
    return {change.forecast.beside: np.where(histories.positions, np.roll(numbers, 1), np.nan)}


def _fit_gaps(
    clock: EventClock,
    raw: np.ndarray,
    inner: Int[np.ndarray, " gaps"],
    wide: Wide,
    rules: EventRules,
    seed: int,
) -> tuple[EventPart | None, Wide]:
    """Return the model of gaps, and the states of those before all events."""
    if not len(inner):
        return None, Wide(np.zeros((len(raw), 0), np.int64), (), ())
    parts = clock.parts(raw[inner - 1], raw[inner])
    table = pa.table([pa.array(part) for part in parts], names=list(_gap_names(clock)))
    if len(inner) < _FEW_GAPS:
        rules = replace(rules, min_count=1)
    encoder = _fitted_encoder(table, {}, rules, seed)
    encoded = encoder.encode(table)
    states = fit_states(encoded, encoder, _FINER * rules.bins)
    own = states.of_rows(encoded)
    known = wide.at(inner).beside(calendar_of(clock, raw[inner - 1]))
    part = EventPart.fit(encoder, states, own, known, rules.growth, derive_seed(seed, "gaps"))
    beside = no_gap(part, len(raw))
    beside.states[inner] = own
    return part, beside


def _gap_names(clock: EventClock) -> tuple[str, ...]:
    if clock.dated:
        return _DATES if clock.daily else _DATES[:2]
    return _DAYS if clock.daily else _GAP


def no_gap(gaps: EventPart, rows: int) -> Wide:
    """Return the states of the gap before first events: one more than there are."""
    states = np.tile(np.array(gaps.sizes, np.int64), (rows, 1))
    return Wide(states, tuple(size + 1 for size in gaps.sizes), gaps.ordered)


def calendar_of(clock: EventClock, raw: np.ndarray) -> Wide:
    sizes = clock.calendar_sizes
    if not sizes:
        return Wide(np.zeros((len(raw), 0), np.int64), (), ())
    return Wide(clock.calendar(raw), sizes, (True,) * len(sizes))


def _fitted_encoder(
    table: pa.Table, kinds: Mapping[str, Kind], rules: EventRules, seed: int
) -> TableEncoder:
    """Return the encoder of canonical events; columns without a kind are numbers."""
    keep = [name for name in rules.keep if name in table.column_names]
    encoder = new_encoder(rules.min_count, rules.placeholder, keep)
    rng = generator(seed, "encode")
    numbers = {
        field.name: Kind.INTEGER if pa.types.is_integer(field.type) else Kind.CONTINUOUS
        for field in table.schema
        if field.name not in kinds
    }
    with warnings_about(list(kinds)):
        schema = infer_schema(table, {**numbers, **kinds})
        return encoder.fit(conform(table, schema), schema, rng)
