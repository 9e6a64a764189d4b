"""The contract of a relation of which a rest is learned, in place of the column itself."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar, Self

import pyarrow as pa

from lookalike._core.learned import Learned
from lookalike.relations._derivation import Cells, Least
from lookalike.tables import Column, Dependency, Schema

__all__ = ["Rest"]


class Rest(ABC):
    """How one column is told by others and by a rest, which is encoded and learned.

    Parameters
    ----------
    dependency : Dependency
        Which column is told by which.
    least : callable, optional
        Gives the least count of a value of a column that may be stored; 1 without it.
    """

    form: ClassVar[str]

    #: What the rest is, under the name of the column whose place it takes.
    column: Column

    def __init__(self, dependency: Dependency, least: Least | None = None) -> None:
        self.dependency = dependency
        self.least = least

    def fewest(self, column: Column) -> int:
        """Return the least count of a value of a column that may be stored."""
        return 1 if self.least is None else self.least(column)

    @abstractmethod
    def suits(self, cells: Cells) -> bool:
        """Whether the columns of a canonical table can be told in this way."""

    @abstractmethod
    def fit(self, cells: Cells, schema: Schema) -> Self:
        """Learn from the columns of a canonical table."""

    @abstractmethod
    def rest(self, cells: Cells) -> pa.Array:
        """Return the rest, given all columns that the relation names, n rows."""

    @abstractmethod
    def make(self, cells: Cells, rest: pa.Array) -> pa.Array:
        """Return the column, given the decoded columns that tell it and the decoded rest."""

    @abstractmethod
    def ends(self) -> pa.Array:
        """Return the least and the greatest cell that the column can be, shape (2,)."""

    @abstractmethod
    def state(self) -> Learned:
        """Return what was learned."""

    @abstractmethod
    def load(self, state: Learned, schema: Schema) -> Self:
        """Take what `state` gave."""
