"""A database as arrays: the cells of each table relative to the real one, and rows of keys."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from lookalike._core.errors import DataError, SchemaError
from lookalike.databases import Database, ForeignKey
from lookalike.metrics._codebook import Codebook
from lookalike.metrics._view import View
from lookalike.tables import Schema, conform, infer_columns

__all__ = ["Arrays", "TableCells", "both_as_arrays"]


@dataclass(frozen=True)
class TableCells:
    """The learned columns of a table.

    Parameters
    ----------
    names : tuple of str
    numeric : tuple of bool
        Whether each column is numeric.
    numbers : ndarray of float, shape (n, columns)
        NaN where missing, and in columns that are not numeric.
    levels : ndarray of int, shape (n, columns)
        Levels, or equal widths of the real range.
    sizes : tuple of int
        The number of levels.
    """

    names: tuple[str, ...]
    numeric: tuple[bool, ...]
    numbers: np.ndarray
    levels: np.ndarray
    sizes: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.numbers)

    def at(self, rows: np.ndarray) -> TableCells:
        """Return some rows."""
        return replace(self, numbers=self.numbers[rows], levels=self.levels[rows])

    def shuffled(self, rng: np.random.Generator) -> TableCells:
        """Return the cells with each column shuffled."""
        numbers, levels = self.numbers.copy(), self.levels.copy()
        for c in range(len(self.names)):
            order = rng.permutation(len(self))
            numbers[:, c], levels[:, c] = numbers[order, c], levels[order, c]
        return replace(self, numbers=numbers, levels=levels)


@dataclass(frozen=True)
class Arrays:
    """A database as arrays.

    Parameters
    ----------
    cells : mapping of str to TableCells
    rows : mapping of ForeignKey to ndarray of int
        The parent row of each child row; -1 for none.
    """

    cells: Mapping[str, TableCells]
    rows: Mapping[ForeignKey, np.ndarray]

    def apart(self, rng: np.random.Generator) -> Arrays:
        """Return the same tables with keys at random."""
        rows = {}
        for key, to in self.rows.items():
            drawn = rng.integers(0, max(len(self.cells[key.parent]), 1), len(to))
            rows[key] = np.where(to >= 0, drawn, -1)
        return replace(self, rows=rows)


def both_as_arrays(real: Database, synthetic: Database) -> tuple[Arrays, Arrays]:
    """Return two databases of the same tables and keys as arrays.

    Raises
    ------
    DataError
        If the synthetic one lacks a table or a column, or its cells do not fit the real ones.
    """
    cells: tuple[dict[str, TableCells], dict[str, TableCells]] = ({}, {})
    for name in real.names:
        if name not in synthetic:
            raise DataError(f"The synthetic database must have all tables, but lacks {name!r}.")
        skipped = set(real.primary_keys[name])
        skipped |= {c for k in real.foreign_keys if k.table == name for c in k.columns}
        columns = [c for c in real.arrow(name).column_names if c not in skipped]
        tables, schema = _conformed(real, synthetic, name, columns)
        book = Codebook(tables[0], schema, tables[1])
        for found, table in zip(cells, tables, strict=True):
            found[name] = _cells(View(table, book, 0), book, table.num_rows)
    keys = real.foreign_keys
    return (
        Arrays(cells[0], {key: real.rows_of(key) for key in keys}),
        Arrays(cells[1], {key: synthetic.rows_of(key) for key in keys}),
    )


def _conformed(
    real: Database, synthetic: Database, name: str, columns: list[str]
) -> tuple[tuple[pa.Table, pa.Table], Schema]:
    """Return the columns of a table in canonical form, by the kinds of the real one."""
    lacking = [c for c in columns if c not in synthetic.arrow(name).column_names]
    if lacking:
        raise DataError(
            f"The synthetic table {name!r} must have all columns, but lacks {lacking[0]!r}."
        )
    rows = [len(db.arrow(name)) for db in (real, synthetic)]
    if not columns or not all(rows):
        blank = [pa.table({"row": pa.nulls(count, pa.int64())}) for count in rows]
        return (blank[0], blank[1]), Schema(())
    try:
        own = [db.arrow(name).select(columns) for db in (real, synthetic)]
        schema = infer_columns(own[0])
        return (conform(own[0], schema), conform(own[1], schema)), schema
    except SchemaError:
        # One came as text, the other one with types: compare what the text means.
        own = [db.typed()[name].select(columns) for db in (real, synthetic)]
        schema = infer_columns(own[0])
        return (conform(own[0], schema), conform(own[1], schema)), schema


def _cells(view: View, book: Codebook, rows: int) -> TableCells:
    if not book.columns:
        return TableCells((), (), np.zeros((rows, 0)), np.zeros((rows, 0), np.int32), ())
    levels, sizes = view.width_levels
    numbers = np.full(levels.shape, np.nan)
    for c, name in enumerate(book.columns):
        if name in book.numeric:
            numbers[:, c] = view.numbers[:, book.numeric.index(name)]
    numeric = tuple(name in book.numeric for name in book.columns)
    return TableCells(book.columns, numeric, numbers, levels, sizes)
