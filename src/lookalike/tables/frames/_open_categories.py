"""Category types of columns with newly generated values: keys, numbers and dates."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pyarrow.types as pt

from lookalike.tables._schema import Column, Kind, Schema
from lookalike.tables._storage import storage_type
from lookalike.tables.frames._origin import ColumnOrigin, Origin

__all__ = ["open_categories"]

_OF_THE_SET = (Kind.CATEGORICAL, Kind.BOOLEAN, Kind.CONSTANT, Kind.TEXT)


def open_categories(origin: Origin, schema: Schema) -> tuple[Origin, list[str]]:
    """Let columns of a category type hold values beyond their categories.

    A pandas category then gets the generated values as its categories. A polars Enum is a closed
    set: generated values are replaced by its members, each equally often.

    Parameters
    ----------
    origin : Origin
        The origin of the training table.
    schema : Schema
        Its schema.

    Returns
    -------
    origin : Origin
        The origin for generated tables.
    notes : list of str
        A sentence for each closed set of keys.
    """
    columns, notes = [], []
    for was in origin.columns:
        column = schema[was.name]
        if column.kind in _OF_THE_SET or not pt.is_dictionary(storage_type(column)):
            columns.append(was)
            continue
        columns.append(_opened(was, column))
        if was.dtype.get("type") == "Enum":
            notes.append(
                f"Column {was.name!r} is an identifier, but its dtype Enum can hold no new keys: "
                "rows reuse members of the Enum. Cast it to text to have new keys."
            )
    return replace(origin, columns=tuple(columns)), notes


def _opened(was: ColumnOrigin, column: Column) -> ColumnOrigin:
    dtype = {**was.dtype, "open": True} if was.dtype else {}
    categories: dict[str, Any] = dtype.get("categories") or {}
    if isinstance(categories, dict) and categories.get("form") == "plain":
        # They are replaced by generated values, and no model needs the keys of its rows.
        dtype["categories"] = {**categories, "values": []}
    return replace(was, arrow=column.storage, dtype=dtype)
