"""A column that has one cell for nearly each combination of others, and few cells for some."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import ClassVar, NamedTuple, Self

import numpy as np
import pyarrow as pa
from scipy.stats import poisson

from lookalike._core.rows import Rows
from lookalike.relations._cells import Cells
from lookalike.relations._coded import (
    COARSE,
    EVIDENCE,
    PAIR_COLUMNS,
    ROWS_PER_PAIR,
    Coded,
    Sample,
    paired,
    repeated,
)
from lookalike.relations._evidence import Evidence, Finder, Stage
from lookalike.relations._keyed import KeyedRelation
from lookalike.relations._level_index import joined_codes
from lookalike.relations._numeric_column import sample_rows
from lookalike.tables import Dependency

__all__ = ["ApproximateLookup"]

#: The most rows, of those that could disagree with others of their key, that do.
_EXCEPTIONS = 0.01
#: A key must leave no more than this share of the error of a guess that does not know it.
_LEFT_OVER = 0.1
#: Keys are looked at closely if, of the first rows, no more than this share and one disagree with
#: another row of their key, as a share also of those that disagree with the commonest value.
_DISAGREEING = 0.05
_OF_UNCOMMON = 0.5
#: So many rows could disagree at least.
_FEWEST_ROWS = 100
#: What is left depends on another column if chance gives such a table less often than this.
_CHANCE = 1e-3
#: Pairs of rows that are compared before all of them, and how far above what is expected (in
#: standard deviations) they may disagree.
_PROBES, _DEVIATIONS = 32, 4.0


@dataclass(frozen=True)
class _Fit:
    """The fit of a lookup by keys.

    Parameters
    ----------
    keys, child : ndarray of int64, shape (n,)
        Level numbers.
    agrees : ndarray of bool, shape (n,)
        Which rows have the commonest value of their key.
    """

    keys: np.ndarray
    child: np.ndarray
    agrees: np.ndarray

    @classmethod
    def of(cls, keys: np.ndarray, child: np.ndarray) -> Self:
        width = int(child.max(initial=0)) + 1
        pairs, counts = np.unique(keys * np.int64(width) + child, return_counts=True)
        order = np.lexsort([counts, pairs // width])  # the last of each key is its commonest
        common = np.zeros(int(keys.max(initial=0)) + 1, np.int64)
        common[(pairs // width)[order]] = (pairs % width)[order]
        return cls(keys, child, common[keys] == child)

    @property
    def testing(self) -> int:
        """The number of rows that could disagree: all but one of each key."""
        return len(self.keys) - int(np.count_nonzero(np.bincount(self.keys)))

    @property
    def error(self) -> float:
        """The share of those rows that do disagree."""
        return float(np.count_nonzero(~self.agrees)) / max(self.testing, 1)

    @property
    def holds(self) -> bool:
        """Whether nearly all rows agree, more than by chance or with the commonest value."""
        commonest = float(np.bincount(self.child).max()) / len(self.child)
        if commonest == 1 or self.testing < _FEWEST_ROWS:
            return False
        confirming = self.testing - np.count_nonzero(~self.agrees)
        return (
            0 < self.error <= min(_EXCEPTIONS, _LEFT_OVER * (1 - commonest))
            and -np.log(commonest) * confirming >= EVIDENCE
        )

    def depends_on(self, others: Sequence[np.ndarray]) -> bool:
        """Return whether, within keys, the rows that disagree prefer some levels of another column.

        Given the key, disagreeing rows would else be spread over levels as all rows of the key
        are; their count in one level is then less variable than a Poisson count.

        Parameters
        ----------
        others : sequence of ndarray of int64, shape (n,)
            Level numbers below `COARSE` of other columns.
        """
        if not others:
            return False
        of_key = np.bincount(self.keys, weights=~self.agrees) / np.maximum(
            np.bincount(self.keys), 1
        )
        weights = of_key[self.keys]
        expected = np.stack([np.bincount(o, weights, COARSE) for o in others])
        seen = np.stack([np.bincount(o[~self.agrees], minlength=COARSE) for o in others])
        width = np.array([int(o.max(initial=0)) + 1 for o in others])
        chance = np.minimum(poisson.sf(seen - 1, expected), poisson.cdf(seen, expected))
        least = chance.min(axis=1, initial=1.0, where=np.arange(COARSE) < width[:, None])
        return bool((least < _CHANCE / (2 * width * len(others))).any())


def _find(evidence: Evidence) -> Iterator[Dependency]:
    """Find columns of which the levels of one or two others fix nearly every value.

    At most 1 % of the rows may disagree with the commonest value of their key, at most a tenth of
    those that disagree with the commonest value of all; and which rows disagree must not depend on
    any other column, as they would be drawn without regard to it.

    Yields
    ------
    Dependency
        Of form ``"mostly"``, on one column where one will do.
    """
    derived = evidence.derived
    able = [c for c in evidence.coded if c.name not in derived and c.levels > 1]
    if len(able) < 2:
        return
    codes = Sample.of(able).codes
    uncommon = np.array([1 - float(np.bincount(c).max()) / len(c) for c in codes])
    levels = np.array([c.levels for c in able])
    number = {c.name: i for i, c in enumerate(able)}
    # a column that is nearly always the same gives no evidence
    free = uncommon * able[0].rows >= EVIDENCE
    found: set[int] = set()
    for on in _keys(able):
        at = [number[c.name] for c in on]
        if found & set(at):
            continue
        keys = _Keys.of(_joined([codes[i] for i in at]))
        allowed = free & (levels <= math.prod(c.levels for c in on))
        allowed[at] = False
        for i in keys.candidates(codes, np.flatnonzero(allowed), uncommon):
            dependency = _checked(on, able[i], evidence.coded)
            if dependency is not None:
                found.add(i)
                free[i] = False
                yield dependency


def _keys(able: list[Coded]) -> list[tuple[Coded, ...]]:
    """Return the columns to look up by: one of levels, two, a number; fewest keys first."""
    parents = sorted((c for c in able if c.is_parent), key=lambda c: c.levels)
    discrete = [c for c in parents if c.is_discrete]
    pairs: list[tuple[Coded, ...]] = []
    if len(able) <= PAIR_COLUMNS:
        pairs = [
            (a, b)
            for a, b in combinations(discrete, 2)
            if a.levels * b.levels * ROWS_PER_PAIR <= a.rows
        ]
    pairs.sort(key=lambda pair: pair[0].levels * pair[1].levels)
    return [*((c,) for c in discrete), *pairs, *((c,) for c in parents if not c.is_discrete)]


def _joined(codes: list[np.ndarray]) -> np.ndarray:
    return codes[0] if len(codes) == 1 else paired(codes[0], codes[1])


class _Keys(NamedTuple):
    """For each of some rows another one of the same key, where there is one.

    Parameters
    ----------
    rows, others : ndarray of int64, shape (m,)
        Row numbers.
    """

    rows: np.ndarray
    others: np.ndarray

    @classmethod
    def of(cls, keys: np.ndarray) -> Self:
        return cls(*repeated(keys))

    def candidates(
        self, codes: np.ndarray, children: np.ndarray, uncommon: np.ndarray
    ) -> list[int]:
        """Return columns whose rows mostly agree with the other of their key, unlike all rows.

        Parameters
        ----------
        codes : ndarray of int32, shape (columns, n)
        children : ndarray of int64, shape (m,)
            Which of the columns may follow from the keys.
        uncommon : ndarray, shape (columns,)
            The share of rows that do not have the commonest level of a column.
        """
        share = np.minimum(_DISAGREEING, _OF_UNCOMMON * uncommon)
        probes = sample_rows(np.arange(len(self.rows)), _PROBES)
        expected = share[children] * len(probes)
        most = expected + _DEVIATIONS * np.sqrt(expected) + 1
        children = children[self._disagreeing(codes, children, probes) <= most]
        every = np.arange(len(self.rows))
        most = share[children] * len(every) + 1
        found: list[int] = children[self._disagreeing(codes, children, every) <= most].tolist()
        return found

    def _disagreeing(self, codes: np.ndarray, children: np.ndarray, at: np.ndarray) -> np.ndarray:
        """Count for some columns the rows that do not agree with the other of their key."""
        own, other = (codes[children[:, None], r[at]] for r in (self.rows, self.others))
        return np.asarray(np.count_nonzero(own != other, axis=1))


def _checked(on: tuple[Coded, ...], child: Coded, coded: Sequence[Coded]) -> Dependency | None:
    """Return the dependency if all rows confirm it and each key is needed."""
    fit = _Fit.of(_joined([c.codes for c in on]), child.codes)
    if not fit.holds:
        return None
    alone = [_Fit.of(c.codes, child.codes).error for c in on]
    if len(on) == 2 and fit.error > _LEFT_OVER * min(alone):
        return None
    if fit.depends_on([c.coarse for c in coded if c not in on and c is not child]):
        return None
    order = sorted(range(len(on)), key=lambda i: alone[i])
    count = int(np.count_nonzero(~fit.agrees))
    why = (
        f"all but {count:,} of {len(fit.keys):,} rows have the commonest value of their "
        f"{'combination' if len(on) == 2 else 'level'}; exceptions depend on no other column"
    )
    return Dependency(child.name, tuple(on[i].name for i in order), "mostly", why=why)


class _Odds:
    """The targets of each key, with their shares.

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

    def sampled(self, keys: np.ndarray, uniforms: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return a target for each key by a number in [0, 1), and which keys are known."""
        if len(self.keys) == 0:
            return np.zeros_like(keys), np.zeros(len(keys), bool)
        at = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        # shares of key k lie in (k, k + 1]: one search finds the target of every row
        sizes = np.diff(self.ends, prepend=0)
        limits = np.repeat(np.arange(len(self.keys)), sizes) + self.upto
        place = np.searchsorted(limits, at + uniforms, side="right")
        found = self.targets[np.clip(place, (self.ends - sizes)[at], self.ends[at] - 1)]
        return found, self.keys[at] == keys

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


class ApproximateLookup(KeyedRelation):
    """Few cells of the column for each combination of cells of others, drawn by their shares.

    What is drawn depends on the row's number and the seed. A combination that was never seen, or in
    too few rows to be stored, takes a cell of the rows that agree in the first column, and failing
    that of any row.
    """

    name: ClassVar[str] = "mostly"
    finders: ClassVar[Mapping[Stage, Finder]] = {Stage.EXCEPTIONS: _find}

    def _fit_keys(
        self, keys: np.ndarray, first: np.ndarray, targets: np.ndarray, fewest: int
    ) -> None:
        every = {"whole": keys, "first": first, "any": np.zeros_like(targets)}
        self._odds = {name: _Odds.of(of, targets, fewest) for name, of in every.items()}

    @property
    def is_empty(self) -> bool:
        return len(self._odds["any"].keys) == 0

    def compute(self, cells: Cells, residual: pa.Array | None, rows: Rows) -> pa.Array:
        codes = self._codes(cells)
        uniforms = rows.of(self.spec.column).uniforms(np.arange(len(codes[0])))
        found, _ = self._odds["any"].sampled(np.zeros_like(codes[0]), uniforms)
        for name, keys in (("first", codes[0]), ("whole", joined_codes(self._parents, codes))):
            nearer, known = self._odds[name].sampled(keys, uniforms)
            found = np.where(known, nearer, found)
        return self._child.cells(found, self._dictionary)

    def _entries(self) -> tuple[np.ndarray, np.ndarray]:
        return self._odds["whole"].usual()

    def _arrays(self) -> dict[str, np.ndarray]:
        return {k: a for name, odds in self._odds.items() for k, a in odds.arrays(name).items()}

    def _load_arrays(self, arrays: dict[str, np.ndarray]) -> None:
        self._odds = {name: _Odds.load(arrays, name) for name in ("whole", "first", "any")}
        for odds in self._odds.values():
            self._child.check(odds.targets)

    @classmethod
    def statement(cls, spec: Dependency) -> str:
        return f"{spec.column} is nearly fixed by {' and '.join(spec.on)}"
