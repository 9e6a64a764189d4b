"""The model of events: each drawn given the static row, its position and the events before it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Float, Int

from lookalike._core.seeds import derive_seed, generator
from lookalike.encoding import Learned, TableEncoder
from lookalike.models import Growth
from lookalike.relations import infer_schema
from lookalike.sequences._changes import Change
from lookalike.sequences._clock import Clock, ticks
from lookalike.sequences._context import Context, Past
from lookalike.sequences._histories import Histories
from lookalike.sequences._part import EventPart, Wide, fit_states, new_encoder
from lookalike.sequences._running import Moving, numbers_of, past_of
from lookalike.sequences._warnings import warnings_about
from lookalike.tables import Kind, Schema, conform
from lookalike.tables.values.arrow import flat
from lookalike.tables.values.grid import raw_of

__all__ = ["EventModel", "EventRules", "Events", "Growing"]

#: The names of the columns of a gap, of one part or of two.
_NOTHING = "event"  # a constant, where events have no columns of their own
_GAP, _DAYS = ("gap",), ("days", "time of day")
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
class Events:
    """Drawn events, entity by entity.

    Parameters
    ----------
    table : pyarrow.Table
        Canonical: the dynamic columns.
    states : ndarray of int, shape (events, variables)
    entity : ndarray of int, shape (events,)
    time : ndarray or None, shape (events,)
        Raw.
    """

    table: pa.Table
    states: Int[np.ndarray, "events variables"]
    entity: Int[np.ndarray, " events"]
    time: np.ndarray | None


@dataclass(frozen=True)
class EventModel:
    """Events, drawn one after another.

    Parameters
    ----------
    context : Context
    clock : Clock or None
    gaps : EventPart or None
        The gap before an event; None without times, or if no entity has two events.
    events : EventPart
        The other columns.
    changes : tuple of Change
        The columns that are drawn as changes.
    numbers : tuple of str
        The columns of numbers whose past is part of the context.
    """

    context: Context
    clock: Clock | None
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
        table = with_changes(histories, changes)
        kinds = {n: schema[n].kind for n in histories.dynamic if n in table.column_names}
        if not histories.dynamic:
            kinds = {_NOTHING: Kind.CONSTANT}
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
        raw = None if time is None else ticks(flat(histories.table[time]), schema[time])
        values = numbers_of(histories.table, numbers)
        anchored = 0 if rules.stationary else len(changed)
        anchors = histories.means(values[:, :anchored])
        past = past_of(histories.lengths, static.states, own, values, anchors, raw)
        context = Context.fit(past, static.sizes, sizes, stationary=rules.stationary)
        ordered = context.ordered(static.ordered, [v.edges is not None for v in states.variables])
        wide = Wide(context.states(past), context.sizes, ordered)
        clock = gaps = None
        if raw is not None and time is not None:
            inner = np.flatnonzero(histories.positions > 0)
            clock = Clock.fit(raw, inner, flat(histories.table[time]).type)
            gaps, beside = _fit_gaps(clock, raw, inner, wide, rules, seed)
            wide = wide.beside(beside).beside(_calendar(clock, raw))
        events = EventPart.fit(
            encoder, states, own, wide, rules.growth, derive_seed(seed, "events")
        )
        return cls(context, clock, gaps, events, tuple(changes), numbers)

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
        clock = None if values["clock"] is None else Clock.from_dict(values["clock"])
        changes = tuple(Change.from_dict(each) for each in values["changes"])
        numbers = tuple(str(name) for name in values["numbers"])
        changed = tuple(change.column for change in changes)
        if numbers[: len(changed)] != changed:
            raise ValueError("the numbers of events do not begin with those of changes")
        schema = Schema.from_dict(values["event schema"])
        as_drawn = {change.name: change.column for change in changes}
        if sorted(as_drawn.get(n, n) for n in schema.names) != sorted(dynamic or [_NOTHING]):
            raise ValueError("the columns of events are not those of the schema")
        if not set(numbers) <= set(dynamic):
            raise ValueError("the numbers of events are not columns")
        # The sizes of the context follow from those of events, which come with their states.
        sizes = EventPart.sizes_from_state(parts["events"], schema)
        context = Context.from_state(
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


class Growing:
    """New histories, to which one event after another is added.

    Parameters
    ----------
    model : EventModel
    static : Wide
        The states of the static row of each.
    lengths : ndarray of int, shape (histories,)
        Their numbers of events in the end.
    first : ndarray or None, shape (histories,)
        The time of the first event, raw.
    levels : sequence of ndarray
        For each `Change`, its first number, raw.
    anchors : ndarray, shape (histories, anchored columns)
        The mean that each column of changes has in the end, about; none for a series.
    """

    def __init__(
        self,
        model: EventModel,
        static: Wide,
        lengths: np.ndarray,
        first: np.ndarray | None,
        levels: Sequence[np.ndarray],
        anchors: Float[np.ndarray, "histories anchored"],
    ) -> None:
        self.model, self.static, self.lengths, self.first = model, static, lengths, first
        variables, numbers = len(model.events.sizes), len(model.numbers)
        self.moving = Moving.empty(len(lengths), variables, numbers)
        self.time = None if first is None else first.copy()
        self.anchors = anchors
        self.levels = [level.copy() for level in levels]

    def grown(self, seed: int, block: int, first_row: int, *, begin: int = 0) -> Events:
        """Draw all events from a position on.

        Parameters
        ----------
        seed, block : int
            The random numbers depend on these alone.
        first_row : int
            The number of the first event within the whole sample, for identifiers.
        begin : int
            The number of events that all histories have already.
        """
        tables, states, entities, moments = [], [], [], []
        count = len(self.lengths)
        for position in range(begin, max(int(self.lengths.max(initial=0)), begin + 1)):
            rows = np.flatnonzero(self.lengths > position)
            rng = generator(seed, "events", block, position)
            row = first_row + (position - begin) * count
            tables.append(self.step(rows, position, rng, row, seed))
            states.append(self.moving.last[rows])
            entities.append(rows)
            moments.append(np.zeros(len(rows)) if self.time is None else self.time[rows])
        whole = pa.concat_tables(tables).unify_dictionaries().combine_chunks()
        entity = np.concatenate(entities)
        order = np.argsort(entity, kind="stable")
        time = None if self.time is None else np.concatenate(moments)[order]
        return Events(
            whole.take(pa.array(order)), np.concatenate(states)[order], entity[order], time
        )

    def step(
        self, rows: np.ndarray, position: int, rng: np.random.Generator, first_row: int, seed: int
    ) -> pa.Table:
        """Draw the next event of some histories, and return its cells."""
        model, time = self.model, self.time
        wide = self._context(rows, position)
        if model.clock is not None and time is not None:
            if model.gaps is not None:
                wide = wide.beside(self._next_time(wide, rows, position, rng))
            wide = wide.beside(_calendar(model.clock, time[rows]))
        own, drawn = model.events.drawn(wide, rng)
        table = model.events.encoder.decode(drawn, start=first_row, seed=seed)
        for k, change in enumerate(model.changes):
            if position:
                changes = flat(table[change.name])
                self.levels[k][rows] = change.after(self.levels[k][rows], changes)
            at = table.schema.get_field_index(change.name)
            cells = change.cells(self.levels[k][rows])
            table = table.set_column(at, change.column, cells)
        self.moving.move(rows, own.states, numbers_of(table, model.numbers))
        return table

    def observe(self, table: pa.Table, time: np.ndarray | None, *, position: int) -> None:
        """Add a known event to every history.

        Parameters
        ----------
        table : pyarrow.Table
            Canonical: the dynamic columns, a row for each history.
        time : ndarray or None
        position : int
        """
        model, original = self.model, table
        if not table.num_columns:
            table = pa.table({_NOTHING: pa.array(np.ones(len(self.lengths), np.int64))})
        for k, change in enumerate(model.changes):
            raw = change.raw(flat(table[change.column]))
            cells = change.cells(raw - self.levels[k])
            if not position:
                cells = pa.nulls(len(cells), cells.type)
            at = table.schema.get_field_index(change.column)
            table = table.set_column(at, change.name, cells)
            self.levels[k] = raw.copy()
        encoder = model.events.encoder
        states = model.events.of_table(conform(table, encoder.schema_)).states
        rows = np.arange(len(self.lengths))
        self.moving.move(rows, states, numbers_of(original, model.numbers))
        if time is not None:
            self.time = time.copy()

    def _context(self, rows: np.ndarray, position: int) -> Wide:
        """Return the states of the past of some histories."""
        model, moving, time, first = self.model, self.moving, self.time, self.first
        seen = None
        if time is not None:
            seen = time[rows].astype(float) if position else np.full(len(rows), np.nan)
        past = Past(
            np.full(len(rows), position),
            self.lengths[rows] - 1 - position,
            self.static.states[rows],
            moving.last[rows],
            moving.before[rows],
            moving.numbers[rows],
            moving.means[rows],
            self.anchors[rows],
            seen,
            None if first is None else first[rows],
        )
        ordered = model.context.ordered(self.static.ordered, model.events.ordered)
        return Wide(model.context.states(past), model.context.sizes, ordered)

    def _next_time(
        self, wide: Wide, rows: np.ndarray, position: int, rng: np.random.Generator
    ) -> Wide:
        """Move on to the time of the next event, and return the states of the gap before it."""
        gaps, clock, time = self.model.gaps, self.model.clock, self.time
        assert gaps is not None
        assert clock is not None
        assert time is not None
        if not position:
            return _no_gap(gaps, len(rows))
        own, drawn = gaps.drawn(wide.beside(_calendar(clock, time[rows])), rng)
        cells = gaps.encoder.decode(drawn)
        parts = [raw_of(flat(column), None) for column in cells.columns]
        time[rows] = clock.after(time[rows], parts)
        return Wide(own.states, tuple(size + 1 for size in gaps.sizes), own.ordered)


def with_changes(histories: Histories, changes: Sequence[Change]) -> pa.Table:
    """Return events with changes in place of the numbers themselves, missing for first events."""
    if not histories.dynamic:
        return pa.table({_NOTHING: pa.array(np.ones(len(histories.table), np.int64))})
    table = histories.table.select(list(histories.dynamic))
    first = pa.array(histories.positions == 0)
    for change in changes:
        raw = change.raw(flat(table[change.column]))
        cells = change.cells(np.diff(raw, prepend=raw[:1]))
        cells = pc.if_else(first, pa.scalar(None, cells.type), cells)
        at = table.schema.get_field_index(change.column)
        table = table.set_column(at, change.name, cells)
    return table


def _fit_gaps(
    clock: Clock,
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
    known = wide.at(inner).beside(_calendar(clock, raw[inner - 1]))
    part = EventPart.fit(encoder, states, own, known, rules.growth, derive_seed(seed, "gaps"))
    beside = _no_gap(part, len(raw))
    beside.states[inner] = own
    return part, beside


def _gap_names(clock: Clock) -> tuple[str, ...]:
    return _DAYS if clock.daily else _GAP


def _no_gap(gaps: EventPart, rows: int) -> Wide:
    """Return the states of the gap before first events: one more than there are."""
    states = np.tile(np.array(gaps.sizes, np.int64), (rows, 1))
    return Wide(states, tuple(size + 1 for size in gaps.sizes), gaps.ordered)


def _calendar(clock: Clock, raw: np.ndarray) -> Wide:
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
