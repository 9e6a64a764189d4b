"""Conversion of columns that a file holds as text to numbers, dates and booleans."""

from __future__ import annotations

import json
import re
from collections.abc import Collection

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

from lookalike.tables._render import render
from lookalike.tables._schema import Column, Kind, Schema
from lookalike.tables._storage import is_text, storage_type
from lookalike.tables.values.arrow import flat

__all__ = ["natural"]

#: Words that are plainly numbers.
_PLAIN = (
    (r"0|-?[1-9][0-9]{0,17}", pa.int64()),
    (r"-?(0|[1-9][0-9]{0,14})\.[0-9]{1,15}", pa.float64()),
    (r"[0-9]{4}-[0-9]{2}-[0-9]{2}", pa.date32()),
)


def natural(table: pa.Table, schema: Schema, numbered: Collection[str] = frozenset()) -> pa.Table:
    """Turn a canonical table into the natural types of its values, however they were written.

    Parameters
    ----------
    table : pyarrow.Table, shape (rows, columns)
        A canonical table.
    schema : Schema
        The table's schema.
    numbered : collection of str
        Identifiers that are whole numbers, in any storage type.

    Returns
    -------
    pyarrow.Table, shape (rows, columns)
        The table with columns that were stored as text as numbers, dates, times or booleans
        according to their kind; a constant where it plainly is one of these. All others have the
        types `Column.storage`.

    Examples
    --------
    >>> from lookalike.tables import conform, infer_columns
    >>> table = pa.table({"paid": ["yes", "no", "no", None], "sum": ["$1,200", "$850", "$7", "?"]})
    >>> schema = infer_columns(table)
    >>> natural(conform(table, schema), schema)["sum"].to_pylist()
    [1200, 850, 7, None]
    """
    cells = [
        _meant(flat(table[column.name]), column, numbered)
        if is_text(storage_type(column))
        else render(table.select([column.name]), Schema((column,)))[column.name]
        for column in schema.columns
    ]
    return pa.table(cells, names=list(schema.names))


def _meant(values: pa.Array, column: Column, numbered: Collection[str]) -> pa.Array:
    if pt.is_dictionary(values.type):
        return values.dictionary_decode()
    if column.name in numbered:
        return pc.cast(values, pa.int64())
    if column.kind is not Kind.CONSTANT:
        return values
    word = str(json.loads(column.example or "null"))
    for pattern, kind in _PLAIN:
        if re.fullmatch(pattern, word):
            try:
                return pc.cast(values, kind)
            except pa.ArrowInvalid:  # such as a 30th of February
                break
    return values
