"""Columns of numbers, dates and times as floats, for comparison."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
import pyarrow as pa

from lookalike.relations._cells import numbers_of
from lookalike.relations._value_format import ticks
from lookalike.tables import Column
from lookalike.tables.values.arrow import flat, is_null

__all__ = ["NumericColumn", "sample_rows"]

#: The number of rows searched first.
_FIRST_ROWS = 2000
#: The tolerance of equal full floats, as a share of their greatest summand.
_TOLERANCE = 1e-12


@dataclass(frozen=True, eq=False)
class NumericColumn:
    """One numeric column as floats.

    Parameters
    ----------
    name : str
        The column's name.
    unit : str
        ``"number"``, or the canonical type of a date; columns of one unit can be compared.
    floats : ndarray of float64, shape (n,)
        Numbers or ticks; 0 where missing.
    missing : ndarray of bool, shape (n,)
        A mask of the missing cells.
    step : float
        The step of which all values are multiples; 0 for full floats.
    """

    name: str
    unit: str
    floats: np.ndarray
    missing: np.ndarray
    step: float

    @classmethod
    def of(cls, values: pa.ChunkedArray, column: Column) -> Self:
        """Return a canonical column as a measure."""
        cells = flat(values)
        missing, floats = is_null(cells), numbers_of(cells).astype(np.float64)
        if pa.types.is_temporal(cells.type):
            return cls(
                column.name, str(cells.type), floats, missing, ticks(cells.type, column.unit)
            )
        step = 0.0 if column.decimals is None else 10.0**-column.decimals
        return cls(column.name, "number", floats, missing, step)

    @cached_property
    def mask(self) -> bytes:
        """The missing cells as bytes, for comparison."""
        return np.packbits(self.missing).tobytes() if self.missing.any() else b""

    @cached_property
    def distinct(self) -> int:
        """The number of distinct values; an estimate from the first rows where it is large."""
        present = self.floats[~self.missing]
        few = len(np.unique(present[:_FIRST_ROWS]))
        return few if few > _FIRST_ROWS // 2 else len(np.unique(present))

    def is_made_by(self, parts: Sequence[np.ndarray], rows: np.ndarray | slice) -> bool:
        """Return whether a sum, rounded as this column is, equals it in some rows.

        Every cell has its own tolerance: numbers of one column may differ by many orders of
        magnitude, and a tolerance for the greatest would allow anything for small ones.

        Parameters
        ----------
        parts : sequence of ndarray of float64, shape (len(rows),) or ()
            The summands.
        rows : ndarray of int or slice
            The rows, all of them present.
        """
        floats = self.floats[rows]
        total, size = np.zeros(len(floats)), np.abs(floats)
        for part in parts:
            total, size = total + part, np.maximum(size, np.abs(part))
        if self.step:
            return bool((np.rint(total / self.step) == np.rint(floats / self.step)).all())
        return bool((np.abs(total - floats) <= _TOLERANCE * size).all())


def sample_rows(rows: np.ndarray, count: int) -> np.ndarray:
    """Return at most `count` of some row numbers, evenly spread."""
    return rows[:: max(1, -(-len(rows) // count))]
