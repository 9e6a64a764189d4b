"""Inference of a schema: the columns, and the functional dependencies between them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pyarrow as pa

from lookalike.relations._evidence import Evidence, Stage
from lookalike.relations._registry import RELATIONS
from lookalike.tables import Dependency, Kind, Schema, conform, infer_columns, to_arrow

__all__ = ["find_dependencies", "infer_schema"]


def infer_schema(
    data: Any, kinds: Mapping[str, Kind | str] | None = None, *, dependencies: bool = True
) -> Schema:
    """Infer the kind of each column of a table, and the dependencies between columns.

    Parameters
    ----------
    data : pandas, polars or pyarrow table, shape (rows, columns)
        The table; any eager frame that narwhals knows will do. It may be typed or all of text.
    kinds : mapping of str to str, optional
        Declared kinds, which are not inferred, such as ``{"zip": "categorical"}``.
    dependencies : bool
        Whether to look for columns that are functions of others.

    Returns
    -------
    Schema
        Every column with its kind, and the reason in `Column.why`.

    Raises
    ------
    DataError
        If the table has no rows or columns, or a column that cannot be used.
    ParameterError
        If `kinds` names an unknown column or kind, or one that a column cannot have.

    Examples
    --------
    >>> net = [x * x for x in range(50)]
    >>> table = pa.table({"net": net, "gross": [2 * x + 1 for x in net]})
    >>> [(d.column, d.on, d.form) for d in infer_schema(table).dependencies]
    [('gross', ('net',), 'linear')]
    """
    table, _ = to_arrow(data)
    schema = infer_columns(table, kinds)
    if not dependencies:
        return schema
    return replace(schema, dependencies=find_dependencies(conform(table, schema), schema))


def find_dependencies(table: pa.Table, schema: Schema) -> tuple[Dependency, ...]:
    """Find the columns that are exact or approximate functions of others.

    The finders of all forms run one after the other, see `Stage`; the first relation found for a
    column is kept. A column is missing exactly where those it depends on imply it. Relations that
    could be chance are left out: an exact function must be confirmed by rows that would almost
    certainly break it if the columns were independent.

    Parameters
    ----------
    table : pyarrow.Table, shape (rows, columns)
        A canonical table.
    schema : Schema
        The table's schema.

    Returns
    -------
    tuple of Dependency
        A column is derived at most once and never, through others, from itself; each dependency
        comes after those that derive what it is derived from.

    Examples
    --------
    >>> from lookalike.tables import conform, infer_columns
    >>> land = pa.array(["CH", "FR", "IT", "CH"] * 50)
    >>> code = pa.array([41, 33, 39, 41] * 50)
    >>> table = pa.table({"land": land, "code": code})
    >>> schema = infer_columns(table)
    >>> [(d.column, d.on, d.form) for d in find_dependencies(conform(table, schema), schema)]
    [('code', ('land',), 'lookup')]
    """
    evidence = Evidence(table, schema)
    for stage in Stage:
        for relation in map(RELATIONS.__getitem__, RELATIONS.entered):
            if (finder := relation.finders.get(stage)) is not None:
                evidence.found.add(finder(evidence), exact=relation.exact)
    return evidence.found.in_order()
