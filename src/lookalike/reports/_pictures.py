"""Further contents of a page: grids of shares, statistics of columns, a few synthetic rows."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["ColumnStatistics", "GridAxis", "SampleRows", "ShareGrid"]


@dataclass(frozen=True)
class GridAxis:
    """One side of a grid.

    Parameters
    ----------
    name : str
        The column.
    size : int
        The number of cells along it.
    labels : tuple of str
        A level for each cell; empty for numbers.
    ends : tuple of str
        The first and the last number in words; empty for levels.
    """

    name: str
    size: int
    labels: tuple[str, ...] = ()
    ends: tuple[str, ...] = ()


@dataclass(frozen=True)
class ShareGrid:
    """Shares of rows by two columns, or by two components of all columns.

    Parameters
    ----------
    across, up : GridAxis
        Its sides.
    real, synthetic : tuple of tuple of float
        The share of all rows in each cell, ``[across][up]``; cells of very few rows are 0.
    """

    across: GridAxis
    up: GridAxis
    real: tuple[tuple[float, ...], ...]
    synthetic: tuple[tuple[float, ...], ...]


@dataclass(frozen=True)
class ColumnStatistics:
    """The mean of a column, and its quantiles at 5, 25, 50, 75 and 95 %, as text.

    Parameters
    ----------
    column : str
        Its name.
    real, synthetic : tuple of str
        Six numbers each.
    """

    column: str
    real: tuple[str, ...]
    synthetic: tuple[str, ...]


@dataclass(frozen=True)
class SampleRows:
    """A few synthetic rows.

    Parameters
    ----------
    columns : tuple of str
        The names.
    rows : tuple of tuple of str
        Cells as text, empty where missing.
    """

    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
