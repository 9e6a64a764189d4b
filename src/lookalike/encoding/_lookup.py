"""A column that has one cell for each combination of cells of others."""

from __future__ import annotations

from typing import ClassVar, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lookalike.encoding._arrow import is_null, to_numpy
from lookalike.encoding._base import State
from lookalike.encoding._codec import array_from_json, array_to_json
from lookalike.encoding._derivation import Cells, Derivation, Least
from lookalike.encoding._levels import Levels
from lookalike.encoding._numbers import nearest, raw_of
from lookalike.tables import Column, Schema

__all__ = ["Lookup"]


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
    def of(cls, cells: pa.Array, column: Column, least: Least | None) -> Self:
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
