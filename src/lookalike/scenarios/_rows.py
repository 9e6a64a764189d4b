"""Rows as a scenario takes them: a file's text as the numbers and dates that it means."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from lookalike.tables import Origin, conform, infer_columns, natural, to_arrow

__all__ = ["rows_of"]


def rows_of(data: Any) -> tuple[pa.Table, Origin]:
    """Return a dataframe or a file as an Arrow table with natural types, and its origin.

    Parameters
    ----------
    data : dataframe or path
        The rows.
    """
    table, origin = to_arrow(data)
    if origin.is_file and len(table):
        schema = infer_columns(table)
        table = natural(conform(table, schema), schema)
    return table, origin
