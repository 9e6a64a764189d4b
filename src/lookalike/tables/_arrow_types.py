"""Arrow types as text and back, casts with errors that name the column, values as JSON."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

from lookalike._core.errors import DataError

__all__ = ["cast_column", "check_columns", "from_json", "is_flat", "parse_type", "to_json"]

_DICTIONARY = re.compile(r"dictionary<values=(.+), indices=(\w+), ordered=([01])>")
_PATTERNS: tuple[tuple[re.Pattern[str], Callable[..., pa.DataType]], ...] = (
    (re.compile(r"timestamp\[(\w+), tz=(.+)\]"), pa.timestamp),
    # A null takes as much memory as a value of fixed width: no more than 64 kB.
    (re.compile(r"fixed_size_binary\[(\d{1,5})\]"), lambda width: pa.binary(int(width))),
    (
        re.compile(r"decimal(32|64|128|256)\((\d+), (-?\d+)\)"),
        lambda bits, precision, scale: getattr(pa, f"decimal{bits}")(int(precision), int(scale)),
    ),
)


def parse_type(text: str) -> pa.DataType:
    """Parse the name of a flat Arrow type, as ``str(type)`` writes it.

    Parameters
    ----------
    text : str
        Such as ``"timestamp[us, tz=UTC]"``.

    Returns
    -------
    pyarrow.DataType
        The type.

    Raises
    ------
    DataError
        If there is no such flat type.

    Examples
    --------
    >>> parse_type("decimal128(10, 2)")
    Decimal128Type(decimal128(10, 2))
    """
    dictionary = _DICTIONARY.fullmatch(text)
    try:
        if dictionary:
            values, indices, ordered = dictionary.groups()
            return pa.dictionary(parse_type(indices), parse_type(values), ordered == "1")
        for pattern, make in _PATTERNS:
            match = pattern.fullmatch(text)
            if match:
                return make(*match.groups())
        return pa.type_for_alias(text)
    except (ValueError, TypeError, AttributeError) as error:
        raise DataError(f"There is no flat Arrow type {text!r}.") from error


def is_flat(arrow: pa.DataType) -> bool:
    """Return whether a column of this type has one plain value in each cell."""
    if pt.is_dictionary(arrow):
        return is_flat(arrow.value_type) and not pt.is_dictionary(arrow.value_type)
    try:
        return bool(parse_type(str(arrow)) == arrow)
    except DataError:
        return False


def check_columns(
    names: Sequence[str],
    types: Sequence[pa.DataType],
    where: str,
    error: type[DataError] = DataError,
) -> None:
    """Check that columns have distinct, non-empty names and flat types.

    Parameters
    ----------
    names : sequence of str
        The columns' names.
    types : sequence of pyarrow.DataType
        Their types.
    where : str
        The columns' table, as the subject of a sentence.
    error : type
        The class of error to raise.

    Raises
    ------
    DataError
        Of class `error`, naming the first column that breaks a rule.
    """
    check_names(names, where, error)
    for name, arrow in zip(names, types, strict=True):
        if not is_flat(arrow):
            raise error(
                f"A column must hold one plain value in each cell: {where} has a column {name!r} "
                f"of type {arrow}. Split it into plain columns, or leave it out."
            )


def check_names(names: Sequence[str], where: str, error: type[DataError] = DataError) -> None:
    """Check that columns have distinct, non-empty names; see `check_columns`."""
    seen: dict[str, int] = {}
    for position, name in enumerate(names, 1):
        if name == "":
            raise error(
                f"Every column must have a name: {where} has none for column {position} of "
                f"{len(names)}. Name it, or leave it out (a saved row index, for example)."
            )
        if name in seen:
            raise error(
                f"Column names must differ: {where} has the name {name!r} for columns "
                f"{seen[name]} and {position}. Rename one of them."
            )
        seen[name] = position


def cast_column(column: pa.ChunkedArray, arrow: pa.DataType, name: str) -> pa.ChunkedArray:
    """Cast a column without loss, dictionaries included.

    Parameters
    ----------
    column : pyarrow.ChunkedArray, shape (n,)
        The column.
    arrow : pyarrow.DataType
        The type to cast to.
    name : str
        The column's name, for the message.

    Returns
    -------
    pyarrow.ChunkedArray, shape (n,)
        The column in that type.

    Raises
    ------
    DataError
        If a value does not fit the type.
    """
    if column.type == arrow:
        return column
    try:
        if pt.is_dictionary(arrow):
            chunks = [_as_dictionary(chunk, arrow) for chunk in column.chunks]
            return pa.chunked_array(chunks, type=arrow)
        if pt.is_dictionary(column.type):
            column = column.cast(column.type.value_type)
        return column.cast(arrow)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise DataError(
            f"The values of column {name!r} must fit the type {arrow}, but some of the "
            f"{column.type} values do not: {error}."
        ) from error


def _as_dictionary(chunk: pa.Array, arrow: pa.DictionaryType) -> pa.DictionaryArray:
    if not pt.is_dictionary(chunk.type):
        chunk = chunk.cast(arrow.value_type).dictionary_encode()
    return pa.DictionaryArray.from_arrays(
        chunk.indices.cast(arrow.index_type),
        chunk.dictionary.cast(arrow.value_type),
        ordered=arrow.ordered,
    )


def to_json(values: pa.Array) -> list[Any]:
    """Return the values of a flat array as JSON-ready ones; `from_json` restores them exactly."""
    kind = values.type
    if pt.is_floating(kind) or pt.is_decimal(kind):
        values = values.cast(pa.string())
    elif pt.is_temporal(kind):
        values = values.cast(_integer_of(kind))
    return list(values.to_pylist())


def from_json(values: Sequence[Any], arrow: pa.DataType) -> pa.Array:
    """Restore an array of type `arrow` from `to_json`."""
    if pt.is_floating(arrow) or pt.is_decimal(arrow):
        return pc.cast(pa.array(values, pa.string()), arrow)
    if pt.is_temporal(arrow):
        return pa.array(values, _integer_of(arrow)).cast(arrow)
    return pa.array(values, arrow)


def _integer_of(temporal: pa.DataType) -> pa.DataType:
    return pa.int32() if temporal.bit_width == 32 else pa.int64()
