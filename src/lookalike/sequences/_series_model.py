"""The model of one series: each event given those before it, from a first one that is drawn."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa

from lookalike._core.bounds import whole
from lookalike._core.seeds import derive_seed, generator
from lookalike.encoding import Learned
from lookalike.models import Forest, ahead
from lookalike.sequences._beside import go_beside
from lookalike.sequences._changes import Change, find_changes
from lookalike.sequences._clock import ticks, times
from lookalike.sequences._events import EventModel, EventRules
from lookalike.sequences._growing import Events, Growing
from lookalike.sequences._histories import Histories
from lookalike.sequences._part import Wide
from lookalike.sequences._roles import Roles
from lookalike.sequences._transforms import FoundTransform
from lookalike.sequences._warnings import warnings_about
from lookalike.sequences._window_model import WindowModel
from lookalike.tables import Kind, Schema, canonical_schema, canonical_type
from lookalike.tables.values.arrow import flat

__all__ = ["SeriesModel"]

#: The number of events that are drawn before those that are given back, besides the weights of a
#: forecast, and that of a known past that are looked at.
_BURN_IN, _LOOK_BACK = 12, 96
#: The number of first events among which the nearest in time is taken.
_CANDIDATES = 512


@dataclass(frozen=True)
class SeriesModel:
    """A series: each event given those before it, whatever the position and the date.

    Parameters
    ----------
    schema : Schema
        Of all columns.
    roles : Roles
    rows : Forest
        The model of single events, from which first ones are drawn.
    events : EventModel
    length : int
        The number of events of the series.
    begin, gap : int or float
        The time of its first event, raw, and the usual gap; 0 without times.
    windowed : WindowModel or None
        The model that generates windows as a whole; None where they are drawn event by event.
    transforms : tuple of FoundTransform
        Those of `windowed`.
    """

    #: The number of windows of a block, which depends on the model, the seed and its number.
    BLOCK: ClassVar[int] = 256

    schema: Schema
    roles: Roles
    rows: Forest
    events: EventModel
    length: int
    begin: float
    gap: float
    windowed: WindowModel | None = None
    transforms: tuple[FoundTransform, ...] = ()

    @classmethod
    def fit(
        cls,
        histories: Histories,
        schema: Schema,
        roles: Roles,
        rules: EventRules,
        parameters: Mapping[str, Any],
        seed: int,
    ) -> SeriesModel:
        """Learn a series.

        Parameters
        ----------
        histories : Histories
            One history.
        schema : Schema
        roles : Roles
        rules : EventRules
        parameters : mapping
            Of the `Forest` of single events.
        seed : int
        """
        # The burn-in forgets first events, so that theirs need no correction.
        rows = Forest(**parameters, refine={"correct": False})
        kinds = {column.name: column.kind for column in schema.columns}
        with warnings_about(()):  # events are learned from the same columns, and warn of them
            rows.fit(histories.table, kinds=kinds)
        changes = _changes_of(histories, schema, roles.time, seed)
        events = EventModel.fit(histories, schema, roles.time, _no_static(1), changes, rules, seed)
        begin, gap = 0.0, 0.0
        if roles.time is not None:
            raw = ticks(flat(histories.table[roles.time]), schema[roles.time])
            begin = raw[0].item()
            gap = float(np.median(np.diff(raw))) if len(raw) > 1 else 0.0
        return cls(schema, roles, rows, events, len(histories.table), begin, gap)

    def windows(self, n: int, length: int, seed: int, start: int) -> Iterator[pa.Table]:
        """Yield the canonical rows of windows ``[start, start + n)``, block by block."""
        stop = start + n
        if self.windowed is not None and length <= self.windowed.window:
            yield from self.windowed.tables(n, length, self.schema, self.roles.time, seed, start)
            return

        def make(number: int) -> pa.Table:
            begin = max(start - number * self.BLOCK, 0)
            end = min(stop - number * self.BLOCK, self.BLOCK)
            rows = self._first(self.BLOCK, number, seed)
            events = self._grown(rows, length, seed, number)
            # Every window has the same number of events, one window after the other.
            at = np.arange(begin * length, end * length)
            return self._assembled(events, at)

        yield from ahead(make, range(start // self.BLOCK, -(-stop // self.BLOCK)))

    def whole(self, length: int, seed: int, number: int = 0) -> pa.Table:
        """Return one series that begins when the real one does, as canonical rows."""
        candidates = self._first(_CANDIDATES, number, seed)
        if self.roles.time is None:
            events = self._grown(candidates.slice(0, 1), length, seed, number)
            return self._assembled(events, np.arange(length))
        column = self.schema[self.roles.time]
        raw = ticks(flat(candidates[self.roles.time]), column)
        nearest = int(np.abs(raw - self.begin).argmin())
        row = candidates.slice(nearest, 1)
        # Events are drawn from some time before the beginning on.
        early = np.array([self.begin - self._burn_in * self.gap]).astype(raw.dtype)
        events = self._grown(row, length + self._burn_in, seed, number, early)
        assert events.time is not None
        first = int(np.searchsorted(events.time, self.begin))
        first = min(first, self._burn_in)
        return self._assembled(events, np.arange(first, first + length))

    def futures(self, past: Histories, steps: int, n: int, seed: int) -> pa.Table:
        """Return `n` futures of a known past, as canonical rows."""
        known = past.table.slice(max(len(past.table) - _LOOK_BACK, 0))
        events = self._continued(known, n, steps, seed, 0)
        return self._assembled(events, np.arange(n * steps))

    @property
    def _burn_in(self) -> int:
        """The number of events after which first ones are forgotten."""
        forecasts = (change.forecast for change in self.events.changes)
        return _BURN_IN + max((len(one.weights) for one in forecasts if one is not None), default=0)

    def _first(self, count: int, number: int, seed: int) -> pa.Table:
        """Return first events."""
        seed = derive_seed(seed, "first events")
        tables = self.rows._tables(count, None, None, seed, number * count)
        return pa.concat_tables(tables).unify_dictionaries().combine_chunks()

    def _grown(
        self, rows: pa.Table, length: int, seed: int, number: int, time: np.ndarray | None = None
    ) -> Events:
        """Return series after first events, without those of the burn-in.

        Parameters
        ----------
        rows : pyarrow.Table
            Canonical: the first event of each.
        length, seed, number : int
        time : ndarray, optional
            The time of the first events, instead of their own; then the burn-in is given back.
        """
        kept = length if time is None else length + self._burn_in
        skipped = self._burn_in if time is None else 0
        own = time
        if self.roles.time is not None:
            own = ticks(flat(rows[self.roles.time]), self.schema[self.roles.time])
            time = own if time is None else time
        rows = self._settled(rows, own, time)
        rng = generator(seed, "pasts", number)
        growing = self._started(rows, time, 1 + skipped + kept, rng)
        events = growing.grown(seed, number, number * self.BLOCK * (1 + skipped + kept), begin=1)
        each = skipped + kept
        position = np.arange(len(events.entity)) % each
        at = np.flatnonzero(position >= skipped)
        table = events.table.take(pa.array(at)) if events.table.num_columns else events.table
        moment = None if events.time is None else events.time[at]
        return Events(table, events.states[at], events.entity[at], moment)

    def _settled(self, rows: pa.Table, own: np.ndarray | None, time: np.ndarray | None) -> pa.Table:
        """Return first events at another time, as far from the course of a forecast as before.

        Numbers that go beside another one of the event begin on their course: from single events
        they come too far apart, and each further event would follow.
        """
        settled = rows
        none = dict.fromkeys(self.events.numbers, np.full(len(rows), np.nan))
        for change in self.events.changes:
            forecast = change.forecast
            if forecast is None:
                continue
            before = change.course(rows, own, none)
            memory = change.remembered(change.raw(flat(rows[change.column])), before)
            if forecast.beside is not None and not forecast.follows:
                memory = np.zeros_like(memory)
            raw = change.last(memory, change.course(settled, time, none))
            at = rows.schema.get_field_index(change.column)
            settled = settled.set_column(at, change.column, change.cells(raw))
        return settled

    def _started(
        self,
        rows: pa.Table,
        time: np.ndarray | None,
        length: int,
        rng: np.random.Generator | None = None,
    ) -> Growing:
        """Return series with one known event each."""
        n = len(rows)
        levels = [change.raw(flat(rows[change.column])) for change in self.events.changes]
        nothing = np.zeros((n, 0))
        growing = Growing(self.events, _no_static(n), np.full(n, length), time, levels, nothing)
        growing.observe(rows.select(list(self.roles.dynamic)), time, position=0, rng=rng)
        return growing

    def _continued(self, known: pa.Table, n: int, steps: int, seed: int, number: int) -> Events:
        """Return events after a known past."""
        copies, raw = pa.array(np.zeros(n, np.int64)), None
        if self.roles.time is not None:
            raw = ticks(flat(known[self.roles.time]), self.schema[self.roles.time])
        time = None if raw is None else np.repeat(raw[:1], n)
        growing = self._started(known.take(copies).combine_chunks(), time, len(known) + steps)
        for position in range(1, len(known)):
            event = known.slice(position, 1).select(list(self.roles.dynamic)).take(copies)
            time = None if raw is None else np.repeat(raw[position], n)
            growing.observe(event.combine_chunks(), time, position=position)
        return growing.grown(seed, number, 0, begin=len(known))

    def _assembled(self, events: Events, at: np.ndarray) -> pa.Table:
        """Return whole rows of some events."""
        columns, of_event = [], pa.array(at)
        for name in self.schema.names:
            if name == self.roles.time:
                assert events.time is not None
                kind = canonical_type(self.schema[name])
                columns.append(times(events.time[at], self.schema[name], kind))
            else:
                columns.append(flat(events.table[name]).take(of_event))
        return pa.table(columns, names=list(self.schema.names))

    def empty(self) -> pa.Table:
        """Return no rows, canonical."""
        return canonical_schema(self.schema).empty_table()

    def whole_identifiers(self) -> frozenset[str]:
        """Return the columns of identifiers that are whole numbers."""
        return self.events.events.encoder.whole_identifiers()

    def state(self) -> Learned:
        """Return the model as plain values and arrays, single events aside: see `_file`."""
        values = {
            "length": self.length,
            "begin": self.begin,
            "gap": self.gap,
            "transforms": [found.to_dict() for found in self.transforms],
        }
        parts = {"events": self.events.state()}
        if self.windowed is not None:
            parts["windows"] = self.windowed.state()
        return Learned.joined(values, parts)

    @classmethod
    def from_state(cls, state: Learned, schema: Schema, roles: Roles, rows: Forest) -> SeriesModel:
        """Restore the model from its `state`; ValueError where that is damaged."""
        if rows.schema_.names != schema.names:
            raise ValueError("the columns of first events are not those of the schema")
        events = EventModel.from_state(state.parts()["events"], _no_static(0), roles.dynamic)
        length = whole(state.values["length"], 1, 2**40, "the length")
        begin, gap = (float(state.values[name]) for name in ("begin", "gap"))
        if not np.isfinite([begin, gap]).all():
            raise ValueError("the times of a series are damaged")
        begin, gap = state.values["begin"], state.values["gap"]
        parts, windowed = state.parts(), None
        if "windows" in parts:
            windowed = WindowModel.from_state(parts["windows"], roles.dynamic)
        found = tuple(map(FoundTransform.from_dict, state.values.get("transforms", ())))
        return cls(schema, roles, rows, events, length, begin, gap, windowed, found)


def _changes_of(histories: Histories, schema: Schema, time: str | None, seed: int) -> list[Change]:
    """Return the forms in which the numbers of a series are drawn."""
    changes = find_changes(histories, schema, time, generator(seed, "changes"))
    names = [
        name
        for name in histories.dynamic
        if schema[name].kind in (Kind.CONTINUOUS, Kind.INTEGER)
        and not histories.table[name].null_count
    ]
    raw, clock = (None, None) if time is None else histories.clock(time, schema[time])
    return go_beside(changes, histories.table, names, raw, clock, generator(seed, "beside"))


def _no_static(rows: int) -> Wide:
    return Wide(np.zeros((rows, 0), np.int64), (), ())
