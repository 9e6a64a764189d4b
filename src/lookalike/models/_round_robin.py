"""Levels of a column assigned to rows in turn, so that they are equally frequent."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["RoundRobin"]


@dataclass(frozen=True)
class RoundRobin:
    """The levels of a column that are assigned to rows in turn.

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
        """Return the position of each row's level, or -1 for other levels, shape (rows,)."""
        cells = table[self.column]
        if pa.types.is_dictionary(cells.type):
            cells = cells.cast(cells.type.value_type)
        codes = pc.index_in(cells, value_set=self.levels.cast(cells.type), skip_nulls=True)
        return np.asarray(codes.fill_null(-1).to_numpy())

    def counts(self, table: pa.Table) -> np.ndarray:
        """Return the number of rows that have each level, shape (levels,)."""
        codes = self.codes(table)
        return np.bincount(codes[codes >= 0], minlength=len(self))

    def levels_for_rows(self, first: int, rows: int) -> pa.Array:
        """Return the levels assigned to rows, from row number `first` on."""
        return self.levels.take(pa.array(np.arange(first, first + rows) % len(self)))

    def interleaved(self, table: pa.Table, rows: int) -> pa.Table:
        """Return the first rows of each level, with the levels in turn as far as there are rows.

        Parameters
        ----------
        table : pyarrow.Table
        rows : int
            The desired number of rows, a multiple of the number of levels.

        Returns
        -------
        pyarrow.Table
            At most ``rows / len(self)`` rows of each level.
        """
        codes = self.codes(table)
        # Positions of rows by level, without those of other levels.
        order = np.argsort(codes, kind="stable")[np.count_nonzero(codes < 0) :]
        each = np.bincount(codes[order], minlength=len(self))
        # The rank of each row among those of its level is the number of its round.
        rank = np.arange(len(order)) - np.repeat(np.cumsum(each) - each, each)
        order, rank = order[rank < rows // len(self)], rank[rank < rows // len(self)]
        return table.take(pa.array(order[np.argsort(rank, kind="stable")]))
