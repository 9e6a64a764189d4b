"""Histories: the rows of a table by entity, in the order of time, and which columns are static."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Float, Int

from lookalike._core.errors import DataError, ParameterError, SchemaError, nearest
from lookalike.sequences._clock import EventClock, ticks
from lookalike.tables import Column, Kind, Schema, conform, infer_columns
from lookalike.tables.values.arrow import flat, plain

__all__ = ["Histories", "collect", "count_ties", "schema_of_histories"]

#: The most columns that an error lists.
_SHOWN = 12
#: The kinds that times may have, in the order in which they are tried.
_TIMES = (Kind.DATETIME, Kind.DATE, Kind.INTEGER, Kind.CONTINUOUS, Kind.DURATION, Kind.TIME)


@dataclass(frozen=True)
class Histories:
    """The events of several entities, one entity after the other, each in the order of time.

    Parameters
    ----------
    table : pyarrow.Table
        Canonical.
    lengths : ndarray of int, shape (entities,)
        The number of events of each.
    static, dynamic : tuple of str
        The columns that are constant within every entity, and the others; without the entity and
        the time.
    """

    table: pa.Table
    lengths: Int[np.ndarray, " entities"]
    static: tuple[str, ...]
    dynamic: tuple[str, ...]

    @property
    def starts(self) -> Int[np.ndarray, " entities"]:
        """The position of the first event of each entity."""
        return np.asarray(np.cumsum(self.lengths) - self.lengths)

    def means(
        self, values: Float[np.ndarray, "events columns"]
    ) -> Float[np.ndarray, "entities columns"]:
        """Return the mean of numbers in each history."""
        return np.asarray(np.add.reduceat(values, self.starts) / self.lengths[:, None])

    @property
    def positions(self) -> Int[np.ndarray, " events"]:
        """The number of each event within its history, from 0."""
        return np.asarray(np.arange(len(self.table)) - np.repeat(self.starts, self.lengths))

    def clock(self, time: str, column: Column) -> tuple[np.ndarray, EventClock]:
        """Return the times of all events as ticks, and their form.

        Parameters
        ----------
        time : str
            The column of times.
        column : Column
            Its entry in the schema.
        """
        cells = flat(self.table[time])
        raw = ticks(cells, column)
        return raw, EventClock.fit(raw, np.flatnonzero(self.positions > 0), cells.type)


def schema_of_histories(
    table: pa.Table,
    entity: str | None,
    time: str | None,
    kinds: Mapping[str, Kind | str] | None,
    target: str | None,
) -> Schema:
    """Infer the kinds of columns, with an entity that is an identifier and times that are times.

    There are no dependences: those between events are found where events are learned.

    Raises
    ------
    DataError
        If there is no such column, or its cells cannot be used.
    """
    for role, name in (("entity", entity), ("time", time), ("target", target)):
        if name is not None and name not in table.column_names:
            known = ", ".join(map(repr, table.column_names[:_SHOWN]))
            hint = nearest(name, table.column_names) or f" The columns are: {known}."
            raise DataError(f"{role}= must name a column, but there is no {name!r}.{hint}")
    if entity is not None and entity == time:
        raise DataError(f"entity= and time= must be two columns; got {entity!r} for both.")
    chosen = dict(kinds or {})
    if entity is not None:
        chosen[entity] = Kind.IDENTIFIER
    if time is not None and time not in chosen:
        chosen[time] = _kind_of_times(table.select([time]))
    schema = infer_columns(table, chosen)
    if time is not None and schema[time].kind not in _TIMES:
        raise DataError(
            f"Times must be dates, datetimes or numbers, but kinds= makes {time!r} "
            f"{schema[time].kind.value}."
        )
    for name in (entity, time):
        if name is not None and schema[name].missing:
            what = "entity" if name == entity else "time"
            raise DataError(
                f"Every event must have its {what}, but column {name!r} has "
                f"{schema[name].missing:,} missing cells. Drop or fill these rows."
            )
    return schema


def _kind_of_times(table: pa.Table) -> Kind:
    """Return the kind of a column of times."""
    guessed = infer_columns(table).columns[0]
    if guessed.kind in _TIMES:
        return guessed.kind
    for kind in _TIMES:
        try:
            infer_columns(table, {guessed.name: kind})
        except (DataError, ParameterError, SchemaError):
            continue
        return kind
    raise DataError(
        "Times must be dates, datetimes or numbers, but column "
        f"{guessed.name!r} is {guessed.kind.value} ({guessed.why}). Name another column, or "
        "leave time= out if rows are in order."
    )


def collect(
    table: pa.Table,
    schema: Schema,
    entity: str | None,
    time: str | None,
    static: Collection[str] | None,
) -> Histories:
    """Bring the rows of each entity together, in the order of time.

    Events of one entity at one time stay in the order of their rows.

    Parameters
    ----------
    table : pyarrow.Table
        The caller's rows.
    schema : Schema
    entity : str or None
        None if all rows are one series, which has no static columns.
    time : str or None
        None if the rows of each entity are in order.
    static : collection of str or None
        The columns that are constant within entities; None to find them.

    Raises
    ------
    DataError
        If a named static column is not constant within entities.
    """
    canonical = conform(table, schema)
    codes = np.zeros(len(canonical), np.int64) if entity is None else _codes(canonical[entity])
    keys = [np.arange(len(codes)), codes]
    if time is not None:
        keys.insert(1, ticks(flat(canonical[time]), schema[time]))
    canonical = canonical.take(pa.array(np.lexsort(keys)))
    lengths = np.bincount(codes)
    others = [name for name in schema.names if name not in (entity, time)]
    constant = [name for name in others if _is_constant(canonical[name], lengths)]
    if entity is None:
        if static:
            raise ParameterError("static= is for histories of entities: give entity=, too.")
        return Histories(canonical, lengths, (), tuple(others))
    if static is not None:
        _check_static(static, others, constant, entity)
        constant = [name for name in others if name in static]
    dynamic = tuple(name for name in others if name not in constant)
    return Histories(canonical, lengths, tuple(constant), dynamic)


def _codes(column: pa.ChunkedArray) -> Int[np.ndarray, " rows"]:
    """Return the number of each cell's value, in the order of first appearance."""
    return np.asarray(pc.dictionary_encode(flat(column)).indices.to_numpy(zero_copy_only=False))


def _is_constant(column: pa.ChunkedArray, lengths: np.ndarray) -> bool:
    """Return whether the cells of each entity are equal; missing ones are equal to each other."""
    codes = pc.dictionary_encode(plain(flat(column)), null_encoding="encode").indices
    codes = np.asarray(codes.to_numpy(zero_copy_only=False))
    first = np.repeat(codes[np.cumsum(lengths) - lengths], lengths)
    return bool((codes == first).all())


def _check_static(
    static: Collection[str], others: Sequence[str], constant: Sequence[str], entity: str
) -> None:
    for name in static:
        if name not in others:
            raise DataError(
                f"static= must name columns, but there is no {name!r}.{nearest(name, others)}"
            )
        if name not in constant:
            raise DataError(
                f"A static column must have one value for each {entity!r}, but {name!r} changes "
                "within some. Leave it out of static=."
            )


def count_ties(histories: Histories, schema: Schema, time: str) -> int:
    """Return the number of events that have the time of the event before them."""
    raw = ticks(flat(histories.table[time]), schema[time])
    return int(np.sum((np.diff(raw) == 0) & (histories.positions[1:] > 0)))
