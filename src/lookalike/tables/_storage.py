"""The storage type and the canonical type of a column in Arrow, and casts between them.

The canonical type of a kind:

=================  =================================================================
continuous         float64, never NaN
integer            int64
categorical        dictionary<int32> of string, int64, float64, bool or a temporal type
boolean            bool
datetime           the storage's timestamp; timestamp[us] (or [ns]) where stored as text
date, time         date32, time64[us]
duration           duration[us]
identifier, text,  the storage's own type, never a dictionary or a view
constant
=================  =================================================================

A missing cell is a null, however it was written.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

from lookalike._core.errors import DataError
from lookalike.tables._arrow_types import parse_type
from lookalike.tables._schema import Column, Kind, Schema
from lookalike.tables.values.arrow import flat

__all__ = [
    "canonical_schema",
    "canonical_type",
    "cast_cells",
    "check_storage",
    "is_number",
    "is_text",
    "level_type",
    "plain_column",
    "plain_type",
    "storage_type",
]

_DECIMAL_BITS = 128
_FIXED = {
    Kind.CONTINUOUS: pa.float64(),
    Kind.INTEGER: pa.int64(),
    Kind.BOOLEAN: pa.bool_(),
    Kind.DATE: pa.date32(),
    Kind.TIME: pa.time64("us"),
    Kind.DURATION: pa.duration("us"),
}


def is_text(arrow: pa.DataType) -> bool:
    """Return whether the cells of a plain type are text."""
    return bool(pt.is_string(arrow) or pt.is_large_string(arrow) or pt.is_string_view(arrow))


def is_number(arrow: pa.DataType) -> bool:
    """Return whether the cells of a plain type are numbers."""
    return bool(pt.is_integer(arrow) or pt.is_floating(arrow) or pt.is_decimal(arrow))


def check_storage(name: str, arrow: pa.DataType) -> None:
    """Check that columns of a type can be used.

    Raises
    ------
    DataError
        If they hold bytes or calendar intervals.
    """
    plain = arrow.value_type if pt.is_dictionary(arrow) else arrow
    if is_text(plain) or is_number(plain) or pt.is_boolean(plain) or pt.is_null(plain):
        return
    if pt.is_date(plain) or pt.is_time(plain) or pt.is_timestamp(plain) or pt.is_duration(plain):
        return
    raise DataError(
        f"A column must hold numbers, text, booleans, dates or times: column {name!r} is of type "
        f"{arrow}. Leave it out, or turn it into text."
    )


def storage_type(column: Column) -> pa.DataType:
    """Return the Arrow type in which the caller's table holds a column."""
    return parse_type(column.storage)


def plain_type(arrow: pa.DataType) -> pa.DataType:
    """Return the type of the cells: a dictionary's values, string for a view of strings.

    Decimals of 32 and 64 bits, for which Arrow has few functions, become 128 bits wide.
    """
    plain = arrow.value_type if pt.is_dictionary(arrow) else arrow
    if pt.is_decimal(plain) and plain.bit_width < _DECIMAL_BITS:
        return pa.decimal128(plain.precision, plain.scale)
    return pa.string() if pt.is_string_view(plain) else plain


def plain_column(column: pa.ChunkedArray) -> pa.Array:
    """Return a column as one array of its plain type."""
    arrow = plain_type(column.type)
    return flat(column if column.type == arrow else column.cast(arrow))


def level_type(column: Column) -> pa.DataType:
    """Return the type of a categorical column's levels.

    Numbers written as text have `Column.decimals`: their levels are numbers.
    """
    plain = plain_type(storage_type(column))
    if is_text(plain):
        if column.decimals is None:
            return pa.string()
        return pa.float64() if column.decimals else pa.int64()
    if pt.is_integer(plain) and not pt.is_uint64(plain):
        return pa.int64()
    return pa.float64() if pt.is_floating(plain) or pt.is_decimal(plain) else plain


def canonical_type(column: Column) -> pa.DataType:
    """Return the canonical Arrow type of a column.

    Parameters
    ----------
    column : Column
        The column.

    Returns
    -------
    pyarrow.DataType
        See the table at the top of this module.

    Examples
    --------
    >>> canonical_type(Column("age", Kind.INTEGER, "uint8"))
    DataType(int64)
    """
    if column.kind in _FIXED:
        return _FIXED[column.kind]
    if column.kind is Kind.CATEGORICAL:
        return pa.dictionary(pa.int32(), level_type(column))
    plain = plain_type(storage_type(column))
    if column.kind is Kind.DATETIME and not pt.is_timestamp(plain):
        return pa.timestamp("ns" if column.unit == "ns" else "us")
    return plain


def canonical_schema(schema: Schema) -> pa.Schema:
    """Return the Arrow schema of a canonical table.

    Parameters
    ----------
    schema : Schema
        The table's schema.

    Returns
    -------
    pyarrow.Schema
        The same names with the types of `canonical_type`.

    Examples
    --------
    >>> canonical_schema(Schema((Column("age", Kind.INTEGER, "string"),)))
    age: int64
    """
    return pa.schema([pa.field(c.name, canonical_type(c)) for c in schema.columns])


def cast_cells(values: pa.Array, arrow: pa.DataType) -> pa.Array:
    """Cast cells between plain types, without loss except for the rounding of floats.

    Raises
    ------
    pyarrow.ArrowInvalid
        If a value does not fit.
    """
    if values.type == arrow:
        return values
    if pt.is_boolean(values.type) and not pt.is_integer(arrow):
        values = pc.cast(values, pa.int8())
    # By text where Arrow has no cast, rounds wrongly, or needs more digits.
    whole = pt.is_integer(values.type)
    if (pt.is_decimal(values.type) and pt.is_floating(arrow)) or (whole and pt.is_decimal(arrow)):
        values = pc.cast(values, pa.string())
    return pc.cast(values, arrow, safe=not (whole and pt.is_floating(arrow)))
