"""Conversion of the canonical table back to the caller's types and formats."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

from lookalike._core.errors import SchemaError
from lookalike.tables._schema import Column, Kind, Schema, TextForm
from lookalike.tables._storage import (
    cast_cells,
    is_number,
    is_text,
    plain_type,
    storage_type,
)
from lookalike.tables.identifiers._permutation import key, uniforms
from lookalike.tables.identifiers._permutation import words as random_words
from lookalike.tables.text._calendar_codes import write_codes
from lookalike.tables.text._date_patterns import split_days, write_dates
from lookalike.tables.text._durations import write_durations
from lookalike.tables.text._numbers import write_numbers
from lookalike.tables.values.arrow import flat

__all__ = ["render"]

_ISO = {
    Kind.DATE: "%Y-%m-%d",
    Kind.DATETIME: "%Y-%m-%dT%H:%M:%S",
    Kind.TIME: "%H:%M:%S",
    Kind.DURATION: "PT%sS",
}


def render(table: pa.Table, schema: Schema, *, encoded: bool = False) -> pa.Table:
    """Turn a canonical table into the types and formats of the caller's table.

    ``render(conform(table, schema), schema)`` equals `table`, except that columns are in the
    schema's order, missing cells are all marked the same way, and numbers and dates of several
    formats are written in the most common one.

    Parameters
    ----------
    table : pyarrow.Table, shape (rows, columns)
        A canonical table.
    schema : Schema
        The table's schema.
    encoded : bool
        Whether categories that are text may stay dictionaries, as `TableWriter` accepts them.

    Returns
    -------
    pyarrow.Table, shape (rows, columns)
        The table in the types `Column.storage`, apart from dictionaries.

    Raises
    ------
    SchemaError
        If a value does not fit its column's storage.

    Examples
    --------
    >>> from lookalike.tables import conform, infer_columns
    >>> table = pa.table({"paid": ["yes", "no", "no", None], "sum": ["$1,200", "$850", "$7", "?"]})
    >>> schema = infer_columns(table)
    >>> render(conform(table, schema), schema).equals(table)
    True
    """
    columns = []
    for column in schema.columns:
        try:
            values = flat(table[column.name])
            columns.append(_render_column(values, column, encoded=encoded))
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
            raise SchemaError(
                f"Column {column.name!r} must fit its type {column.storage}, but a value does not: "
                f"{error}."
            ) from error
    return pa.table(columns, names=list(schema.names))


def _render_column(values: pa.Array, column: Column, *, encoded: bool) -> pa.Array:
    storage = storage_type(column)
    plain = plain_type(storage)
    if pt.is_dictionary(values.type):  # each level is written once
        levels, indices = _cells(values.dictionary, plain, column), values.indices
        if _word(column) is not None and indices.null_count:
            levels = pa.concat_arrays([levels, pa.array([_word(column)], plain)])
            indices = pc.fill_null(indices, len(levels) - 1)
        # Two levels may be written the same; a dictionary holds each text once.
        if encoded and is_text(storage) and len(pc.unique(levels)) == len(levels):
            return pa.DictionaryArray.from_arrays(indices, levels)
        values = levels.take(indices)
    else:
        values = _cells(values, plain, column)
    return _marked(values, column, storage)


def _word(column: Column) -> str | None:
    """Return the word for a missing cell, if there is one."""
    return None if column.form is None else column.form.missing


def _cells(values: pa.Array, plain: pa.DataType, column: Column) -> pa.Array:
    """Return plain cells in the storage's plain type."""
    if is_text(plain) and not is_text(values.type):
        return pc.cast(_written(values, column), plain)
    if is_number(plain) and pt.is_temporal(values.type) and column.form and column.form.pattern:
        values = write_codes(values, column.form.pattern)
    return cast_cells(values, plain)


def _written(values: pa.Array, column: Column) -> pa.Array:
    form = column.form or TextForm()
    if pt.is_boolean(values.type):
        return pc.if_else(values, form.true or "true", form.false or "false")
    if is_number(values.type):
        return write_numbers(values, form)
    pattern = form.pattern or _ISO.get(column.kind, _ISO[Kind.DATE])
    if pt.is_duration(values.type):
        return write_durations(values, pattern)
    if form.as_number:
        return write_numbers(write_codes(values, pattern), form)
    if form.zones:
        words = write_dates(values, pattern.removesuffix("%z"))
        return pc.binary_join_element_wise(words, _zones_of(values, form), "")
    return write_dates(values, pattern)


def _zones_of(values: pa.Array, form: TextForm) -> pa.Array:
    """Return a time zone for every timestamp, by the shares of its month; equal ones agree."""
    days, nanoseconds = split_days(values)
    month = days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) % 12
    shares = np.array([of for _, of in form.zones])
    uniform = uniforms(
        random_words(days, key(0, "day")) ^ nanoseconds.astype(np.uint64), key(0, "zone")
    )
    # The first zone at which the cumulative shares of the month exceed the number.
    chosen = (np.cumsum(shares, axis=0)[:-1, month] <= uniform).sum(axis=0)
    return pa.array([zone for zone, _ in form.zones]).take(pa.array(chosen))


def _marked(values: pa.Array, column: Column, storage: pa.DataType) -> pa.Array:
    """Return cells with the word for a missing one, in the storage type."""
    word = _word(column)
    if word is not None and values.null_count:
        values = pc.fill_null(values, pa.scalar(word, values.type))
    if pt.is_dictionary(storage):
        return _as_dictionary(values, column, storage)
    return values if values.type == storage else pc.cast(values, storage)


def _as_dictionary(values: pa.Array, column: Column, storage: pa.DictionaryType) -> pa.Array:
    levels = pc.unique(values.drop_null())
    if column.categories is not None:
        known = pa.array(column.categories, values.type)
        levels = pa.concat_arrays([known, levels.filter(pc.invert(pc.is_in(levels, known)))])
    indices = pc.cast(pc.index_in(values, levels), storage.index_type)
    return pa.DictionaryArray.from_arrays(
        indices, levels.cast(storage.value_type), ordered=storage.ordered
    )
