"""Inferring a schema: the kind of each column, and how columns depend on each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from lookalike.relations._discovery import find_dependencies
from lookalike.tables import Kind, Schema, conform, infer_columns, to_arrow

__all__ = ["infer_schema"]


def infer_schema(
    data: Any, kinds: Mapping[str, Kind | str] | None = None, *, dependencies: bool = True
) -> Schema:
    """Find out what each column of a table is, and how columns depend on each other.

    Parameters
    ----------
    data : pandas, polars or pyarrow table, shape (rows, columns)
        The table; any eager frame that narwhals knows will do. It may be typed or all of text.
    kinds : mapping of str to str, optional
        Kinds that are not to be guessed, such as ``{"zip": "categorical"}``.
    dependencies : bool
        Whether to look for columns that are functions of others.

    Returns
    -------
    Schema
        Every column with its kind, and in `Column.why` the reason.

    Raises
    ------
    DataError
        If the table has no rows or columns, or a column that cannot be used.
    ParameterError
        If `kinds` names a column or a kind that there is not, or one that a column cannot have.

    Examples
    --------
    >>> import pyarrow as pa
    >>> table = pa.table({"net": [*range(50)], "gross": [2 * x + 1 for x in range(50)]})
    >>> [(d.column, d.on, d.form) for d in infer_schema(table).dependencies]
    [('gross', ('net',), 'linear')]
    """
    table, _ = to_arrow(data)
    schema = infer_columns(table, kinds)
    if not dependencies:
        return schema
    return replace(schema, dependencies=find_dependencies(conform(table, schema), schema))
