"""Foreign keys, and the rows that they refer to."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lookalike._core.errors import DataError, ParameterError

__all__ = [
    "NOT_FOUND",
    "NO_KEY",
    "ForeignKey",
    "as_columns",
    "distinct_rows",
    "matched_rows",
    "without_views",
]

#: The row of a key that is missing, and of one that no row of the parent table has.
NO_KEY, NOT_FOUND = -1, -2
_ARROW = re.compile(r"\s*->\s*")
_END = re.compile(r"(?P<table>.+?)(?:\.(?P<column>[^.()]+)|\s*\((?P<columns>[^()]+)\))")


@dataclass(frozen=True)
class ForeignKey:
    """Columns of a table whose values name rows of a table: of another one, or of the same.

    Parameters
    ----------
    table : str
        The table that refers: the child.
    columns : tuple of str
        Its columns.
    parent : str
        The table that is referred to.
    parent_columns : tuple of str
        The columns that identify its rows, in the order of `columns`.

    Examples
    --------
    >>> key = ForeignKey.parse("orders.customer -> customers.id")
    >>> key.parent, key.parent_columns
    ('customers', ('id',))
    >>> print(ForeignKey("line", ("shop", "order"), "order", ("shop", "number")))
    line(shop, order) -> order(shop, number)
    """

    table: str
    columns: tuple[str, ...]
    parent: str
    parent_columns: tuple[str, ...]

    def __post_init__(self) -> None:
        if not self.columns or len(self.columns) != len(self.parent_columns):
            raise ParameterError(
                "A foreign key must have as many columns as it refers to, at least one; got "
                f"{self}."
            )

    @property
    def is_own(self) -> bool:
        """True if the table refers to itself."""
        return self.table == self.parent

    def __str__(self) -> str:
        return f"{_end(self.table, self.columns)} -> {_end(self.parent, self.parent_columns)}"

    @classmethod
    def parse(cls, text: str) -> ForeignKey:
        """Read a key from text such as ``"line(shop, order) -> order(shop, number)"``.

        Parameters
        ----------
        text : str
            ``table.column -> parent.column``, or names of several columns in parentheses.

        Returns
        -------
        ForeignKey

        Raises
        ------
        ParameterError
            If the text has another form.
        """
        ends = [_END.fullmatch(end.strip()) for end in _ARROW.split(text)]
        if len(ends) != 2 or ends[0] is None or ends[1] is None:
            raise ParameterError(
                "A foreign key is written 'orders.customer_id -> customers.id', or with several "
                f"columns 'lines(shop, number) -> orders(shop, number)'; got {text!r}."
            )
        child, parent = ((end["table"], _columns(end)) for end in ends if end is not None)
        return cls(*child, *parent)

    def to_dict(self) -> dict[str, Any]:
        """Return the key as JSON-ready values, those of ``schema.json``."""
        references = {"table": self.parent, "columns": list(self.parent_columns)}
        return {"columns": list(self.columns), "references": references}


def as_columns(columns: str | Sequence[str]) -> tuple[str, ...]:
    """Return the columns of a key, which may be given as one name."""
    return (columns,) if isinstance(columns, str) else tuple(columns)


def _end(table: str, columns: tuple[str, ...]) -> str:
    return f"{table}.{columns[0]}" if len(columns) == 1 else f"{table}({', '.join(columns)})"


def _columns(end: re.Match[str]) -> tuple[str, ...]:
    if end["column"] is not None:
        return (end["column"].strip(),)
    return tuple(part.strip() for part in end["columns"].split(","))


# --- rows -----------------------------------------------------------------------------------------


def matched_rows(
    child: Sequence[pa.Array], parent: Sequence[pa.Array], name: str = "the key"
) -> np.ndarray:
    """Return the row of the parent table that each row of the child table refers to.

    Parameters
    ----------
    child : sequence of pyarrow.Array, each of shape (n,)
        The columns of a foreign key.
    parent : sequence of pyarrow.Array, each of shape (m,)
        The columns that it refers to; together they have no value twice.
    name : str
        The key's name in messages.

    Returns
    -------
    ndarray of int, shape (n,)
        The row; `NO_KEY` where a column is missing, `NOT_FOUND` where there is no such row.

    Raises
    ------
    DataError
        If values of the two tables cannot be compared.
    """
    rows = len(child[0])
    missing, unknown = np.zeros(rows, bool), np.zeros(rows, bool)
    keys, known = np.zeros(rows, np.int64), np.zeros(len(parent[0]), np.int64)
    for own, other in zip(child, parent, strict=True):
        levels = pc.unique(_plain(other))
        cells = _comparable(own, levels.type, name)
        at = pc.index_in(cells, levels)
        missing |= np.asarray(cells.is_null())
        unknown |= np.asarray(at.is_null())
        of_parent = pc.index_in(_plain(other), levels)
        # Each pair of keys so far is numbered anew, so that numbers stay small.
        keys, known = _joined(keys, at, known, of_parent, len(levels))
    order = np.argsort(known, kind="stable")
    place = np.minimum(np.searchsorted(known[order], keys), max(len(order) - 1, 0))
    found = order[place] if len(order) else np.zeros(rows, np.int64)
    there = known[found] == keys if len(order) else np.zeros(rows, bool)
    result = np.where(there & ~unknown, found, NOT_FOUND)
    return np.where(missing, NO_KEY, result)


def distinct_rows(columns: Sequence[pa.Array]) -> np.ndarray:
    """Return a number for each row, equal for rows with equal cells; a missing cell is a value.

    Parameters
    ----------
    columns : sequence of pyarrow.Array, each of shape (n,)
        The cells of rows.

    Returns
    -------
    ndarray of int, shape (n,)
        The numbers.
    """
    numbers = np.zeros(len(columns[0]), np.int64)
    for column in columns:
        levels = pc.unique(_plain(column))
        codes = np.asarray(pc.index_in(_plain(column), levels).fill_null(len(levels)))
        numbers = np.unique(numbers * (len(levels) + 1) + codes, return_inverse=True)[1]
    return np.asarray(numbers)


def without_views(table: pa.Table) -> pa.Table:
    """Return a table whose views of strings are large strings: few Arrow functions take views."""
    for at, name in enumerate(table.column_names):
        cells, large = table[name], pa.large_string()
        if pa.types.is_string_view(cells.type):
            table = table.set_column(at, name, cells.cast(large))
        elif pa.types.is_dictionary(cells.type) and pa.types.is_string_view(cells.type.value_type):
            kind = pa.dictionary(cells.type.index_type, large, cells.type.ordered)
            chunks = [
                pa.DictionaryArray.from_arrays(
                    chunk.indices, chunk.dictionary.cast(large), ordered=kind.ordered
                )
                for chunk in cells.chunks
            ]
            table = table.set_column(at, name, pa.chunked_array(chunks, kind))
    return table


def _joined(
    keys: np.ndarray, at: pa.Array, known: np.ndarray, of_parent: pa.Array, levels: int
) -> tuple[np.ndarray, np.ndarray]:
    whole = [
        before * (levels + 1) + np.asarray(codes.fill_null(levels))
        for before, codes in ((keys, at), (known, of_parent))
    ]
    numbered = np.unique(np.concatenate(whole), return_inverse=True)[1]
    return numbered[: len(keys)], numbered[len(keys) :]


def _plain(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
        if isinstance(column, pa.ChunkedArray):  # a column without chunks
            column = pa.concat_arrays(column.chunks or [pa.array([], column.type)])
    return column.dictionary_decode() if pa.types.is_dictionary(column.type) else column


def _comparable(column: pa.Array, kind: pa.DataType, name: str) -> pa.Array:
    cells = _plain(column)
    if cells.type == kind:
        return cells
    if pa.types.is_null(cells.type):
        return pa.nulls(len(cells), kind)
    try:
        return cells.cast(kind)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise DataError(
            f"The columns of a foreign key must have the type of those that they refer to, but "
            f"{name} is of type {cells.type} and refers to {kind}: {error}."
        ) from error
