"""A column that has one cell for nearly every combination of others, and few cells for the rest."""

from __future__ import annotations

from typing import ClassVar, Self

import numpy as np
import pyarrow as pa

from lookalike._core.learned import Learned
from lookalike._core.rows import Rows
from lookalike.relations._derivation import Cells, Derivation
from lookalike.relations._level_index import Known, joined, known_rows
from lookalike.tables import Schema

__all__ = ["ApproximateLookup"]


class _Odds:
    """How often each target goes with a key.

    Parameters
    ----------
    keys : ndarray of int64, shape (k,)
        Sorted and distinct.
    ends : ndarray of int64, shape (k,)
        Where the targets of each key end; those of the next begin there.
    targets : ndarray of int64, shape (m,)
        Distinct within a key, the commonest first.
    upto : ndarray of float64, shape (m,)
        Cumulative shares within the key.
    """

    def __init__(
        self, keys: np.ndarray, ends: np.ndarray, targets: np.ndarray, upto: np.ndarray
    ) -> None:
        self.keys, self.ends, self.targets, self.upto = keys, ends, targets, upto

    @classmethod
    def of(cls, keys: np.ndarray, targets: np.ndarray, fewest: int) -> Self:
        """Count pairs of key and target; those of fewer rows are not stored."""
        width = int(targets.max(initial=0)) + 1
        pairs, counts = np.unique(keys * width + targets, return_counts=True)
        pairs, counts = pairs[counts >= fewest], counts[counts >= fewest]
        order = np.lexsort([-counts, pairs // width])
        pairs, counts = pairs[order], counts[order]
        distinct, first = np.unique(pairs // width, return_index=True)
        ends = np.append(first, len(pairs))[1:].astype(np.int64)
        before = np.append(0, np.cumsum(counts))
        sizes = np.diff(np.append(first, len(pairs)))
        start, total = (
            np.repeat(part, sizes) for part in (before[first], before[ends] - before[first])
        )
        return cls(distinct, ends, pairs % width, (before[1:] - start) / total)

    def draw(self, keys: np.ndarray, uniforms: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return a target for each key by a number in [0, 1), and which keys are known."""
        if len(self.keys) == 0:
            return np.zeros_like(keys), np.zeros(len(keys), bool)
        at = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        # shares of key k lie in (k, k + 1]: one search finds the target of every row
        sizes = np.diff(self.ends, prepend=0)
        limits = np.repeat(np.arange(len(self.keys)), sizes) + self.upto
        place = np.searchsorted(limits, at + uniforms, side="right")
        drawn = self.targets[np.clip(place, (self.ends - sizes)[at], self.ends[at] - 1)]
        return drawn, self.keys[at] == keys

    def usual(self) -> tuple[np.ndarray, np.ndarray]:
        """Return keys and targets that go together: the commonest, or all of targets with none."""
        sizes = np.diff(self.ends, prepend=0)
        keys = np.repeat(self.keys, sizes)
        first = np.zeros(len(keys), bool)
        first[self.ends - sizes] = True
        first |= ~np.isin(self.targets, self.targets[first])
        return keys[first], self.targets[first]

    def arrays(self, name: str) -> dict[str, np.ndarray]:
        """Return what is stored, under the names `load` finds it by."""
        parts = {"keys": self.keys, "ends": self.ends, "targets": self.targets, "upto": self.upto}
        return {f"{name} {part}": array for part, array in parts.items()}

    @classmethod
    def load(cls, arrays: dict[str, np.ndarray], name: str) -> Self:
        """Return what `arrays` gave; it comes from a file."""
        parts = [arrays[f"{name} {part}"] for part in ("keys", "ends", "targets", "upto")]
        keys, ends, targets, upto = parts
        sizes = np.diff(ends, prepend=0)
        if len(keys) != len(ends) or (sizes < 1).any() or sizes.sum() != len(targets):
            raise ValueError("the targets of a relation do not belong to its keys")
        if len(upto) != len(targets) or not ((upto > 0) & (upto <= 1)).all():
            raise ValueError("the shares of a relation are no shares")
        return cls(keys, ends, targets, upto)


class ApproximateLookup(Derivation):
    """Each combination of cells of some columns has few cells of the derived one, drawn by share.

    What is drawn depends on the row's number and the seed. A number that was never seen counts as
    the nearest that was. A combination that was never seen, or in too few rows to be stored, takes
    a cell of the rows that agree in the first column, and failing that of any row.
    """

    form: ClassVar[str] = "mostly"

    def fit(self, cells: Cells, schema: Schema) -> Self:
        on, name = self.dependency.on, self.dependency.column
        self._parents = [Known.of(cells[n], schema[n], self.least) for n in on]
        self._child = Known.of(cells[name], schema[name], self.least)
        self._dictionary = pa.types.is_dictionary(cells[name].type)
        columns = [cells[n] for n in (*on, name)]
        *codes, target = known_rows((*self._parents, self._child), columns)
        fewest = 1 if self.least is None else self.least(schema[name])
        self._odds = {
            "whole": _Odds.of(joined(self._parents, codes), target, fewest),
            "first": _Odds.of(codes[0], target, fewest),
            "any": _Odds.of(np.zeros_like(target), target, fewest),
        }
        return self

    @property
    def is_empty(self) -> bool:
        return len(self._odds["any"].keys) == 0

    def make(self, cells: Cells, rows: Rows) -> pa.Array:
        on = zip(self._parents, self.dependency.on, strict=True)
        codes = [known.codes(cells[name])[0] for known, name in on]
        uniforms = rows.of(self.dependency.column).uniforms(np.arange(len(codes[0])))
        drawn, _ = self._odds["any"].draw(np.zeros_like(codes[0]), uniforms)
        for name, keys in (("first", codes[0]), ("whole", joined(self._parents, codes))):
            made, known = self._odds[name].draw(keys, uniforms)
            drawn = np.where(known, made, drawn)
        return self._child.cells(drawn, self._dictionary)

    def entries(self) -> tuple[tuple[Known, ...], np.ndarray, np.ndarray]:
        """Return the cells of all columns, and which keys mostly go with which targets."""
        return (*self._parents, self._child), *self._odds["whole"].usual()

    def state(self) -> Learned:
        known = [known.to_dict() for known in (*self._parents, self._child)]
        arrays = {k: a for name, odds in self._odds.items() for k, a in odds.arrays(name).items()}
        return Learned({"known": known, "dictionary": self._dictionary}, arrays)

    def load(self, state: Learned) -> Self:
        known = [Known.from_dict(stored) for stored in state.values["known"]]
        self._parents, self._child = known[:-1], known[-1]
        self._dictionary = bool(state.values["dictionary"])
        self._odds = {name: _Odds.load(state.arrays, name) for name in ("whole", "first", "any")}
        for odds in self._odds.values():
            self._child.check(odds.targets)
        return self
