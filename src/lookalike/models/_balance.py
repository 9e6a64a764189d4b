"""Rows of each class in turn, however blocks bring them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["Classes", "Queue"]

#: Rows of a class that wait for those of others, over all classes, at most; 64 of each at least.
_WAITING = 32_768
_LEAST_WAITING = 64


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


class Queue:
    """Gives out rows so that row i is of class i, modulo their number, in the order they come.

    Parameters
    ----------
    classes : Classes or None
        None gives out all rows as they come.
    """

    def __init__(self, classes: Classes | None) -> None:
        self._classes = classes
        self._waiting: pa.Table | None = None
        self._next = 0

    def take(self, table: pa.Table) -> pa.Table:
        """Take more rows and return those whose turn has come."""
        if self._classes is None:
            return table
        if self._waiting is not None:
            table = pa.concat_tables([self._waiting, table]).unify_dictionaries()
        count, codes = len(self._classes), self._classes.codes(table)
        rows = np.argsort(codes, kind="stable")[np.count_nonzero(codes < 0) :]
        each = np.bincount(codes[rows], minlength=count)
        rank = np.arange(len(rows)) - np.repeat(np.cumsum(each) - each, each)
        given = (self._next - codes[rows] + count - 1) // count
        turn = (given + rank) * count + codes[rows]
        order = np.argsort(turn, kind="stable")
        come = 0
        if self._next or each.all():  # nothing is given out before every class has been found
            due = turn[order] == self._next + np.arange(len(order))
            come = int(np.argmin(due)) if not due.all() else len(due)
        self._next += come
        most = max(_WAITING // count, _LEAST_WAITING)
        left = np.zeros(table.num_rows, bool)
        left[rows[order[come:]]] = rank[order[come:]] < most
        self._waiting = table.filter(pa.array(left))
        return table.take(pa.array(rows[order[:come]]))
