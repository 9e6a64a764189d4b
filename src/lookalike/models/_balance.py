"""Rows of each class in turn."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["Classes"]


@dataclass(frozen=True)
class Classes:
    """The levels of a column that rows take in turn.

    Parameters
    ----------
    column : str
    levels : pyarrow.Array, shape (classes,)
    """

    column: str
    levels: pa.Array

    def __len__(self) -> int:
        return len(self.levels)

    def codes(self, table: pa.Table) -> np.ndarray:
        """Return the class of each row, -1 where it is of none, shape (rows,)."""
        cells = table[self.column]
        if pa.types.is_dictionary(cells.type):
            cells = cells.cast(cells.type.value_type)
        found = pc.index_in(cells, value_set=self.levels.cast(cells.type), skip_nulls=True)
        return np.asarray(found.fill_null(-1).to_numpy())

    def counts(self, table: pa.Table) -> np.ndarray:
        """Return how many rows are of each class, shape (classes,)."""
        codes = self.codes(table)
        return np.bincount(codes[codes >= 0], minlength=len(self))

    def in_turn(self, first: int, rows: int) -> pa.Array:
        """Return the levels that rows are told to have, the first of them row `first`."""
        return self.levels.take(pa.array(np.arange(first, first + rows) % len(self)))

    def arranged(self, table: pa.Table, rows: int) -> pa.Table:
        """Return the first rows of each class, and of each in turn where there are enough.

        Parameters
        ----------
        table : pyarrow.Table
        rows : int
            How many are wanted, a multiple of the number of classes.

        Returns
        -------
        pyarrow.Table
            No more of each class than its part of `rows`.
        """
        codes = self.codes(table)
        order = np.argsort(codes, kind="stable")[np.count_nonzero(codes < 0) :]
        each = np.bincount(codes[order], minlength=len(self))
        rank = np.arange(len(order)) - np.repeat(np.cumsum(each) - each, each)
        order, rank = order[rank < rows // len(self)], rank[rank < rows // len(self)]
        return table.take(pa.array(order[np.argsort(rank, kind="stable")]))
