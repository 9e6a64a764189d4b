"""Rows of fitted sequences as the caller's kind of dataframe, and as a file."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable
from typing import Any

import pyarrow as pa

from lookalike.tables import (
    Origin,
    Schema,
    TableWriter,
    as_frame,
    best_library,
    from_arrow,
    natural,
    render,
)

__all__ = ["given_back", "write_rows"]


def given_back(
    table: pa.Table,
    schema: Schema,
    whole_identifiers: Collection[str],
    origin: Origin,
    as_: str | None,
) -> Any:
    """Return canonical rows as the caller's kind of dataframe, or another one.

    Parameters
    ----------
    table : pyarrow.Table, shape (rows, columns)
        Canonical rows, perhaps with columns of numbers in front that are not in the schema.
    schema : Schema
    whole_identifiers : collection of str
        Identifiers that are whole numbers.
    origin : Origin
        That of the training table.
    as_ : {"pandas", "polars", "arrow"} or None
        The kind of dataframe; None is that of the training table.
    """
    extra = _extra(table, schema)
    own = table.drop_columns(extra)
    if origin.is_file:
        whole = natural(own, schema, whole_identifiers)
        as_ = as_ or best_library()
    else:
        whole = render(own, schema)
    if not extra and as_ in (None, origin.kind):
        return from_arrow(whole, origin)
    return as_frame(_in_front(whole, table, extra), as_ or origin.library)


def write_rows(
    path: str | os.PathLike[str],
    tables: Iterable[pa.Table],
    none: pa.Table,
    schema: Schema,
    *,
    safe_csv: bool,
) -> int:
    """Write canonical rows to a file, and return their number.

    Parameters
    ----------
    path : str or path-like
    tables : iterable of pyarrow.Table
        The rows, with the columns of `none`.
    none : pyarrow.Table
        No rows, with all columns: numbers that are not in the schema are in front.
    schema : Schema
    safe_csv : bool
    """
    names, extra = list(schema.names), _extra(none, schema)
    form = _in_front(render(none.select(names), schema), none, extra)
    rows = 0
    with TableWriter(path, form.schema, safe_csv=safe_csv) as writer:
        for table in tables:
            own = render(table.select(names), schema, encoded=True)
            writer.write(_in_front(own, table, extra))
            rows += len(table)
    return rows


def _extra(table: pa.Table, schema: Schema) -> list[str]:
    return [name for name in table.column_names if name not in schema.names]


def _in_front(whole: pa.Table, table: pa.Table, names: Iterable[str]) -> pa.Table:
    """Return a table with some columns of another one in front."""
    for name in names:
        whole = whole.add_column(0, name, table[name])
    return whole
