"""A column with one cell for each combination of cells of others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from itertools import combinations
from typing import ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lookalike._core.errors import DataError
from lookalike._core.rows import Rows
from lookalike.relations._cells import Cells, put
from lookalike.relations._coded import (
    EVIDENCE,
    PAIR_COLUMNS,
    ROWS_PER_PAIR,
    Coded,
    Sample,
    first_rows,
    paired,
    some_rows,
)
from lookalike.relations._domains import Domains
from lookalike.relations._evidence import Evidence, Finder, Stage
from lookalike.relations._keyed import KeyedRelation
from lookalike.relations._level_index import joined_codes
from lookalike.tables import ColumnCondition, Dependency
from lookalike.tables.values.arrow import is_null, plain

__all__ = ["Lookup"]


def _commonest(keys: np.ndarray, targets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the distinct keys, sorted, and the most common target of each."""
    distinct, which = np.unique(keys, return_inverse=True)
    width = int(targets.max(initial=0)) + 1
    pairs, counts = np.unique(which * width + targets, return_counts=True)
    order = np.lexsort([-counts, pairs // width])
    first = np.searchsorted((pairs // width)[order], np.arange(len(distinct)))
    return distinct, (pairs % width)[order][first]


def _mode(codes: np.ndarray) -> int:
    return int(np.bincount(codes, minlength=1).argmax())


# --- found by the levels of one column ------------------------------------------------------------


def _by_one(evidence: Evidence, *, discrete: bool) -> Iterator[Dependency]:
    """Find columns with one value for each level of another.

    Parameters
    ----------
    evidence : Evidence
    discrete : bool
        Whether the keys are levels, or else numbers of few values.

    Yields
    ------
    Dependency
        Of form ``"lookup"`` on one column: the possible one with the fewest levels.
    """
    derived = evidence.derived
    # A column is determined only by one with as many levels or more: this order has no cycles.
    order = sorted(evidence.coded, key=lambda c: (-c.levels, not c.is_discrete))
    free = np.array([c.levels > 1 and c.name not in derived for c in order], bool)
    parents = [i for i, c in enumerate(order) if c.is_parent and c.is_discrete is discrete]
    if not parents or not free.any():
        return
    some = Sample.of(order)
    parent_of: dict[int, int] = {}
    # Among possible parents, the one with the fewest levels comes first.
    for i in sorted(parents, key=lambda i: (order[i].levels, i)):
        children = np.flatnonzero(free[i + 1 :]) + i + 1
        for j in some.not_refuted(i, children, order[i].rows - order[i].levels).tolist():
            if _determines(order[i].codes, order[j].codes):
                parent_of[j], free[j] = i, False
    for j in sorted(parent_of):
        yield Dependency(order[j].name, (order[parent_of[j]].name,))


def _determines(parent: np.ndarray, child: np.ndarray) -> bool:
    """Return whether each level of the parent has one of the child, beyond chance.

    If they were independent, m rows of one level would all have the same child with a probability
    of at most p^(m - 1), where p is the share of the most common child.
    """
    if not (child[first_rows(parent)[parent]] == child).all():
        return False
    top_share = np.bincount(child).max() / len(child)
    confirming = len(parent) - np.count_nonzero(np.bincount(parent))
    return bool(-np.log(top_share) * confirming >= EVIDENCE)


# --- by two columns -------------------------------------------------------------------------------


def _by_two(evidence: Evidence) -> Iterator[Dependency]:
    """Find columns with one value for each combination of levels of two others.

    Yields
    ------
    Dependency
        Of form ``"lookup"`` on two columns, the more informative one first.
    """
    derived = evidence.derived
    free = [c for c in evidence.coded if c.name not in derived and c.levels > 1]
    if not 3 <= len(free) <= PAIR_COLUMNS:
        return
    derived_here: set[str] = set()
    rows = some_rows(free)
    some = {c.name: c.some_codes(rows) for c in free}
    parents = [c for c in free if c.is_parent and c.is_discrete]
    for a, b in sorted(combinations(parents, 2), key=lambda pair: pair[0].levels * pair[1].levels):
        if a.levels * b.levels * ROWS_PER_PAIR > a.rows or {a.name, b.name} & derived_here:
            continue
        together = paired(some[a.name], some[b.name])
        first = first_rows(together)[together]
        for child in free:
            if child in (a, b) or child.name in derived_here or child.levels > a.levels * b.levels:
                continue
            codes = some[child.name]
            if (codes[first] == codes).all() and _pair_determines(a, b, child):
                derived_here.add(child.name)
                ranked = sorted((a, b), key=lambda c: -_agreement(c.codes, child.codes).sum())
                yield Dependency(child.name, tuple(c.name for c in ranked))


def _pair_determines(a: Coded, b: Coded, child: Coded) -> bool:
    """Return whether two columns determine another, and each of them is needed."""
    together = paired(a.codes, b.codes)
    if not (child.codes[first_rows(together)[together]] == child.codes).all():
        return False
    more = np.bincount(together) - 1
    row = first_rows(together)
    return all(
        float((-np.log(_agreement(one.codes, child.codes)[one.codes[row]]) * more).sum())
        >= EVIDENCE
        for one in (a, b)
    )


def _agreement(parent: np.ndarray, child: np.ndarray) -> np.ndarray:
    """Return the share of the most common child, for each level of the parent."""
    key = parent * np.int64(child.max(initial=0) + 1) + child
    pairs, counts = np.unique(key, return_counts=True)
    best = np.zeros(int(parent.max(initial=0)) + 1)
    np.maximum.at(best, pairs // (child.max(initial=0) + 1), counts)
    return np.maximum(best, 1) / np.maximum(np.bincount(parent, minlength=len(best)), 1)


class Lookup(KeyedRelation):
    """One cell of the column for each combination of cells of others.

    A combination that was never seen takes the most common cell among rows that agree in the first
    column.
    """

    name: ClassVar[str] = "lookup"
    exact: ClassVar[bool] = True
    finders: ClassVar[Mapping[Stage, Finder]] = {
        Stage.LEVELS: partial(_by_one, discrete=True),
        Stage.PAIRS: _by_two,
        Stage.NUMBERS: partial(_by_one, discrete=False),
    }

    def _fit_keys(
        self,
        keys: np.ndarray,
        first: np.ndarray,
        targets: np.ndarray,
        fewest: int,
    ) -> None:
        self._keys, self._targets = _commonest(keys, targets)
        codes, by_first = _commonest(first, targets)
        self._by_first = np.full(len(self._parents[0].values) + 1, _mode(targets))
        self._by_first[codes] = by_first

    @property
    def is_empty(self) -> bool:
        return len(self._keys) == 0

    def compute(self, cells: Cells, residual: pa.Array | None, rows: Rows) -> pa.Array:
        codes = self._codes(cells)
        key = joined_codes(self._parents, codes)
        at = np.minimum(np.searchsorted(self._keys, key), len(self._keys) - 1)
        targets = np.where(self._keys[at] == key, self._targets[at], self._by_first[codes[0]])
        return self._child.cells(targets, self._dictionary)

    def _entries(self) -> tuple[np.ndarray, np.ndarray]:
        return self._keys, self._targets

    def _arrays(self) -> dict[str, np.ndarray]:
        return {"keys": self._keys, "targets": self._targets, "by_first": self._by_first}

    def _load_arrays(self, arrays: dict[str, np.ndarray]) -> None:
        self._keys, self._targets = arrays["keys"], arrays["targets"]
        self._by_first = arrays["by_first"]
        self._child.check(self._targets)
        self._child.check(self._by_first)
        first = self._parents[0].values
        if len(self._keys) != len(self._targets) or len(self._by_first) <= len(first):
            raise ValueError("the targets of a relation do not belong to its keys")

    @classmethod
    def statement(cls, spec: Dependency) -> str:
        return f"{spec.column} is determined by {' and '.join(spec.on)}"

    # --- known cells ------------------------------------------------------------------------------

    def is_determined(self, cells: Cells) -> np.ndarray:
        ready = super().is_determined(cells)
        if ready.any():  # nothing is known of levels that were never learned
            ready &= self._combinations().of_cells(cells)[1][:, :-1].all(axis=1)
        return ready

    def infer_others(self, cells: Cells, domains: Domains) -> Cells:
        """Return key columns filled in where only one cell is possible."""
        inferred: dict[str, pa.Array] = {}
        for pattern in self._combinations().patterns(cells):
            if len(pattern.unknown) > 1:
                continue
            (column,) = pattern.unknown
            name, known = pattern.combinations.names[column], pattern.combinations.known[column]
            column_cells = inferred.get(name, cells[name])
            code, one = pattern.candidates(column).only()
            code = np.where(one, code, len(known.values))
            rows = np.zeros(len(column_cells), bool)
            rows[pattern.rows] = True
            dictionary = pa.types.is_dictionary(column_cells.type)
            inferred[name] = put(column_cells, known.cells(code, dictionary), rows)
        return inferred

    def violations(self, cells: Cells, known: np.ndarray, domains: Domains) -> np.ndarray:
        codes = self._combinations()
        actual, present = codes.of_cells(cells)
        expected, _ = self._child.codes(self.compute(cells, None, Rows()))
        # Rows with a level that was never learned violate nothing.
        given = np.stack([~is_null(cells[name]) for name in codes.names], axis=1)
        unseen = (~present & given).any(axis=1)
        right = (actual[:, -1] == expected) | unseen | is_null(cells[self.spec.column])
        return np.asarray(known & ~right)

    # --- conditions -------------------------------------------------------------------------------

    def levels(self, of: pa.Array) -> pa.Array:
        targets = self.compute({self.spec.on[0]: of}, None, Rows())
        return plain(pc.unique(targets).drop_null())

    def condition_on_parent(
        self, condition: ColumnCondition, levels: pa.Array | None
    ) -> ColumnCondition | None:
        if levels is None:
            return None
        name = self.spec.on[0]
        fitting = condition.matches(self.compute({name: levels}, None, Rows()))
        if not fitting.any():
            raise DataError(
                f"No row can satisfy {condition}. No row of the training table does; change "
                "or drop the condition."
            )
        return ColumnCondition(name, values=levels.filter(pa.array(fitting)))

    def contradicts(self, conditions: Mapping[str, ColumnCondition], domains: Domains) -> bool:
        """Return whether no existing combination fulfils all conditions."""
        codes = self._combinations()
        if len(codes.names) > 2 and codes.names[0] not in conditions:
            return False  # unseen combinations are looked up by the first column
        right = np.ones(len(codes.entries), bool)
        for k, name in enumerate(codes.names):
            if name in conditions:
                known = codes.known[k].values
                fits = np.append(conditions[name].matches(known), False) if len(known) else [False]
                last = right & np.asarray(fits)[codes.entries[:, k]]
                if k < len(codes.names) - 1 and not last.any():
                    return False
                right = last
        return not right.any()
