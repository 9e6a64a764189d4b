"""The contract of a derivation: how one column is made of others, not learned."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import ClassVar, Self

import pyarrow as pa

from lookalike._core.learned import Learned
from lookalike._core.rows import Rows
from lookalike.tables import Column, Dependency, Schema

__all__ = ["Cells", "Derivation", "Least"]

#: How often a level of a column must occur to be stored.
Least = Callable[[Column], int]
#: Columns by name.
Cells = Mapping[str, pa.Array]


class Derivation(ABC):
    """How one column follows from others.

    Parameters
    ----------
    dependency : Dependency
        Which column follows from which.
    least : callable, optional
        Gives the least count of a level of a column that may be stored; 1 without it.
    """

    form: ClassVar[str]

    def __init__(self, dependency: Dependency, least: Least | None = None) -> None:
        self.dependency = dependency
        self.least = least

    @abstractmethod
    def fit(self, cells: Cells, schema: Schema) -> Self:
        """Learn from the columns of a canonical table."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing is left to be stored, since every cell is too rare."""
        return False

    @abstractmethod
    def make(self, cells: Cells, rows: Rows) -> pa.Array:
        """Return the derived column, given the decoded columns that it follows from.

        Parameters
        ----------
        cells : mapping of str to pyarrow.Array
            The columns decoded so far, n rows.
        rows : Rows
            Which rows they are: chance belongs to a row's number.

        Returns
        -------
        pyarrow.Array, shape (n,)
        """

    @abstractmethod
    def state(self) -> Learned:
        """Return what was learned."""

    @abstractmethod
    def load(self, state: Learned) -> Self:
        """Take what `state` gave."""
