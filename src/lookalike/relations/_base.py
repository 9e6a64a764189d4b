"""The contract of a relation between columns.

A form of relation is one file: its discovery, the computation of its column from others, the
inference in the other direction, and its description in words.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from typing import ClassVar, Self

import numpy as np
import pyarrow as pa

from lookalike._core.learned import Learned
from lookalike._core.rows import Rows
from lookalike.relations._candidates import Feasible
from lookalike.relations._cells import Cells, Least, equal_cells, put
from lookalike.relations._domains import Domains
from lookalike.relations._evidence import Finder, Stage
from lookalike.relations._reconciled import Reconciled
from lookalike.tables import Column, ColumnCondition, Dependency, Schema
from lookalike.tables.values.arrow import is_null

__all__ = ["Relation"]


class Relation(ABC):
    """A dependence of one column of a table on others.

    A subclass must fit, compute, describe and store the relation; the other methods, which account
    for known cells and conditions, have defaults that are correct but infer little.

    Parameters
    ----------
    spec : Dependency
        The column, the columns it depends on, and the form of the relation.
    least : callable, optional
        Returns the least count of a value of a column that may be stored; 1 if not given.
    """

    #: The name of the form, as in `Dependency.form`.
    name: ClassVar[str]
    #: True where the column follows from the others in each row, without residual or randomness.
    exact: ClassVar[bool] = False
    #: True where a residual is encoded and learned in place of the column.
    learns_residual: ClassVar[bool] = False
    #: True where a present cell of the column implies that all cells it depends on are present.
    shows_presence: ClassVar[bool] = False
    #: True where the residual is missing in rows that the relation explains, so that models of
    #: whole columns do not see the column's cells there.
    hides_cells: ClassVar[bool] = False
    #: True where the column has a discrete set of values, so that it cannot be shifted slightly.
    is_rigid: ClassVar[bool] = False
    #: The functions that find such relations in a table, by stage.
    finders: ClassVar[Mapping[Stage, Finder]] = {}

    #: The residual as a column, under the name of the column that it replaces; set by `fit` and
    #: `load` where `learns_residual`.
    residual_column: Column

    def __init__(self, spec: Dependency, least: Least | None = None) -> None:
        self.spec = spec
        self.least = least

    # --- learning ---------------------------------------------------------------------------------

    def suits(self, cells: Cells) -> bool:
        """Return whether the relation can describe the columns of a canonical table."""
        return True

    @abstractmethod
    def fit(self, cells: Cells, schema: Schema) -> Self:
        """Learn from the columns of a canonical table."""

    @property
    def is_empty(self) -> bool:
        """True where nothing may be stored, since every cell is too rare."""
        return False

    @property
    def needs_proof(self) -> bool:
        """True where held-out rows must show that the relation does not degrade the column."""
        return True

    def fewest(self, column: Column) -> int:
        """Return the least count of a value of a column that may be stored."""
        return 1 if self.least is None else self.least(column)

    def residual(self, cells: Cells) -> pa.Array | None:
        """Return the residual, given all columns of the relation; None where none is learned."""
        return None

    @abstractmethod
    def compute(self, cells: Cells, residual: pa.Array | None, rows: Rows) -> pa.Array:
        """Return the column, given those that it depends on.

        Parameters
        ----------
        cells : mapping of str to pyarrow.Array, shape (n,)
            The columns that it depends on.
        residual : pyarrow.Array or None, shape (n,)
            The residual, where one is learned.
        rows : Rows
            The row numbers, which seed random choices.

        Returns
        -------
        pyarrow.Array, shape (n,)
        """

    def ends(self) -> pa.Array | None:
        """Return the least and the greatest cell of the column, shape (2,), if it has limits."""
        return None

    @abstractmethod
    def state(self) -> Learned:
        """Return the learned state."""

    @abstractmethod
    def load(self, state: Learned, schema: Schema) -> Self:
        """Restore the learned state, which comes from a file."""

    # --- words ------------------------------------------------------------------------------------

    @classmethod
    @abstractmethod
    def statement(cls, spec: Dependency) -> str:
        """Return a dependency of this form in words, such as ``"total = fare + tip"``."""

    # --- known cells ------------------------------------------------------------------------------

    def recognised(self, cells: Cells, sampled: Cells) -> Cells:
        """Return the columns with sampled levels in place of known but unlearned ones."""
        return cells

    def is_determined(self, cells: Cells) -> np.ndarray:
        """Return a mask of the rows in which the column follows from known cells, shape (n,)."""
        if not self.exact:
            return np.zeros(len(cells[self.spec.column]), bool)
        return np.asarray(np.logical_and.reduce([~is_null(cells[name]) for name in self.spec.on]))

    def infer_column(self, cells: Cells) -> pa.Array:
        """Return the column with cells filled in that follow from known ones."""
        column = cells[self.spec.column]
        ready = is_null(column) & self.is_determined(cells)
        if not ready.any():
            return column
        at = pa.array(np.flatnonzero(ready))
        some = {name: cells[name].take(at) for name in self.spec.on}
        return put(column, self.compute(some, None, Rows()), ready)

    def infer_others(self, cells: Cells, domains: Domains) -> Cells:
        """Return columns it depends on with cells filled in that follow from known ones."""
        return {}

    def feasible(self, cells: Cells) -> Iterator[Feasible]:
        """Yield the values of unknown cells from which known cells of the column can follow."""
        yield from ()

    def reconcile(self, draft: Reconciled, domains: Domains, rows: Rows) -> None:  # noqa: B027
        """Change sampled cells so that known cells of the column follow from them."""

    def violations(self, cells: Cells, known: np.ndarray, domains: Domains) -> np.ndarray | None:
        """Return a mask of the rows in which the relation does not hold.

        Parameters
        ----------
        cells : mapping of str to pyarrow.Array, shape (n,)
            All columns.
        known : ndarray of bool, shape (n,)
            The rows in which the column was known, not computed.
        domains : Domains

        Returns
        -------
        ndarray of bool, shape (n,), or None
            None where the relation allows any row.
        """
        if not self.exact:
            return None
        computed = self.compute(cells, None, Rows())
        return np.asarray(known & ~equal_cells(cells[self.spec.column], computed))

    # --- conditions -------------------------------------------------------------------------------

    def levels(self, of: pa.Array) -> pa.Array | None:
        """Return the levels of the column, given those of the one it depends on; else None."""
        return None

    def condition_on_parent(
        self, condition: ColumnCondition, levels: pa.Array | None
    ) -> ColumnCondition | None:
        """Return the equivalent condition on the one column it depends on.

        Parameters
        ----------
        condition : ColumnCondition
            A condition on the column of this relation, other than *missing*.
        levels : pyarrow.Array or None
            The levels of the column it depends on.

        Returns
        -------
        ColumnCondition or None
            None where there is no such condition.

        Raises
        ------
        DataError
            If no row fulfils it.
        """
        return None

    def contradicts(self, conditions: Mapping[str, ColumnCondition], domains: Domains) -> bool:
        """Return whether the relation prevents rows from fulfilling conditions together.

        Parameters
        ----------
        conditions : mapping of str to ColumnCondition
            Conditions by column: on the column of the relation, and on some that it depends on;
            none of them is *missing*.
        domains : Domains
        """
        return False
