"""The model of many histories: static rows, events, and the choice among whole histories."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa

from lookalike._core.seeds import derive_seed, generator
from lookalike.encoding import Learned
from lookalike.models import Forest, ahead
from lookalike.sequences._changes import Change, find_changes
from lookalike.sequences._choice import POOL, Drawn, HistoryChoice, fit_choice
from lookalike.sequences._clock import ticks, times
from lookalike.sequences._entities import EntityModel, EntityNames, decimals_of, static_rows
from lookalike.sequences._events import EventModel, EventRules, with_changes
from lookalike.sequences._growing import Events, Growing
from lookalike.sequences._histories import Histories
from lookalike.sequences._roles import Roles
from lookalike.sequences._running import numbers_of
from lookalike.sequences._transforms import FoundTransform
from lookalike.sequences._window_model import WindowModel
from lookalike.tables import Kind, Schema, canonical_schema, canonical_type
from lookalike.tables.values.arrow import flat

__all__ = ["HistoryModel"]

#: The number of histories drawn for the fit of a choice, for each real one, and the most events.
_PER_REAL, _MOST_DRAWN = 3, 500_000
#: The events of the longest histories of a block, and the limits of its size as powers of two.
_EVENTS_OF_BLOCK, _SIZES = 2**17, (5, 10)


@dataclass(frozen=True)
class HistoryModel:
    """Histories: a static row each, then event after event; whole histories are chosen.

    Parameters
    ----------
    schema : Schema
        Of all columns.
    roles : Roles
    entities : EntityModel
    events : EventModel
    choice : HistoryChoice or None
        None if a choice does not help.
    windowed : WindowModel or None
        The model that generates whole histories of one length; None where they are drawn event by
        event.
    transforms : tuple of FoundTransform
        Those of `windowed`.
    """

    schema: Schema
    roles: Roles
    entities: EntityModel
    events: EventModel
    choice: HistoryChoice | None
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
    ) -> HistoryModel:
        """Learn static rows, then events; the choice is fitted by `with_choice`.

        Parameters
        ----------
        histories : Histories
        schema : Schema
        roles : Roles
        rules : EventRules
        parameters : mapping
            Of the `Forest` of static rows.
        seed : int
        """
        changes = find_changes(histories, schema, roles.time, generator(seed, "changes"))
        names = EntityNames.beside(schema.names, [change.column for change in changes])
        rows, kinds = static_rows(histories, schema, roles.entity, roles.time, changes, names)
        decimals = decimals_of(names, schema, roles.time, changes)
        entities = EntityModel.fit(rows, kinds, names, decimals, parameters, rules.bins)
        wide = entities.wide(rows)
        events = EventModel.fit(histories, schema, roles.time, wide, changes, rules, seed)
        return cls(schema, roles, entities, events, None)

    def with_choice(self, histories: Histories, seed: int) -> HistoryModel:
        """Return the model with a choice, if that makes held-out histories more likely."""
        part = self.events.events
        if not part.sizes or not HistoryChoice.is_tried(len(histories.lengths)):
            return self
        states = part.of_table(with_changes(histories, self.events.changes, None)).states
        each = len(states) / len(histories.lengths)
        most = max(int(_MOST_DRAWN / each), self.size)
        # Entities are in the order of their rows, of which the first may be unlike the last.
        some = np.sort(generator(seed, "some").permutation(len(histories.lengths))[:most])
        kept = np.isin(np.repeat(np.arange(len(histories.lengths)), histories.lengths), some)
        real = Drawn(states[kept], histories.lengths[some])
        pool = derive_seed(seed, "pool")
        count = min(_PER_REAL * len(histories.lengths), most)

        def make(item: tuple[int, pa.Table]) -> Drawn:
            lengths, events = self._grown(item[1], item[0], pool)
            return Drawn(events.states, lengths)

        numbers = range(-(-count // self.size))
        known = ((number, self.rows(number, self.size, None, pool)) for number in numbers)
        drawn = list(ahead(make, known))
        made = Drawn(
            np.concatenate([each.states for each in drawn]),
            np.concatenate([each.lengths for each in drawn]),
        )
        rng = generator(seed, "judges")
        return replace(self, choice=fit_choice(real, made, part.sizes, part.ordered, rng))

    @property
    def size(self) -> int:
        """The number of histories of a block, which depends on the model, the seed and its number.

        Of long histories there are fewer, so that one is not drawn with a thousand others.
        """
        most = int(np.log2(_EVENTS_OF_BLOCK / self.entities.longest))
        return int(2 ** np.clip(most, *_SIZES))

    @property
    def _pool(self) -> int:
        """The number of histories that are drawn for each one."""
        return 1 if self.choice is None else POOL

    def tables(self, n: int, given: Any, seed: int, start: int) -> Iterator[pa.Table]:
        """Yield the canonical rows of histories ``[start, start + n)``, block by block."""
        stop = start + n
        numbers = range(start // self.size, -(-stop // self.size))
        if self.windowed is not None:
            for number in numbers:
                begin, end = max(start - number * self.size, 0), stop - number * self.size
                yield self._whole(number, begin, min(end, self.size), seed)
            return

        def make(item: tuple[int, pa.Table]) -> pa.Table:
            number, rows = item
            begin = max(start - number * self.size, 0)
            end = min(stop - number * self.size, self.size)
            return self.block(rows, number, seed, begin, end)

        # Static rows come in order, and in this thread; events are drawn in others.
        each = self._pool * self.size
        known = ((number, self.rows(number, each, given, seed)) for number in numbers)
        yield from ahead(make, known)

    def _whole(self, number: int, begin: int, end: int, seed: int) -> pa.Table:
        """Return histories ``[begin, end)`` of a block whose events are generated as a whole."""
        windowed, first = self.windowed, number * self.size + begin
        assert windowed is not None
        rows = self.rows(number, self.size, None, seed).slice(begin, end - begin)
        rows = self.entities.numbered(rows, first, seed)
        entity = np.repeat(np.arange(len(rows)), windowed.window)
        events = windowed.events(len(rows), seed, first)
        columns = []
        for name in self.schema.names:
            if name == self.roles.time:
                steps = np.tile(np.arange(windowed.window), len(rows))
                whole = self.schema[name].kind is not Kind.CONTINUOUS
                even = whole or self.schema[name].decimals is not None
                start = np.full(len(steps), windowed.times.begin, np.int64 if even else float)
                raw = windowed.times.after(start, steps)
                columns.append(times(raw, self.schema[name], canonical_type(self.schema[name])))
            elif name == self.roles.entity:
                columns.append(flat(rows[name]).take(pa.array(entity)))
            else:
                columns.append(flat(events[name]))
        return pa.table(columns, names=list(self.schema.names))

    def rows(self, number: int, count: int, given: Any, seed: int) -> pa.Table:
        """Return the canonical static rows of a block."""
        seed = derive_seed(seed, "entities")
        tables = self.entities.rows._tables(count, given, None, seed, number * count)
        return pa.concat_tables(tables).unify_dictionaries().combine_chunks()

    def block(self, rows: pa.Table, number: int, seed: int, begin: int, end: int) -> pa.Table:
        """Return histories ``[begin, end)`` of a block, as canonical rows."""
        lengths, events = self._grown(rows, number, seed)
        if self.choice is None:
            chosen = np.arange(begin, end)
        else:
            start = float(generator(seed, "choice", number).random())
            chosen = self.choice.chosen(Drawn(events.states, lengths), self.size, start)
            chosen = chosen[begin:end]
        rows = rows.take(pa.array(chosen))
        rows = self.entities.numbered(rows, number * self.size + begin, seed)
        place = np.full(len(lengths), -1)
        place[chosen] = np.arange(len(chosen))
        kept = np.flatnonzero(place[events.entity] >= 0)
        return self._assembled(rows, place[events.entity[kept]], events, kept)

    def _grown(self, rows: pa.Table, number: int, seed: int) -> tuple[np.ndarray, Events]:
        """Return the lengths and the events of the histories with some static rows."""
        entities, names = self.entities, self.entities.names
        lengths = np.maximum(entities.numbers(rows, names.length).astype(np.int64), 1)
        first = None if self.roles.time is None else entities.numbers(rows, names.first)
        levels = [entities.numbers(rows, name) for name in names.levels]
        means = [entities.numbers(rows, name) for name in names.means]
        anchors = np.stack(means, axis=1) if means else np.zeros((len(rows), 0))
        wide = entities.wide(rows)
        growing = Growing(self.events, wide, lengths, first, levels, anchors)
        most = entities.longest * self._pool * self.size
        return lengths, growing.grown(seed, number, number * most)

    def _assembled(
        self, rows: pa.Table, entity: np.ndarray, events: Events, kept: np.ndarray
    ) -> pa.Table:
        """Return whole rows from static rows and events."""
        at, of_event = pa.array(entity), pa.array(kept)
        columns = []
        for name in self.schema.names:
            if name == self.roles.time:
                assert events.time is not None
                kind = flat(rows[self.entities.names.first]).type
                columns.append(times(events.time[kept], self.schema[name], kind))
            elif name in self.roles.dynamic:
                columns.append(flat(events.table[name]).take(of_event))
            else:
                columns.append(flat(rows[name]).take(at))
        return pa.table(columns, names=list(self.schema.names))

    def futures(self, past: Histories, steps: int, n: int, seed: int) -> pa.Table:
        """Return `n` futures of the history of one entity, as canonical rows."""
        known, length = past.table, int(past.lengths[0])
        entities, names = self.entities, self.entities.names
        changes, roles = self.events.changes, self.roles
        row, _ = static_rows(past, self.schema, roles.entity, roles.time, changes, names)
        at = row.schema.get_field_index(names.length)
        row = row.set_column(at, names.length, pa.array([length + steps]))
        rows = row.take(pa.array(np.zeros(n, np.int64))).unify_dictionaries().combine_chunks()
        raw = None
        if roles.time is not None:
            raw = ticks(flat(known[roles.time]), self.schema[roles.time])
        levels = [np.repeat(change.raw(flat(known[change.column]))[:1], n) for change in changes]
        first = None if raw is None else np.repeat(raw[:1], n)
        # The mean so far stands for that in the end.
        of_past = numbers_of(known, [change.column for change in changes])
        anchors = np.repeat(past.means(of_past), n, axis=0)
        growing = Growing(
            self.events, entities.wide(rows), np.full(n, length + steps), first, levels, anchors
        )
        for position in range(length):
            event = known.slice(position, 1).select(list(roles.dynamic))
            event = event.take(pa.array(np.zeros(n, np.int64))).combine_chunks()
            time = None if raw is None else np.repeat(raw[position], n)
            growing.observe(event, time, position=position)
        events = growing.grown(seed, 0, 0, begin=length)
        return self._assembled(rows, events.entity, events, np.arange(len(events.entity)))

    def empty(self) -> pa.Table:
        """Return no rows, canonical."""
        return canonical_schema(self.schema).empty_table()

    def whole_identifiers(self) -> frozenset[str]:
        """Return the columns of identifiers that are whole numbers."""
        encoders = (self.entities.rows.encoder_, self.events.events.encoder)
        return frozenset().union(*(encoder.whole_identifiers() for encoder in encoders))

    def state(self) -> Learned:
        """Return the model as plain values and arrays, static rows aside: see `_file`."""
        parts = {"entities": self.entities.state(), "events": self.events.state()}
        if self.choice is not None:
            parts["choice"] = self.choice.state()
        if self.windowed is not None:
            parts["windows"] = self.windowed.state()
        return Learned.joined({"transforms": [one.to_dict() for one in self.transforms]}, parts)

    @classmethod
    def from_state(cls, state: Learned, schema: Schema, roles: Roles, rows: Forest) -> HistoryModel:
        """Restore the model from its `state`; ValueError where that is damaged."""
        parts = state.parts()
        changes = [Change.from_dict(each) for each in parts["events"].values["changes"]]
        entities = EntityModel.from_state(parts["entities"], rows, changes, schema, roles)
        events = EventModel.from_state(parts["events"], entities.nothing(), roles.dynamic)
        choice = None
        if "choice" in parts:
            choice = HistoryChoice.from_state(parts["choice"], events.events.sizes)
        windowed = None
        if "windows" in parts:
            windowed = WindowModel.from_state(parts["windows"], roles.dynamic)
        found = tuple(map(FoundTransform.from_dict, state.values.get("transforms", ())))
        return cls(schema, roles, entities, events, choice, windowed, found)
