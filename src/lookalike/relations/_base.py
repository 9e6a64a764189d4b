"""The contract of a relation between columns.

A form of relation is one file: how it is found, how its column is computed from others, what
follows from it in the other direction, and how it is said in words.
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

    A subclass must fit, compute, say and store the relation; the other methods, by which known
    cells and conditions are taken into account, have defaults that are right but know little.

    Parameters
    ----------
    spec : Dependency
        Which column depends on which others, and how.
    least : callable, optional
        Gives the least count of a value of a column that may be stored; 1 without it.
    """

    #: The name of the form: what `Dependency.form` is.
    name: ClassVar[str]
    #: Whether the column follows from the others in each row, without a residual and by no chance.
    exact: ClassVar[bool] = False
    #: Whether a residual is encoded and learned in place of the column.
    learns_residual: ClassVar[bool] = False
    #: Whether a present cell of the column shows that all cells it depends on are present.
    shows_presence: ClassVar[bool] = False
    #: Whether the column has certain values only, so that it cannot be moved a little.
    is_rigid: ClassVar[bool] = False
    #: What finds such relations in a table, by the stage at which it looks.
    finders: ClassVar[Mapping[Stage, Finder]] = {}

    #: The residual as a column, under the name of the one whose place it takes; set by `fit` and
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
        """Whether nothing may be stored, since every cell is too rare."""
        return False

    @property
    def needs_proof(self) -> bool:
        """Whether rows held out must show that the column is no worse for the relation."""
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
            Which rows they are: chance belongs to a row's number.

        Returns
        -------
        pyarrow.Array, shape (n,)
        """

    def ends(self) -> pa.Array | None:
        """Return the least and the greatest cell of the column, shape (2,), if it has limits."""
        return None

    @abstractmethod
    def state(self) -> Learned:
        """Return what was learned."""

    @abstractmethod
    def load(self, state: Learned, schema: Schema) -> Self:
        """Take what `state` gave; it comes from a file."""

    # --- words ------------------------------------------------------------------------------------

    @classmethod
    @abstractmethod
    def statement(cls, spec: Dependency) -> str:
        """Return what a dependency of this form says, such as ``"total = fare + tip"``."""

    # --- known cells ------------------------------------------------------------------------------

    def recognised(self, cells: Cells, sampled: Cells) -> Cells:
        """Return the columns with sampled levels in place of known ones that were never learned."""
        return cells

    def is_determined(self, cells: Cells) -> np.ndarray:
        """Return in which rows the column follows from the cells that are known, shape (n,)."""
        if not self.exact:
            return np.zeros(len(cells[self.spec.column]), bool)
        return np.asarray(np.logical_and.reduce([~is_null(cells[name]) for name in self.spec.on]))

    def infer_column(self, cells: Cells) -> pa.Array:
        """Return the column with cells filled in that follow from known ones."""
        own = cells[self.spec.column]
        ready = is_null(own) & self.is_determined(cells)
        if not ready.any():
            return own
        at = pa.array(np.flatnonzero(ready))
        some = {name: cells[name].take(at) for name in self.spec.on}
        return put(own, self.compute(some, None, Rows()), ready)

    def infer_others(self, cells: Cells, domains: Domains) -> Cells:
        """Return columns it depends on with cells filled in that follow from known ones."""
        return {}

    def feasible(self, cells: Cells) -> Iterator[Feasible]:
        """Yield the values of unknown cells that known cells of the column can follow from."""
        yield from ()

    def reconcile(self, draft: Reconciled, domains: Domains, rows: Rows) -> None:  # noqa: B027
        """Change sampled cells so that known cells of the column follow from them."""

    def violations(self, cells: Cells, known: np.ndarray, domains: Domains) -> np.ndarray | None:
        """Return in which rows the relation does not hold.

        Parameters
        ----------
        cells : mapping of str to pyarrow.Array, shape (n,)
            All columns.
        known : ndarray of bool, shape (n,)
            In which rows the column was known, not computed.
        domains : Domains

        Returns
        -------
        ndarray of bool, shape (n,), or None
            None where any row may be.
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
        """Return the condition on the one column it depends on that means the same.

        Parameters
        ----------
        condition : ColumnCondition
            On the column of this relation; not that it is missing.
        levels : pyarrow.Array or None
            Of the column it depends on.

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
        """Return whether the relation keeps rows from fulfilling conditions together.

        Parameters
        ----------
        conditions : mapping of str to ColumnCondition
            By column: one on the column of the relation, and others on some that it depends on,
            none of them that a cell is missing.
        domains : Domains
        """
        return False
