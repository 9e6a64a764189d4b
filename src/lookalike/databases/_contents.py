"""The contents of a source of tables, and the part of a database that writing needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import pyarrow as pa

from lookalike.databases._declared import DeclaredColumn
from lookalike.databases._keys import ForeignKey
from lookalike.databases._order import TableOrder
from lookalike.tables import Origin

__all__ = ["SourceContents", "WrittenDatabase"]


@dataclass
class SourceContents:
    """The tables, keys and declarations of a source.

    Parameters
    ----------
    tables : dict of str to pyarrow.Table
    primary : dict of str to tuple of str, or None
        The primary keys; None where nothing is declared.
    foreign : list of ForeignKey, or None
    declared : dict of str to dict
        What is declared about columns, by table and column.
    origins : dict of str to Origin
        Where tables are dataframes of a certain kind.
    """

    tables: dict[str, pa.Table]
    primary: dict[str, tuple[str, ...]] | None = None
    foreign: tuple[ForeignKey, ...] | None = None
    declared: dict[str, dict[str, DeclaredColumn]] = field(default_factory=dict)
    origins: dict[str, Origin] = field(default_factory=dict)


class WrittenDatabase(Protocol):
    """The part of a `Database` that writing it needs."""

    @property
    def names(self) -> Sequence[str]:
        """The names of the tables."""

    @property
    def primary_keys(self) -> Mapping[str, tuple[str, ...]]:
        """The primary key of each table."""

    @property
    def foreign_keys(self) -> Sequence[ForeignKey]:
        """The foreign keys."""

    @property
    def declared(self) -> Mapping[str, Mapping[str, DeclaredColumn]]:
        """The declarations of columns, by table and column."""

    def arrow(self, name: str) -> pa.Table:
        """Return a table as it came."""

    def typed(self) -> Mapping[str, pa.Table]:
        """Return the tables with the types of their columns."""

    def order(self) -> TableOrder:
        """Return the tables so that each comes after those it refers to."""

    def rows_of(self, key: ForeignKey) -> np.ndarray:
        """Return the row that each row refers to by a key."""

    def unique_keys(self, name: str) -> Sequence[tuple[str, ...]]:
        """Return the columns of a table that others refer to beside its primary key."""
