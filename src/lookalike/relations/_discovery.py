"""Columns that are functions of others: found, so that they are derived and not learned."""

from __future__ import annotations

import pyarrow as pa

from lookalike.relations._evidence import Evidence, Stage
from lookalike.relations._registry import RELATIONS
from lookalike.tables import Dependency, Schema

__all__ = ["find_dependencies"]


def find_dependencies(table: pa.Table, schema: Schema) -> tuple[Dependency, ...]:
    """Find the columns that are functions of others, exactly or nearly.

    The finders of all forms look one after the other, see `Stage`; the first relation that is found
    for a column counts. A column is missing exactly where those it depends on say so. What could be
    chance is left out: an exact function must be confirmed by rows that would break it with near
    certainty if the columns were independent.

    Parameters
    ----------
    table : pyarrow.Table, shape (rows, columns)
        A canonical table.
    schema : Schema
        What its columns are.

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
        for relation in (RELATIONS[form] for form in RELATIONS.entered):
            if (finder := relation.finders.get(stage)) is not None:
                evidence.found.add(finder(evidence), exact=relation.exact)
    return evidence.found.in_order()
