"""Columns that are functions of others: found, so that they are derived and not learned."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from graphlib import TopologicalSorter

import numpy as np
import pyarrow as pa

from lookalike.relations._find_approximate_lookups import nearly_lookups
from lookalike.relations._find_equal import often_equal
from lookalike.relations._find_lookups import Coded, pair_lookups, single_lookups
from lookalike.relations._find_nearly_equal import nearly_equal
from lookalike.relations._find_nearly_sums import nearly_sums
from lookalike.relations._find_sums import sums
from lookalike.relations._measure import Measure, copies
from lookalike.relations._orders import with_orders
from lookalike.tables._schema import Dependency, Kind, Schema

__all__ = ["find_dependencies"]

_NUMBERS = (Kind.CONTINUOUS, Kind.INTEGER)
_EXACT = ("lookup", "linear")
#: Squares and products of greater numbers could overflow.
_MOST = 1e100


def find_dependencies(table: pa.Table, schema: Schema) -> tuple[Dependency, ...]:
    """Find the columns that are functions of others in every row of a table.

    Looked for, the first that is found for a column counts:

    1. another number, date or time, but for a factor and a constant;
    2. a lookup: each level of a discrete column has one value of another;
    3. a sum or difference of other numbers;
    4. a lookup by the levels of two discrete columns;
    5. a lookup by a number of few values.

    A column is missing exactly where what it is derived from says so. What could be chance is left
    out: an exact function must be confirmed by rows that would break it with near certainty if the
    columns were independent.

    Parameters
    ----------
    table : pyarrow.Table, shape (rows, columns)
        A canonical table.
    schema : Schema
        What its columns are.

    Returns
    -------
    tuple of Dependency
        A column is derived at most once and never, through others, from itself; each dependency
        comes after those that derive what it is derived from.

    Examples
    --------
    >>> from lookalike.tables import conform, infer_columns
    >>> land = pa.array(["CH", "FR", "IT", "CH"] * 50)
    >>> code = pa.array([41, 33, 39, 41] * 50)
    >>> table = pa.table({"land": land, "code": code})
    >>> schema = infer_columns(table)
    >>> [(d.column, d.on, d.form) for d in find_dependencies(conform(table, schema), schema)]
    [('code', ('land',), 'lookup')]
    """
    learned = [column for column in schema.columns if column.kind.is_learned]
    found = _Found()
    measures = [Measure.of(table[c.name], c) for c in learned if c.kind.is_numeric]
    found.add(copies(measures))
    coded = [Coded(table[c.name], c) for c in learned]
    found.add(single_lookups(coded, found.derived, discrete=True))
    numbers = {column.name for column in learned if column.kind in _NUMBERS}
    usual = [m for m in measures if np.abs(m.floats).max(initial=0) < _MOST]
    free = [m for m in usual if m.name in numbers and m.name not in found.derived]
    found.add(sums(free))
    found.add(pair_lookups(coded, found.derived))
    found.add(single_lookups(coded, found.derived, discrete=False))
    found.add(nearly_lookups(coded, found.derived))
    found.add(_nearly([m for m in usual if m.name not in found.derived]))
    related = {name for d in found.in_order() if d.form not in _EXACT for name in (d.column, *d.on)}
    found.add(often_equal(measures, frozenset(m.name for m in measures) - found.derived - related))
    return found.in_order()


def _nearly(measures: Sequence[Measure]) -> list[Dependency]:
    """Return how columns are told by others and a rest, the smallest rests first."""
    found = _Found()
    with np.errstate(all="ignore"):  # what is not finite is no relation
        found.add(nearly_sums(measures))
        found.add(nearly_equal([m for m in measures if m.name not in found.derived]))
    return with_orders(found.in_order(), {m.name: m for m in measures})


class _Found:
    """Dependencies without cycles, one for a column."""

    def __init__(self) -> None:
        self._by_column: dict[str, Dependency] = {}

    @property
    def derived(self) -> frozenset[str]:
        return frozenset(self._by_column)

    def add(self, dependencies: Iterable[Dependency]) -> None:
        """Keep those that derive a new column and close no cycle."""
        for dependency in dependencies:
            new = dependency.column not in self._by_column
            if new and not self._rests_on(dependency):
                self._by_column[dependency.column] = dependency

    def _rests_on(self, dependency: Dependency) -> bool:
        """Whether what a column is to be derived from is, through others, derived from it."""
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
        depth: dict[str, int] = {}
        for name in TopologicalSorter({d.column: d.needs for d in self._all}).static_order():
            derived = self._by_column.get(name)
            depth[name] = 0 if derived is None else 1 + max(depth[n] for n in derived.needs)
        return tuple(sorted(self._all, key=lambda d: depth[d.column]))

    @property
    def _all(self) -> Iterable[Dependency]:
        return self._by_column.values()
