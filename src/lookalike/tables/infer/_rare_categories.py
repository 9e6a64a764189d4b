"""Removal of rare categories from category types whose categories come from the data."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

from lookalike.tables._arrow_types import from_json, parse_type, to_json
from lookalike.tables._schema import Schema
from lookalike.tables.frames._origin import ColumnOrigin, Origin

__all__ = ["without_rare"]


def without_rare(
    table: pa.Table, schema: Schema, origin: Origin, fewest: int, keep: Collection[str] = ()
) -> tuple[Schema, Origin]:
    """Return a schema and an origin without unordered categories of too few rows.

    A category type lists all values of its column, including names of persons. Ordered categories
    and those that no row has are declared by hand: these stay.

    Parameters
    ----------
    table : pyarrow.Table
        The caller's table.
    schema : Schema
        The table's schema.
    origin : Origin
        The table's origin.
    fewest : int
        The least count of a category that is kept.
    keep : collection of str
        Columns whose categories all stay.

    Returns
    -------
    schema : Schema
        The schema without rare categories.
    origin : Origin
        The origin without rare categories.
    """
    columns = {column.name: column for column in origin.columns}
    for name in table.column_names:
        kind = table[name].type
        if name in keep or not pt.is_dictionary(kind) or kind.ordered:
            continue
        counted = pc.value_counts(table[name].cast(kind.value_type)).flatten()
        rare = counted[0].filter(pc.less(counted[1], fewest)).drop_null()
        if not len(rare):
            continue
        column = schema[name]
        if column.categories is not None:
            left = tuple(level for level in column.categories if level not in rare.to_pylist())
            schema = schema.with_column(replace(column, categories=left))
        if name in columns:
            columns[name] = _origin_without(columns[name], rare)
    return schema, replace(origin, columns=tuple(columns[c.name] for c in origin.columns))


def _origin_without(was: ColumnOrigin, rare: pa.Array) -> ColumnOrigin:
    """Return the origin of a pandas column whose dtype may get further categories."""
    categories: dict[str, Any] = was.dtype.get("categories", {})
    if was.dtype.get("kind") != "category" or categories.get("form") != "plain":
        return was
    labels = from_json(categories["values"], parse_type(categories["arrow"]))
    left = labels.filter(pc.invert(pc.is_in(labels, rare.cast(labels.type))))
    dtype = {**was.dtype, "categories": {**categories, "values": to_json(left)}, "open": True}
    return replace(was, dtype=dtype)
