"""The evidence for relations: the columns of a table, and the relations found so far."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import IntEnum
from functools import cached_property

import numpy as np
import pyarrow as pa

from lookalike._core.errors import SchemaError
from lookalike.relations._coded import Coded
from lookalike.relations._numeric_column import NumericColumn
from lookalike.tables import Dependency, Kind, Schema

__all__ = ["Evidence", "Finder", "Found", "Stage", "in_order"]

_NUMBERS = (Kind.CONTINUOUS, Kind.INTEGER)
#: Squares and products of greater numbers could overflow.
_MOST = 1e100


class Stage(IntEnum):
    """The stage of a finder: the first relation found for a column is kept.

    Cheap and certain relations come first. Finders of one stage run in the order of their forms in
    `RELATIONS`.
    """

    #: The column is another one in different units.
    UNITS = 1
    #: The column follows from the levels of one other.
    LEVELS = 2
    #: The column is a sum or difference of numbers.
    SUMS = 3
    #: The column follows from the levels of two others.
    PAIRS = 4
    #: The column follows from a number of few values.
    NUMBERS = 5
    #: The column follows from levels in nearly all rows.
    EXCEPTIONS = 6
    #: The column follows from others and a residual that is easier to learn than the column.
    RESIDUALS = 7
    #: The column repeats another in many rows.
    REPEATS = 8


class Found:
    """Dependencies found so far: without cycles, at most one per column."""

    def __init__(self) -> None:
        self._by_column: dict[str, Dependency] = {}
        #: The columns of relations that are not exact, on either side.
        self.nearly_related: set[str] = set()

    @property
    def derived(self) -> frozenset[str]:
        """The columns that depend on others."""
        return frozenset(self._by_column)

    def add(self, dependencies: Iterable[Dependency], *, exact: bool = False) -> None:
        """Keep the dependencies that derive a new column and close no cycle."""
        for dependency in dependencies:
            new = dependency.column not in self._by_column
            if new and not self._closes_cycle(dependency):
                self._by_column[dependency.column] = dependency
                if not exact:
                    self.nearly_related |= {dependency.column, *dependency.on}

    def _closes_cycle(self, dependency: Dependency) -> bool:
        """Return whether a column would, through others, be derived from itself."""
        seen: set[str] = set()
        waiting = list(dependency.needs)
        while waiting:
            name = waiting.pop()
            if name == dependency.column:
                return True
            if name not in seen:
                seen.add(name)
                waiting += self._by_column[name].needs if name in self._by_column else ()
        return False

    def in_order(self) -> tuple[Dependency, ...]:
        """Return the dependencies so that each comes after those it builds on."""
        return in_order(self._by_column.values())


def in_order(dependencies: Iterable[Dependency]) -> tuple[Dependency, ...]:
    """Return dependencies so that each comes after those it builds on.

    Parameters
    ----------
    dependencies : iterable of Dependency

    Returns
    -------
    tuple of Dependency

    Raises
    ------
    SchemaError
        If columns are derived from each other in a cycle.
    """
    waiting = {dependency.column: dependency for dependency in dependencies}
    ordered: list[Dependency] = []
    while waiting:
        ready = [d for d in waiting.values() if not any(name in waiting for name in d.needs)]
        if not ready:
            raise SchemaError(
                "No column may be derived from itself, but these are derived from each other: "
                f"{', '.join(map(repr, waiting))}. Drop one of the dependencies."
            )
        ordered += ready
        for dependency in ready:
            del waiting[dependency.column]
    return tuple(ordered)


class Evidence:
    """The columns of a table as finders compare them.

    Parameters
    ----------
    table : pyarrow.Table, shape (rows, columns)
        A canonical table.
    schema : Schema
        The table's schema.

    Attributes
    ----------
    found : Found
        The dependencies found so far.
    coded : list of Coded
        All learned columns, as level codes.
    measures : list of NumericColumn
        The columns of numbers, dates, times and durations, as floats.
    """

    def __init__(self, table: pa.Table, schema: Schema) -> None:
        learned = [column for column in schema.columns if column.kind.is_learned]
        self.found = Found()
        self.coded = [Coded(table[c.name], c) for c in learned]
        self.measures = [NumericColumn.of(table[c.name], c) for c in learned if c.kind.is_numeric]
        self._numbers = frozenset(column.name for column in learned if column.kind in _NUMBERS)

    @property
    def derived(self) -> frozenset[str]:
        """The columns that depend on others, as found so far."""
        return self.found.derived

    @property
    def free(self) -> list[NumericColumn]:
        """The measures that depend on no others so far and can be squared."""
        return [m for m in self._moderate if m.name not in self.derived]

    @property
    def free_numbers(self) -> list[NumericColumn]:
        """The free measures that are numbers, not dates, times or durations."""
        return [m for m in self.free if m.name in self._numbers]

    @cached_property
    def _moderate(self) -> list[NumericColumn]:
        return [m for m in self.measures if np.abs(m.floats).max(initial=0) < _MOST]


#: A function that finds relations of one form.
Finder = Callable[[Evidence], Iterable[Dependency]]
