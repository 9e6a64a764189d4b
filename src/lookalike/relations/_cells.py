"""Columns by name, and helpers for them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lookalike.tables import Column
from lookalike.tables.values.arrow import filled, flat, is_null, plain, to_numpy
from lookalike.tables.values.grid import raw_of

__all__ = ["Cells", "Least", "cells_of", "equal_cells", "numbers_of", "put"]

#: Columns by name, each as one array of n canonical cells.
Cells = Mapping[str, pa.Array]
#: Numbers that differ by less than this, relative to their size, are equal but for rounding.
_ROUNDING = 1e-9
#: The least count of a value of a column that may be stored.
Least = Callable[[Column], int]


def cells_of(table: pa.Table) -> dict[str, pa.Array]:
    """Return the columns of a table by name, each as one array.

    Parameters
    ----------
    table : pyarrow.Table, shape (n, columns)
        A canonical table.

    Returns
    -------
    dict of str to pyarrow.Array, shape (n,)
    """
    return {name: flat(table.column(name)) for name in table.column_names}


def numbers_of(cells: pa.Array) -> np.ndarray:
    """Return cells as numbers, times as ticks, 0 where missing: int64, or float64 for floats."""
    present = ~is_null(cells)
    raw = raw_of(cells.drop_null(), None)
    numbers = np.zeros(len(cells), raw.dtype)
    numbers[present] = raw
    return numbers


def put(cells: pa.Array, some: pa.Array, rows: np.ndarray) -> pa.Array:
    """Fill in null cells of some rows.

    Parameters
    ----------
    cells : pyarrow.Array, shape (n,)
    some : pyarrow.Array, shape (m,)
        The new cells.
    rows : ndarray of bool, shape (n,)
        The rows of the new cells, m of them.
    """
    at = np.full(len(cells), -1)
    at[rows] = np.arange(len(some))
    return filled(cells, some.take(pa.array(at, mask=at < 0)))


def equal_cells(a: pa.Array, b: pa.Array) -> np.ndarray:
    """Return a mask of equal cells: numbers up to rounding, missing cells equal each other."""
    a, b = plain(a), plain(b)
    agree = is_null(a) == is_null(b)
    if pa.types.is_primitive(a.type) and not pa.types.is_boolean(a.type):
        x, y = (numbers_of(cells).astype(float) for cells in (a, b))
        return np.asarray(agree & (np.abs(x - y) <= _ROUNDING * (np.abs(x) + np.abs(y))))
    return np.asarray(agree & to_numpy(pc.equal(a, b).fill_null(pa.scalar(value=True))))
