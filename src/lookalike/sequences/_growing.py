"""New histories, drawn position by position, all entities of a block at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from jaxtyping import Float, Int

from lookalike._core.seeds import generator
from lookalike.sequences._context import Past
from lookalike.sequences._events import NOTHING, EventModel, calendar_of, no_gap
from lookalike.sequences._part import Wide
from lookalike.sequences._running import Moving, numbers_of
from lookalike.tables import conform
from lookalike.tables.values.arrow import flat
from lookalike.tables.values.grid import raw_of

__all__ = ["Events", "Growing"]


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
        if first is not None and model.clock is not None:
            first = model.clock.snapped(first)
        self.model, self.static, self.lengths, self.first = model, static, lengths, first
        variables, numbers = len(model.events.sizes), len(model.numbers)
        self.moving = Moving.empty(len(lengths), variables, numbers)
        self.time = None if first is None else first.copy()
        self.anchors = anchors
        # Those of forecasts come with the first event that is observed.
        self.memories = [
            change.remembered(level, None)
            for change, level in zip(model.changes, levels, strict=True)
        ]

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
            wide = wide.beside(calendar_of(model.clock, time[rows]))
        own, drawn = model.events.drawn(wide, rng)
        table = model.events.encoder.decode(drawn, start=first_row, seed=seed)
        moment = None if self.time is None else self.time[rows]
        for k, change in enumerate(model.changes):
            memory, course = self.memories[k][rows], change.course(table, moment, self._last(rows))
            if position:
                raw = change.after(memory, flat(table[change.name]), course)
                raw = change.ordered(raw, table)
                self.memories[k][rows] = change.moved(memory, raw, course)
            else:
                raw = change.last(memory, course)
            at = table.schema.get_field_index(change.name)
            table = table.set_column(at, change.column, change.cells(raw))
        self.moving.move(rows, own.states, numbers_of(table, model.numbers))
        return table

    def observe(
        self,
        table: pa.Table,
        time: np.ndarray | None,
        *,
        position: int,
        rng: np.random.Generator | None = None,
    ) -> None:
        """Add a known event to every history.

        Parameters
        ----------
        table : pyarrow.Table
            Canonical: the dynamic columns, a row for each history.
        time : ndarray or None
        position : int
        rng : numpy.random.Generator, optional
            Draws what a first event remembers; without it, numbers have been where they are.
        """
        model, original, rows = self.model, table, np.arange(len(self.lengths))
        if not table.num_columns:
            table = pa.table({NOTHING: pa.array(np.ones(len(self.lengths), np.int64))})
        for k, change in enumerate(model.changes):
            raw = change.raw(flat(table[change.column]))
            course = change.course(original, time, self._last(rows))
            if position:
                cells = change.since(self.memories[k], raw, course)
                self.memories[k] = change.moved(self.memories[k], raw, course)
            else:
                self.memories[k] = (
                    change.remembered(raw, course)
                    if rng is None
                    else change.begun(raw, course, rng)
                )
                cells = pa.nulls(len(raw), change.drawn)
            at = table.schema.get_field_index(change.column)
            table = table.set_column(at, change.name, cells)
        encoder = model.events.encoder
        states = model.events.of_table(conform(table, encoder.schema_)).states
        self.moving.move(rows, states, numbers_of(original, model.numbers))
        if time is not None:
            self.time = time.copy()

    def _last(self, rows: np.ndarray) -> dict[str, np.ndarray]:
        """Return the numbers of the last events of some histories."""
        return dict(zip(self.model.numbers, self.moving.numbers[rows].T, strict=True))

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
            return no_gap(gaps, len(rows))
        own, drawn = gaps.drawn(wide.beside(calendar_of(clock, time[rows])), rng)
        cells = gaps.encoder.decode(drawn)
        parts = [raw_of(flat(column), None) for column in cells.columns]
        time[rows] = clock.after(time[rows], parts)
        return Wide(own.states, tuple(size + 1 for size in gaps.sizes), own.ordered)
