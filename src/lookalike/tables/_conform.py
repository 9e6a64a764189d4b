"""Conversion of a caller's table to the canonical one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

from lookalike._core.errors import SchemaError, nearest
from lookalike.tables._arrow_types import check_columns
from lookalike.tables._schema import Column, Kind, Schema, TextForm
from lookalike.tables._storage import (
    canonical_type,
    cast_cells,
    is_number,
    is_text,
    level_type,
    plain_column,
    plain_type,
    storage_type,
)
from lookalike.tables.text._calendar_codes import read_codes
from lookalike.tables.text._date_patterns import zone_minutes
from lookalike.tables.text._parse import Misfit, parse, whole_days

__all__ = ["check_cells", "conform"]

#: The number of cells sampled to see whether they repeat.
_FEW = 1000
_NOUNS = {
    Kind.CONTINUOUS: "numbers",
    Kind.INTEGER: "whole numbers",
    Kind.BOOLEAN: "yes or no",
    Kind.DATETIME: "dates with times",
    Kind.DATE: "dates",
    Kind.TIME: "times of day",
    Kind.DURATION: "durations",
}


def conform(table: pa.Table, schema: Schema) -> pa.Table:
    """Turn a table into its canonical form: the columns, in order, of one type per kind.

    The table may differ from the one that the schema was inferred from: columns in another order,
    numbers instead of text or the reverse, other integer types, with or without dictionaries.

    Parameters
    ----------
    table : pyarrow.Table, shape (rows, columns)
        The table; it may have no rows.
    schema : Schema
        The table's schema.

    Returns
    -------
    pyarrow.Table, shape (rows, columns)
        The table in the types of `lookalike.tables.canonical_schema`; missing cells are nulls.

    Raises
    ------
    SchemaError
        If columns are missing or unknown, or a value is not of its column's kind.

    Examples
    --------
    >>> from lookalike.tables import infer_columns
    >>> table = pa.table({"price": ["$1,200", "$850", "?"]})
    >>> conform(table, infer_columns(table))["price"].to_pylist()
    [1200, 850, None]
    """
    _check_names(table.column_names, schema.names)
    check_columns(table.column_names, table.schema.types, "the table", SchemaError)
    columns = [_conform_column(table[column.name], column) for column in schema.columns]
    return pa.table(columns, names=list(schema.names))


def check_cells(cells: pa.Array, column: Column) -> None:
    """Check that all cells of a column are of its kind.

    Parameters
    ----------
    cells : pyarrow.Array
        The cells, of a plain type.
    column : Column
        The column.

    Raises
    ------
    SchemaError
        If one of them is not.
    """
    _conform_column(pa.chunked_array([cells]), column)


def _check_names(names: Sequence[str], known: Sequence[str]) -> None:
    missing = [name for name in known if name not in set(names)]
    extra = [name for name in names if name not in set(known)]
    if not missing and not extra:
        return
    faults = []
    for some, words, others in (
        (missing, "lacks", extra or names),
        (extra, "does not know", missing or known),
    ):
        if some:
            subject = "the table" if words == "lacks" else "the schema"
            listed = ", ".join(map(repr, some[:5])) + (", …" if len(some) > 5 else "")
            faults.append(f"{subject} {words} {listed}.{nearest(some[0], others)}")
    raise SchemaError(f"A table must have the columns of its schema: {' '.join(faults)}")


def _conform_column(values: pa.ChunkedArray, column: Column) -> pa.Array:
    cells = plain_column(values)
    target = canonical_type(column)
    try:
        if column.kind is Kind.CATEGORICAL:
            return _levels(_converted(cells, level_type(column), column), column)
        converted = _converted(cells, target, column)
    except Misfit as misfit:
        noun = _NOUNS.get(column.kind, f"values of type {target}")
        raise SchemaError(
            f"Column {column.name!r} must hold {noun}, but has {misfit}. Fix or remove such rows, "
            "or choose another kind for the column."
        ) from misfit
    if column.kind is Kind.CONTINUOUS:
        return _rounded(converted, column)
    return converted


def _converted(cells: pa.Array, target: pa.DataType, column: Column) -> pa.Array:
    """Return cells of any plain type as cells of the target type."""
    form = column.form or TextForm()
    if pt.is_null(cells.type) or pt.is_null(target):
        return _nothing(cells, target)
    if is_text(cells.type):
        if is_text(target):
            return pc.cast(_without_marker(cells, form), target)
        return _parsed(cells.cast(pa.string()), target, form)
    if pt.is_floating(cells.type):
        cells = _finite(cells)
    if is_text(target):
        return _as_text(cells, target)
    if pt.is_boolean(target) and not pt.is_boolean(cells.type):
        return _as_boolean(cells)
    if pt.is_timestamp(cells.type):
        cells = _in_zone(cells, target, form)
        if pt.is_date32(target):
            return whole_days(cells)
    if is_number(cells.type) and pt.is_temporal(target) and form.as_number and form.pattern:
        return _dated(cells, target, form.pattern)
    if is_number(cells.type) and pt.is_temporal(target):
        return parse(_as_text(cells, pa.string()), target, form)
    return _cast(cells, target)


def _parsed(words: pa.Array, target: pa.DataType, form: TextForm) -> pa.Array:
    """Parse words; where they repeat, each distinct one once."""
    few = words[:_FEW]
    if 2 * pc.count_distinct(few).as_py() > len(few):
        return parse(words, target, form)
    coded = words.dictionary_encode()
    return parse(coded.dictionary, target, form).take(coded.indices)


def _nothing(cells: pa.Array, target: pa.DataType) -> pa.Array:
    if cells.null_count < len(cells):
        raise Misfit.of(cells.drop_null()[0])
    return pa.nulls(len(cells), target)


def _without_marker(cells: pa.Array, form: TextForm) -> pa.Array:
    if form.missing is None:
        return cells
    marked = pc.equal(cells, pa.scalar(form.missing, cells.type))
    return pc.if_else(marked, pa.scalar(None, cells.type), cells)


def _finite(cells: pa.Array) -> pa.Array:
    """Return floats with nulls for NaN; reject infinite ones."""
    if pt.is_float16(cells.type):
        cells = pc.cast(cells, pa.float32())
    infinite = pc.is_inf(cells)
    if pc.any(infinite).as_py():
        raise Misfit("infinite numbers")
    nan = pc.is_nan(cells)
    return pc.if_else(nan, pa.scalar(None, cells.type), cells) if pc.any(nan).as_py() else cells


def _in_zone(cells: pa.Array, target: pa.DataType, form: TextForm) -> pa.Array:
    """Return timestamps with a time zone as local time, where the column has no zone."""
    if cells.type.tz is None or (pt.is_timestamp(target) and target.tz is not None):
        return cells
    clock = pc.cast(cells, pa.timestamp(cells.type.unit))
    minutes = zone_minutes(form.pattern or "")
    return pc.add(clock, pa.scalar(timedelta(minutes=minutes))) if minutes else clock


def _as_text(cells: pa.Array, target: pa.DataType) -> pa.Array:
    if pt.is_floating(cells.type) or pt.is_decimal(cells.type):
        # Codes such as 2139.0, which became floats because of a missing cell.
        words = pc.cast(cells, pa.string())
        return pc.cast(pc.replace_substring_regex(words, r"\.0+$", ""), target)
    return pc.cast(cells, target)


def _as_boolean(cells: pa.Array) -> pa.Array:
    if not is_number(cells.type):
        raise Misfit.of(cells.drop_null()[0]) if cells.null_count < len(cells) else Misfit("dates")
    numbers = pc.cast(cells, pa.float64(), safe=False)
    others = pc.invert(pc.is_in(numbers, pa.array([0.0, 1.0, None])))
    if pc.any(others).as_py():
        raise Misfit.of(cells.filter(others)[0])
    return pc.equal(numbers, 1.0)


def _dated(cells: pa.Array, target: pa.DataType, pattern: str) -> pa.Array:
    """Return the dates or times that whole numbers encode."""
    numbers = _cast(cells, pa.int64())
    values = read_codes(numbers, pattern)
    wrong = pc.and_(values.is_null(), numbers.is_valid())
    if pc.any(wrong).as_py():
        raise Misfit.of(numbers.filter(wrong)[0])
    return _cast(values, target)


def _cast(cells: pa.Array, target: pa.DataType) -> pa.Array:
    if cells.type == target:
        return cells
    try:
        return cast_cells(cells, target)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise Misfit.of(_first_misfit(cells, target)) from error


def _first_misfit(cells: pa.Array, target: pa.DataType) -> pa.Scalar:
    """Return the first cell that cannot be cast."""
    cells = cells.drop_null()
    low, high = 0, len(cells)
    while high - low > 1:
        middle = (low + high) // 2
        try:
            pc.cast(cells[low:middle], target)
            low = middle
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            high = middle
    return cells[low]


def _rounded(values: pa.Array, column: Column) -> pa.Array:
    """Return float32 numbers rounded to the decimals in which they were written."""
    plain = plain_type(storage_type(column))
    if column.decimals is None or not (pt.is_float32(plain) or pt.is_float16(plain)):
        return values
    floats = values.to_numpy(zero_copy_only=False)
    missing = values.is_null().to_numpy(zero_copy_only=False)
    return pa.array(np.round(floats, column.decimals), mask=missing)


def _levels(cells: pa.Array, column: Column) -> pa.Array:
    """Return cells as a dictionary, the declared categories first and in their order."""
    if column.categories is None:
        return cells.dictionary_encode()
    known = pa.array(column.categories, cells.type)
    seen = pc.unique(cells).drop_null()
    unseen = seen.filter(pc.invert(pc.is_in(seen, known)))
    levels = pa.concat_arrays([known, unseen])
    return pa.DictionaryArray.from_arrays(pc.index_in(cells, levels), levels)
