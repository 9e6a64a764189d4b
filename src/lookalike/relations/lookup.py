"""A column that has one cell for each combination of cells of others."""

from __future__ import annotations

from typing import ClassVar, Self

import numpy as np
import pyarrow as pa

from lookalike._core.learned import Learned
from lookalike._core.rows import Rows
from lookalike.relations._derivation import Cells, Derivation
from lookalike.relations._level_index import Known, joined, known_rows
from lookalike.tables import Schema

__all__ = ["Lookup"]


class Lookup(Derivation):
    """Each combination of cells of some columns has one cell of the derived column.

    A number that was never seen counts as the nearest that was. A combination that was never seen
    takes the commonest cell among rows that agree in the first column. Levels and numbers of too
    few rows are not stored here either.
    """

    form: ClassVar[str] = "lookup"

    def fit(self, cells: Cells, schema: Schema) -> Self:
        on, name = self.dependency.on, self.dependency.column
        self._parents = [Known.of(cells[n], schema[n], self.least) for n in on]
        self._child = Known.of(cells[name], schema[name], self.least)
        self._dictionary = pa.types.is_dictionary(cells[name].type)
        columns = [cells[n] for n in (*on, name)]
        *codes, target = known_rows((*self._parents, self._child), columns)
        self._keys, self._targets = _commonest(joined(self._parents, codes), target)
        first, by_first = _commonest(codes[0], target)
        self._by_first = np.full(len(self._parents[0].values) + 1, _mode(target))
        self._by_first[first] = by_first
        return self

    @property
    def is_empty(self) -> bool:
        return len(self._keys) == 0

    def make(self, cells: Cells, rows: Rows) -> pa.Array:  # noqa: ARG002 - nothing is drawn
        on = zip(self._parents, self.dependency.on, strict=True)
        codes = [known.codes(cells[name])[0] for known, name in on]
        key = joined(self._parents, codes)
        at = np.minimum(np.searchsorted(self._keys, key), len(self._keys) - 1)
        found = np.where(self._keys[at] == key, self._targets[at], self._by_first[codes[0]])
        return self._child.cells(found, self._dictionary)

    def entries(self) -> tuple[tuple[Known, ...], np.ndarray, np.ndarray]:
        """Return the cells of all columns, and which keys go with which targets, as codes."""
        return (*self._parents, self._child), self._keys, self._targets

    def state(self) -> Learned:
        arrays = {"keys": self._keys, "targets": self._targets, "by_first": self._by_first}
        known = [known.to_dict() for known in (*self._parents, self._child)]
        return Learned({"known": known, "dictionary": self._dictionary}, arrays)

    def load(self, state: Learned) -> Self:
        known = [Known.from_dict(stored) for stored in state.values["known"]]
        self._parents, self._child = known[:-1], known[-1]
        self._dictionary = bool(state.values["dictionary"])
        self._keys, self._targets = state.arrays["keys"], state.arrays["targets"]
        self._by_first = state.arrays["by_first"]
        self._child.check(self._targets)
        self._child.check(self._by_first)
        if len(self._keys) != len(self._targets) or len(self._by_first) <= len(known[0].values):
            raise ValueError("the targets of a relation do not belong to its keys")
        return self


def _commonest(keys: np.ndarray, targets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the distinct keys, sorted, and the commonest target of each."""
    distinct, which = np.unique(keys, return_inverse=True)
    width = int(targets.max(initial=0)) + 1
    pairs, counts = np.unique(which * width + targets, return_counts=True)
    order = np.lexsort([-counts, pairs // width])
    first = np.searchsorted((pairs // width)[order], np.arange(len(distinct)))
    return distinct, (pairs % width)[order][first]


def _mode(codes: np.ndarray) -> int:
    return int(np.bincount(codes, minlength=1).argmax())
