"""Rows of a dataframe or a file: a file's text as the numbers and dates that it means."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from lookalike.tables._conform import conform
from lookalike.tables._natural import natural
from lookalike.tables._schema import Column, Kind
from lookalike.tables._storage import is_text
from lookalike.tables.frames._convert import to_arrow
from lookalike.tables.frames._origin import Origin
from lookalike.tables.infer._infer import infer_columns

__all__ = ["natural_rows"]


def natural_rows(data: Any) -> tuple[pa.Table, Origin]:
    """Return a dataframe or a file as an Arrow table with natural types, and its origin.

    Parameters
    ----------
    data : dataframe or path
        The rows.

    Returns
    -------
    table : pyarrow.Table
        The columns, those of a file in the types of their values.
    origin : Origin
        The origin for `from_arrow`.

    Examples
    --------
    >>> natural_rows(pa.table({"x": [1, 2]}))[0].to_pydict()
    {'x': [1, 2]}
    """
    table, origin = to_arrow(data)
    if origin.is_file and len(table):
        schema = infer_columns(table)
        rows = conform(table, schema)
        counted = [c.name for c in schema.columns if _is_whole(rows[c.name], c)]
        table = natural(rows, schema, counted)
    return table, origin


def _is_whole(values: pa.ChunkedArray, column: Column) -> bool:
    """Return whether a column is an identifier of whole numbers without leading zeros."""
    if column.kind is not Kind.IDENTIFIER or not is_text(values.type):
        return False
    return bool(pc.all(pc.match_substring_regex(values, r"^(0|-?[1-9][0-9]{0,17})$")).as_py())
