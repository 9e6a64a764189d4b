"""Columns that are functions of others: made again from those, not learned."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import ClassVar, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lookalike._core.errors import SchemaError
from lookalike._core.errors import nearest as nearest_name
from lookalike.encoding._arrow import is_null, masked, to_numpy
from lookalike.encoding._base import State
from lookalike.encoding._codec import array_from_json, array_to_json, type_from_json, type_to_json
from lookalike.encoding._levels import Levels
from lookalike.encoding._numbers import from_raw, nearest, raw_of
from lookalike.tables import Column, Dependency, Schema

__all__ = ["Derivation", "Linear", "Lookup", "derivation", "in_order"]

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

    def __init__(
        self, dependency: Dependency, least: Callable[[Column], int] | None = None
    ) -> None:
        self.dependency = dependency
        self.least = least

    @abstractmethod
    def fit(self, cells: Cells, schema: Schema) -> Self:
        """Learn from the columns of a canonical table."""

    @abstractmethod
    def make(self, cells: Cells) -> pa.Array:
        """Return the derived column, given the decoded columns that it follows from."""

    @abstractmethod
    def state(self) -> State:
        """Return what was learned."""

    @abstractmethod
    def load(self, state: State) -> Self:
        """Take what `state` gave."""


class _Known:
    """The cells of a column that a lookup knows, with a code for each; missing is the last code.

    Parameters
    ----------
    values : pyarrow.Array, shape (k,)
        Distinct; sorted where they are numbers, dates, times or durations.
    measured : bool
        Whether a cell that is not among them counts as the nearest.
    """

    def __init__(self, values: pa.Array, measured: bool) -> None:
        self.values = values
        self.measured = measured
        self._raw = raw_of(values, None) if measured else None

    @classmethod
    def of(cls, cells: pa.Array, column: Column, least: Callable[[Column], int] | None) -> Self:
        present = cells.drop_null()
        if column.kind.is_numeric:
            return cls(pc.unique(present).sort(), True)
        if len(present) == 0:
            return cls(pa.array([], pa.string()), False)
        fewest = 1 if least is None else least(column)
        return cls(Levels.of(present, column.kind, fewest).values, False)

    def codes(self, cells: pa.Array) -> tuple[np.ndarray, np.ndarray]:
        """Return the code of each cell as int64, and whether the cell is unknown."""
        last = len(self.values)
        missing = is_null(cells)
        codes = np.full(len(cells), last, np.int64)
        if self._raw is not None:
            codes[~missing] = nearest(self._raw, raw_of(cells.drop_null(), None))
            return codes, np.zeros(len(cells), bool)
        if last > 0:
            codes = _index(cells, self.values)
        return codes, (codes == last) & ~missing

    def cells(self, codes: np.ndarray, dictionary: bool) -> pa.Array:
        """Return the cells of codes."""
        indices = pa.array(codes.astype(np.int32), mask=codes == len(self.values))
        if dictionary:
            return pa.DictionaryArray.from_arrays(indices, self.values)
        return self.values.take(indices)


class Lookup(Derivation):
    """Each combination of cells of some columns has one cell of the derived column.

    A number that was never seen counts as the nearest that was. A combination that was never seen
    takes the commonest cell among rows that agree in the first column. Levels too rare to be
    learned are not stored here either.
    """

    form: ClassVar[str] = "lookup"

    def fit(self, cells: Cells, schema: Schema) -> Self:
        on, name = self.dependency.on, self.dependency.column
        self._parents = [_Known.of(cells[n], schema[n], self.least) for n in on]
        self._child = _Known.of(cells[name], schema[name], self.least)
        self._dictionary = pa.types.is_dictionary(cells[name].type)
        target, rare = self._child.codes(cells[name])
        coded = [known.codes(cells[n]) for known, n in zip(self._parents, on, strict=True)]
        kept = ~np.logical_or.reduce([rare, *(unknown for _, unknown in coded)])
        kept |= not kept.any()
        codes = [code[kept] for code, _ in coded]
        self._keys, self._targets = _commonest(self._key(codes), target[kept])
        first, by_first = _commonest(codes[0], target[kept])
        self._by_first = np.full(len(self._parents[0].values) + 1, _mode(target[kept]))
        self._by_first[first] = by_first
        return self

    def _key(self, codes: list[np.ndarray]) -> np.ndarray:
        """Return one whole number for each combination of codes."""
        key = np.zeros(len(codes[0]), np.int64)
        for known, code in zip(self._parents, codes, strict=True):
            key = key * (len(known.values) + 1) + code
        return key

    def make(self, cells: Cells) -> pa.Array:
        on = zip(self._parents, self.dependency.on, strict=True)
        codes = [known.codes(cells[name])[0] for known, name in on]
        key = self._key(codes)
        at = np.minimum(np.searchsorted(self._keys, key), len(self._keys) - 1)
        found = np.where(self._keys[at] == key, self._targets[at], self._by_first[codes[0]])
        return self._child.cells(found, self._dictionary)

    def state(self) -> State:
        arrays = {"keys": self._keys, "targets": self._targets, "by_first": self._by_first}
        known = [
            {"cells": array_to_json(known.values), "measured": known.measured}
            for known in (*self._parents, self._child)
        ]
        return State({"known": known, "dictionary": self._dictionary}, arrays)

    def load(self, state: State) -> Self:
        known = [
            _Known(array_from_json(stored["cells"]), bool(stored["measured"]))
            for stored in state.values["known"]
        ]
        self._parents, self._child = known[:-1], known[-1]
        self._dictionary = bool(state.values["dictionary"])
        self._keys, self._targets = state.arrays["keys"], state.arrays["targets"]
        self._by_first = state.arrays["by_first"]
        return self


def _index(cells: pa.Array, known: pa.Array) -> np.ndarray:
    """Return the index of each cell among known ones, ``len(known)`` where it is not."""
    if pa.types.is_dictionary(cells.type):
        table: np.ndarray = np.append(_index(cells.dictionary, known), len(known))
        return np.take(table, to_numpy(cells.indices.fill_null(len(table) - 1)))
    found = pc.index_in(cells, value_set=known).fill_null(len(known))
    return to_numpy(found).astype(np.int64)


def _commonest(keys: np.ndarray, targets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the distinct keys, sorted, and the commonest target of each."""
    distinct, which = np.unique(keys, return_inverse=True)
    width = int(targets.max()) + 1
    pairs, counts = np.unique(which * width + targets, return_counts=True)
    order = np.lexsort([-counts, pairs // width])
    first = np.searchsorted((pairs // width)[order], np.arange(len(distinct)))
    return distinct, (pairs % width)[order][first]


def _mode(codes: np.ndarray) -> int:
    return int(np.bincount(codes).argmax())


class Linear(Derivation):
    """A constant plus a weighted sum of other columns, rounded as the derived column is.

    It is missing where any of the others is.
    """

    form: ClassVar[str] = "linear"

    def fit(self, cells: Cells, schema: Schema) -> Self:
        column = schema[self.dependency.column]
        self._type = cells[column.name].type
        self._decimals = column.decimals
        return self

    def make(self, cells: Cells) -> pa.Array:
        rows = len(cells[self.dependency.on[0]])
        total, missing = np.full(rows, self.dependency.constant), np.zeros(rows, bool)
        for name, weight in zip(self.dependency.on, self.dependency.coefficients, strict=True):
            absent = is_null(cells[name])
            total[~absent] += weight * raw_of(cells[name].drop_null(), None)
            missing |= absent
        if not pa.types.is_floating(self._type):
            total = np.rint(total).astype(np.int64)
        elif self._decimals is not None:
            total = np.round(total, self._decimals)
        return masked(from_raw(total, 0, self._type), missing)

    def state(self) -> State:
        return State({"type": type_to_json(self._type), "decimals": self._decimals})

    def load(self, state: State) -> Self:
        self._type = type_from_json(state.values["type"])
        self._decimals = state.values["decimals"]
        return self


#: Every form of a dependency.
_FORMS: dict[str, type[Derivation]] = {form.form: form for form in (Lookup, Linear)}


def derivation(dependency: Dependency, least: Callable[[Column], int] | None = None) -> Derivation:
    """Return the derivation, not yet fitted, of a dependency's form.

    Raises
    ------
    SchemaError
        If there is no such form.
    """
    if dependency.form not in _FORMS:
        raise SchemaError(
            f"The form of a dependency must be one of {', '.join(_FORMS)}; that of "
            f"{dependency.column!r} is {dependency.form!r}.{nearest_name(dependency.form, _FORMS)}"
        )
    return _FORMS[dependency.form](dependency, least)


def in_order(schema: Schema) -> tuple[Dependency, ...]:
    """Return the dependencies so that each comes after those it builds on.

    Raises
    ------
    SchemaError
        If columns are derived from each other in a circle.
    """
    waiting = {dependency.column: dependency for dependency in schema.dependencies}
    ordered: list[Dependency] = []
    while waiting:
        ready = [d for d in waiting.values() if not any(name in waiting for name in d.on)]
        if not ready:
            raise SchemaError(
                "No column may be derived from itself, but these are derived from each other: "
                f"{', '.join(map(repr, waiting))}. Drop one of the dependencies."
            )
        ordered += ready
        for dependency in ready:
            del waiting[dependency.column]
    return tuple(ordered)
