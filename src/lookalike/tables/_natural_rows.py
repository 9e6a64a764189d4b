"""Rows of a dataframe or a file: a file's text as the numbers and dates that it means."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from lookalike.tables._conform import conform
from lookalike.tables._natural import natural
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
        table = natural(conform(table, schema), schema)
    return table, origin
