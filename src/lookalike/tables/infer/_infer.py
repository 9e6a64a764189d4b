"""Inferring columns: one pass of vectorised statistics, each guess explained."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from lookalike._core.errors import DataError, ParameterError, SchemaError, nearest
from lookalike.tables._arrow_types import check_columns
from lookalike.tables._conform import check_cells
from lookalike.tables._schema import Column, Kind, Schema
from lookalike.tables.frames._convert import to_arrow
from lookalike.tables.infer._column import describe
from lookalike.tables.infer._facts import gather
from lookalike.tables.infer._guess import fallbacks, guess

__all__ = ["infer_columns"]

#: The number of distinct cells that are read once more to check a guess.
_PROVEN = 10_000


def infer_columns(data: Any, kinds: Mapping[str, Kind | str] | None = None) -> Schema:
    """Infer the kind of each column of a table; `lookalike.relations` finds the dependencies.

    Parameters
    ----------
    data : pandas, polars or pyarrow table, shape (rows, columns)
        The table, or any eager frame that narwhals supports. It may be typed or all of text.
    kinds : mapping of str to str, optional
        Declared kinds, which are not inferred, such as ``{"zip": "categorical"}``.

    Returns
    -------
    Schema
        Every column with its kind, and the reason in `Column.why`; no dependencies.

    Raises
    ------
    DataError
        If the table has no rows or columns, or a column that cannot be used.
    ParameterError
        If `kinds` names an unknown column or kind, or one that a column cannot have.

    Examples
    --------
    >>> table = pa.table({"zip": ["02139", "10001", "02139"], "age": ["31", "?", "54"]})
    >>> for column in infer_columns(table, {"zip": "categorical"}).columns:
    ...     print(column.name, column.kind.value, column.why, sep=": ")
    zip: categorical: as chosen
    age: integer: 2 distinct whole numbers in 2 rows
    """
    table, _ = to_arrow(data)
    _check_table(table)
    chosen = _check_kinds(kinds or {}, table.column_names)
    columns, wrong = [], []
    for name in table.column_names:
        try:
            columns.append(_infer_column(name, table[name], chosen.get(name)))
        except SchemaError as error:
            wrong.append(str(error))
    if wrong:
        raise ParameterError("\n".join(wrong))
    return Schema(tuple(columns), (), table.num_rows)


def _infer_column(name: str, column: pa.ChunkedArray, chosen: Kind | None) -> Column:
    facts = gather(name, column)
    if chosen is not None:
        return describe(facts, chosen, "as chosen")
    # A guess never rejects a table: it must fit every cell, or the next one is tried.
    guesses = (guess(facts), *fallbacks(facts))
    for kind, why in guesses[:-1]:
        try:
            found = describe(facts, kind, why)
            check_cells(facts.cells.values[:_PROVEN], found)
        except SchemaError:
            continue
        return found
    return describe(facts, *guesses[-1])


def _check_table(table: pa.Table) -> None:
    check_columns(table.column_names, table.schema.types, "the table")
    if table.num_columns == 0:
        raise DataError("A table must have columns, but this one has none.")
    if table.num_rows == 0:
        raise DataError(
            f"A table must have rows, but this one has none under its {table.num_columns} column "
            f"name{'s' if table.num_columns > 1 else ''}."
        )


def _check_kinds(kinds: Mapping[str, Kind | str], names: list[str]) -> dict[str, Kind]:
    wrong, known = [], [kind.value for kind in Kind]
    for name, kind in kinds.items():
        if name not in names:
            wrong.append(f"There is no column {name!r} to set the kind of.{nearest(name, names)}")
        if kind not in known:
            wrong.append(
                f"The kind of {name!r} must be one of {', '.join(known)}; got {kind!r}."
                f"{nearest(str(kind), known)}"
            )
    if wrong:
        raise ParameterError("\n".join(wrong))
    return {name: Kind(kind) for name, kind in kinds.items()}
