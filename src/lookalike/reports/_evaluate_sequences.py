"""`evaluate` for tables whose rows follow each other: histories of entities, or series."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pyarrow as pa

from lookalike._core.errors import DataError, ParameterError, SchemaError, nearest
from lookalike.metrics import Score
from lookalike.metrics.sequences import (
    SequenceDetectionDetails,
    SequenceOrder,
    SequencePair,
    SequenceUnits,
    as_units,
)
from lookalike.reports._courses import courses, transition_tables
from lookalike.reports._marginals import marginal
from lookalike.reports._summary import Marginal, SequenceSummary
from lookalike.tables import Column, Kind, Schema, conform, infer_columns

__all__ = ["compared_schema", "paired", "sequence_order", "sequence_summary"]

#: The blocks of a single series whose length is not given: as published windows; or shorter, for
#: at least so many of them.
_WINDOW = 24
_SHORTEST = 8
_BLOCKS = 40
#: What a column of times may be where inference takes it for something else.
_TIMES = (Kind.CONTINUOUS, Kind.DATETIME, Kind.DATE)
#: The most columns that are drawn.
_MOST_DRAWN = 24


def sequence_order(
    tables: Mapping[str, pa.Table], entity: str | None, time: str | None, window: int | None
) -> SequenceOrder | None:
    """Return how rows belong together; None where the caller names nothing of the kind.

    Raises
    ------
    ParameterError
        If a column does not exist, or the window is no length.
    SchemaError
        If a table lacks the column of entities.
    """
    if entity is None and time is None and window is None:
        return None
    if window is not None and (isinstance(window, bool) or not isinstance(window, int)):
        raise ParameterError(f"window must be a whole number of events; got {window!r}.")
    if window is not None and window < 2:
        raise ParameterError(f"window must be 2 events or more; got {window}.")
    if entity is not None and entity == time:
        raise ParameterError(f"entity and time must be two columns; both are {entity!r}.")
    known = {name for table in tables.values() for name in table.column_names}
    # A series without entities may be compared with windows that have numbers.
    if entity is not None and entity not in (known if window else tables["real"].column_names):
        raise ParameterError(_unknown("entity", entity, tables["real"]))
    if time is not None and time not in tables["real"].column_names:
        raise ParameterError(_unknown("time", time, tables["real"]))
    for words, table in tables.items():
        if entity is not None and window is None and entity not in table.column_names:
            raise SchemaError(
                f"Every table needs the column of entities; the {words} one has no {entity!r}."
                f"{nearest(entity, table.column_names)}"
            )
    if entity is None and window is None:
        rows = min(len(table) for table in tables.values())
        window = int(np.clip(rows // _BLOCKS, _SHORTEST, _WINDOW))
    return SequenceOrder(entity, time, window)


def _unknown(role: str, name: str, table: pa.Table) -> str:
    return f"{role} must be a column; there is no {name!r}.{nearest(name, table.column_names)}"


def _without(schema: Schema, *names: str | None) -> Schema:
    kept = tuple(column for column in schema.columns if column.name not in names)
    return Schema(kept, (), schema.rows)


def _with_time(real: pa.Table, schema: Schema, time: str | None) -> Schema:
    """Return the schema with a column of times that is one: few numbers look like levels."""
    if time is None or schema[time].kind.is_numeric:
        return schema
    for kind in _TIMES:
        try:
            column = infer_columns(real.select([time]), {time: kind})[time]
            conform(real.select([time]), Schema((column,), (), schema.rows))
        except (ParameterError, SchemaError):
            continue
        return schema.with_column(column)
    return schema


def compared_schema(schema: Schema, order: SequenceOrder) -> Schema:
    """Return the schema of the cells that are compared, without entities and times."""
    return _without(schema, order.entity, order.time)


def paired(
    tables: Mapping[str, pa.Table],
    schema: Schema,
    order: SequenceOrder,
    canonical: Callable[[pa.Table, Schema, str], pa.Table],
    seed: int,
) -> SequencePair:
    """Sort the events of all tables by entity and time.

    Parameters
    ----------
    tables : mapping of str to pyarrow.Table
        As they came: ``"real"``, ``"synthetic"`` and perhaps ``"held-out"``.
    schema : Schema
        The real table's.
    order : SequenceOrder
        How rows belong together.
    canonical : callable
        Takes a table, its schema and its name; returns the canonical table.
    seed : int
        The seed of the evaluation.
    """
    events = _without(_with_time(tables["real"], schema, order.time), order.entity)
    found: dict[str, SequenceUnits] = {}
    for words, table in tables.items():
        entities = None
        if order.entity is not None and order.entity in table.column_names:
            entities = table[order.entity]
            table = table.drop_columns([order.entity])
        cells = canonical(table, events, words)
        found[words] = as_units(cells, events, order, words, entities=entities, seed=seed)
    if len(found["real"]) < 2:
        noun = "entities" if order.window is None else "blocks"
        raise DataError(
            f"An evaluation of sequences needs two {noun} or more; the real table has "
            f"{len(found['real'])}."
            + (" Give a window to cut a long history into blocks." if order.window is None else "")
        )
    compared = compared_schema(schema, order)
    return SequencePair.of(found["real"], found["synthetic"], compared, found.get("held-out"), seed)


def sequence_summary(pair: SequencePair, scores: Mapping[str, Score]) -> SequenceSummary:
    """Describe how events follow each other, for a page."""
    real, synthetic = pair.units
    families = [
        s.details for s in scores.values() if isinstance(s.details, SequenceDetectionDetails)
    ]
    numeric = _worst_first(pair.numeric, scores)
    discrete = tuple(name for name in pair.codebook.discrete if name not in pair.static)
    return SequenceSummary(
        unit=real.order.unit,
        entity=real.order.entity,
        time=real.order.time,
        window=real.order.window,
        real_units=len(real),
        synthetic_units=len(synthetic),
        holdout_units=None if pair.test_units is None else len(pair.test_units),
        static=pair.static,
        courses=courses(pair, numeric[:_MOST_DRAWN]),
        transitions=transition_tables(pair, _worst_first(discrete, scores)[:_MOST_DRAWN]),
        marginals=tuple(_counts(real, synthetic)),
        families=next((one.families for one in families if one.families), ()),
    )


def _worst_first(names: tuple[str, ...], scores: Mapping[str, Score]) -> tuple[str, ...]:
    """Sort columns by how far the scores of order fall short in them."""
    short = dict.fromkeys(names, 0.0)
    for key in ("autocorrelation", "coherence", "transitions"):
        score = scores.get(key)
        for entry in () if score is None else score.details.columns:
            if entry.column in short and score is not None:
                best = entry.ceiling if entry.ceiling is not None else score.best or 0.0
                sign = 1.0 if score.direction == "lower" else -1.0
                short[entry.column] += sign * (entry.value - best)
    return tuple(sorted(names, key=lambda name: -short[name]))


def _counts(real: SequenceUnits, synthetic: SequenceUnits) -> list[Marginal]:
    """Describe the distributions of lengths and gaps."""
    found = []
    parts = []
    if real.order.window is None:
        lengths = [one.lengths.astype(np.float64) for one in (real, synthetic)]
        parts.append(("events of a history", Kind.INTEGER, lengths))
    if real.order.time is not None:
        parts.append(("time to the next event", Kind.CONTINUOUS, _gaps(real, synthetic)))
    for name, kind, values in parts:
        column = Column(name, kind, "double")
        cells = [pa.chunked_array([pa.array(one)]) for one in values]
        try:
            found.append(marginal(column, *cells))
        except (ValueError, ArithmeticError, IndexError) as error:
            found.append(Marginal(name, note=f"Not drawn: {str(error).rstrip('.')}."))
    return found


def _gaps(real: SequenceUnits, synthetic: SequenceUnits) -> list[np.ndarray]:
    """Return gaps in a unit that is easy to read: days for dates, else that of the column."""
    kind = real.table.schema.field(real.order.time).type
    # Dates are counted in days, dates with times in microseconds.
    scale = 8.64e10 if pa.types.is_timestamp(kind) else 1.0
    return [one.gaps / scale for one in (real, synthetic)]
