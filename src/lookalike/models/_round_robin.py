"""Levels of a column that rows take in turn, so that each is equally frequent."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["RoundRobin"]


@dataclass(frozen=True)
class RoundRobin:
    """The levels of a column that rows take in turn.

    Parameters
    ----------
    column : str
    levels : pyarrow.Array, shape (levels,)
    """

    column: str
    levels: pa.Array

    def __len__(self) -> int:
        return len(self.levels)

    def codes(self, table: pa.Table) -> np.ndarray:
        """Return the position of each row's level, -1 where it is none of them, shape (rows,)."""
        cells = table[self.column]
        if pa.types.is_dictionary(cells.type):
            cells = cells.cast(cells.type.value_type)
        found = pc.index_in(cells, value_set=self.levels.cast(cells.type), skip_nulls=True)
        return np.asarray(found.fill_null(-1).to_numpy())

    def counts(self, table: pa.Table) -> np.ndarray:
        """Return the number of rows that have each level, shape (levels,)."""
        codes = self.codes(table)
        return np.bincount(codes[codes >= 0], minlength=len(self))

    def levels_for_rows(self, first: int, rows: int) -> pa.Array:
        """Return the levels of rows in turn, from row number `first` on."""
        return self.levels.take(pa.array(np.arange(first, first + rows) % len(self)))

    def interleaved(self, table: pa.Table, rows: int) -> pa.Table:
        """Return the first rows of each level, the levels in turn where there are enough.

        Parameters
        ----------
        table : pyarrow.Table
        rows : int
            The number of rows wanted, a multiple of the number of levels.

        Returns
        -------
        pyarrow.Table
            No more of each level than its part of `rows`.
        """
        codes = self.codes(table)
        # Rows by level, those without one left out.
        order = np.argsort(codes, kind="stable")[np.count_nonzero(codes < 0) :]
        each = np.bincount(codes[order], minlength=len(self))
        # The rank of each row among those of its level says in which round it comes.
        rank = np.arange(len(order)) - np.repeat(np.cumsum(each) - each, each)
        order, rank = order[rank < rows // len(self)], rank[rank < rows // len(self)]
        return table.take(pa.array(order[np.argsort(rank, kind="stable")]))
