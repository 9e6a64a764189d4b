"""The columns that a rule reaches, beside those of its home table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa

from lookalike._core.errors import ParameterError
from lookalike.databases import Database, ForeignKey
from lookalike.relational._rule_scope import Reached
from lookalike.tables import Column, Kind, Schema, canonical_type, conform
from lookalike.tables.values.arrow import flat

__all__ = ["column_of", "joined", "joined_schema"]

_NUMBERS = (Kind.INTEGER, Kind.CONTINUOUS)


def column_of(reached: Reached, schemas: Mapping[str, Schema]) -> Column:
    """Return a reached column, described as one of the home table.

    Raises
    ------
    ParameterError
        If something other than numbers is summed up.
    """
    name = reached.name
    if reached.how == "count":
        return Column(name, Kind.INTEGER, "int64")
    column = schemas[reached.table][reached.column]
    if reached.how in ("parent", "min", "max"):
        return replace(column, name=name, nullable=True)
    if column.kind not in _NUMBERS:
        raise ParameterError(
            f"{reached.how}() is of numbers, but {reached.table}.{reached.column} is "
            f"{column.kind.value}."
        )
    if reached.how == "sum" and column.kind is Kind.INTEGER:
        return Column(name, Kind.INTEGER, "int64")
    decimals = column.decimals if reached.how == "sum" else None
    return Column(name, Kind.CONTINUOUS, "double", nullable=True, decimals=decimals)


def joined_schema(
    home: str, columns: Sequence[str], reached: Sequence[Reached], schemas: Mapping[str, Schema]
) -> Schema:
    """Return the columns of `joined`."""
    own = tuple(schemas[home][name] for name in columns)
    return Schema((*own, *(column_of(one, schemas) for one in reached)))


def joined(
    db: Database,
    home: str,
    columns: Sequence[str],
    reached: Sequence[Reached],
    schemas: Mapping[str, Schema],
) -> pa.Table:
    """Return canonical rows of a table with the columns that they reach.

    Parameters
    ----------
    db : Database
    home : str
    columns : sequence of str
        Those of the home table.
    reached : sequence of Reached
    schemas : mapping of str to Schema
        The columns of each table.

    Returns
    -------
    pyarrow.Table
        One row for each of the home table.
    """
    rows = len(db.arrow(home))
    found = {name: _cells(db, home, name, schemas) for name in columns}
    for one in reached:
        column = column_of(one, schemas)
        at = _rows_of(db, one.path)
        if one.how == "parent":
            cells = _cells(db, one.table, one.column, schemas)
            found[one.name] = cells.take(pa.array(at, mask=at < 0))
        else:
            made = _aggregated(db, one, at, rows, schemas)
            found[one.name] = made.cast(canonical_type(column))
            if column.decimals is not None:
                found[one.name] = pa.compute.round(found[one.name], column.decimals)
    return pa.table(found)


def _cells(db: Database, table: str, column: str, schemas: Mapping[str, Schema]) -> pa.Array:
    one = Schema((schemas[table][column],))
    return flat(conform(db.arrow(table).select([column]), one)[column])


def _rows_of(db: Database, path: Sequence[ForeignKey]) -> np.ndarray:
    """Return the row at the end of a path for each row at its beginning; -1 for none."""
    rows = db.rows_of(path[0])
    for key in path[1:]:
        rows = np.where(rows >= 0, db.rows_of(key)[np.maximum(rows, 0)], -1)
    return rows


def _aggregated(
    db: Database, reached: Reached, at: np.ndarray, rows: int, schemas: Mapping[str, Schema]
) -> pa.Array:
    """Return an aggregate for each row of the home table: sums and numbers of no rows are 0."""
    if reached.how == "count":
        return pa.array(np.bincount(at[at >= 0], minlength=rows).astype(np.int64))
    cells = _cells(db, reached.table, reached.column, schemas)
    some = pa.table({"row": at, "cell": cells}).filter(pa.array(at >= 0))
    made = some.group_by("row").aggregate([("cell", reached.how)])
    place = np.full(rows, -1, np.int64)
    place[np.asarray(made["row"])] = np.arange(len(made))
    values = flat(made[f"cell_{reached.how}"]) if len(made) else pa.nulls(0, cells.type)
    found = values.take(pa.array(place, mask=place < 0))
    return found.fill_null(0) if reached.how == "sum" else found
