"""A column with one cell for nearly every combination of others, and a few for some."""

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

#: The greatest share of rows that disagree with their key, among those that could.
_EXCEPTIONS = 0.01
#: The greatest error of a key, as a share of the error of a guess without it.
_LEFT_OVER = 0.1
#: Keys are examined closely if, among the first rows, at most this share plus one disagree with
#: another row of their key; also as a share of the rows that disagree with the most common value.
_DISAGREEING = 0.05
_OF_UNCOMMON = 0.5
#: The least number of rows that could disagree.
_FEWEST_ROWS = 100
#: The significance level at which exceptions depend on another column.
_CHANCE = 1e-3
#: The number of pairs of rows compared before all of them, and the standard deviations above the
#: expected disagreement that are allowed.
_PROBES, _DEVIATIONS = 32, 4.0


@dataclass(frozen=True)
class _Fit:
    """The fit of a lookup by keys.

    Parameters
    ----------
    keys, child : ndarray of int64, shape (n,)
        The level codes.
    agrees : ndarray of bool, shape (n,)
        A mask of the rows with the most common value of their key.
    """

    keys: np.ndarray
    child: np.ndarray
    agrees: np.ndarray

    @classmethod
    def of(cls, keys: np.ndarray, child: np.ndarray) -> Self:
        width = int(child.max(initial=0)) + 1
        pairs, counts = np.unique(keys * np.int64(width) + child, return_counts=True)
        order = np.lexsort([counts, pairs // width])  # the last of each key is its most common
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
        """True where nearly all rows agree, beyond chance and beyond the most common value."""
        top_share = float(np.bincount(self.child).max()) / len(self.child)
        if top_share == 1 or self.testing < _FEWEST_ROWS:
            return False
        confirming = self.testing - np.count_nonzero(~self.agrees)
        return (
            0 < self.error <= min(_EXCEPTIONS, _LEFT_OVER * (1 - top_share))
            and -np.log(top_share) * confirming >= EVIDENCE
        )

    def depends_on(self, others: Sequence[np.ndarray]) -> bool:
        """Return whether, within keys, disagreeing rows prefer some levels of another column.

        Given the key, disagreeing rows would otherwise be spread over levels as all rows of the key
        are; their count in one level is then less variable than a Poisson count.

        Parameters
        ----------
        others : sequence of ndarray of int64, shape (n,)
            The level codes of other columns, below `COARSE`.
        """
        if not others:
            return False
        # The error rate of each row's key, and from it the expected counts by level.
        of_key = np.bincount(self.keys, weights=~self.agrees) / np.maximum(
            np.bincount(self.keys), 1
        )
        weights = of_key[self.keys]
        expected = np.stack([np.bincount(o, weights, COARSE) for o in others])
        seen = np.stack([np.bincount(o[~self.agrees], minlength=COARSE) for o in others])
        width = np.array([int(o.max(initial=0)) + 1 for o in others])
        # Two-sided Poisson tails, with a Bonferroni correction.
        chance = np.minimum(poisson.sf(seen - 1, expected), poisson.cdf(seen, expected))
        least = chance.min(axis=1, initial=1.0, where=np.arange(COARSE) < width[:, None])
        return bool((least < _CHANCE / (2 * width * len(others))).any())


def _find(evidence: Evidence) -> Iterator[Dependency]:
    """Find columns nearly all of whose values are determined by one or two others.

    At most 1 % of the rows may disagree with the most common value of their key, and at most a
    tenth of those that disagree with the most common value of all; and the exceptions must not
    depend on any other column, as they are sampled independently of it.

    Yields
    ------
    Dependency
        Of form ``"mostly"``, on one column where one is enough.
    """
    derived = evidence.derived
    able = [c for c in evidence.coded if c.name not in derived and c.levels > 1]
    if len(able) < 2:
        return
    codes = Sample.of(able).codes
    uncommon = np.array([1 - float(np.bincount(c).max()) / len(c) for c in codes])
    levels = np.array([c.levels for c in able])
    number = {c.name: i for i, c in enumerate(able)}
    # A nearly constant column gives no evidence.
    free = uncommon * able[0].rows >= EVIDENCE
    derived_here: set[int] = set()
    for on in _keys(able):
        at = [number[c.name] for c in on]
        if derived_here & set(at):
            continue
        keys = _Keys.of(_joined([codes[i] for i in at]))
        allowed = free & (levels <= math.prod(c.levels for c in on))
        allowed[at] = False
        for i in keys.candidates(codes, np.flatnonzero(allowed), uncommon):
            dependency = _checked(on, able[i], evidence.coded)
            if dependency is not None:
                derived_here.add(i)
                free[i] = False
                yield dependency


def _keys(able: list[Coded]) -> list[tuple[Coded, ...]]:
    """Return the candidate keys: one column of levels, two, or a number; fewest keys first."""
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
    """Pairs of rows with the same key.

    Parameters
    ----------
    rows, others : ndarray of int64, shape (m,)
        The row numbers of each pair.
    """

    rows: np.ndarray
    others: np.ndarray

    @classmethod
    def of(cls, keys: np.ndarray) -> Self:
        return cls(*repeated(keys))

    def candidates(
        self, codes: np.ndarray, children: np.ndarray, uncommon: np.ndarray
    ) -> list[int]:
        """Return columns whose pairs of rows mostly agree, more than rows in general.

        Parameters
        ----------
        codes : ndarray of int32, shape (columns, n)
        children : ndarray of int64, shape (m,)
            The columns that may follow from the keys.
        uncommon : ndarray, shape (columns,)
            The share of rows without a column's most common level.
        """
        share = np.minimum(_DISAGREEING, _OF_UNCOMMON * uncommon)
        # A few pairs first, with a margin for chance, then all of them.
        probes = sample_rows(np.arange(len(self.rows)), _PROBES)
        expected = share[children] * len(probes)
        most = expected + _DEVIATIONS * np.sqrt(expected) + 1
        children = children[self._disagreeing(codes, children, probes) <= most]
        every = np.arange(len(self.rows))
        most = share[children] * len(every) + 1
        agreeing = self._disagreeing(codes, children, every) <= most
        passed: list[int] = children[agreeing].tolist()
        return passed

    def _disagreeing(self, codes: np.ndarray, children: np.ndarray, at: np.ndarray) -> np.ndarray:
        """Count the pairs of rows that disagree, for some columns."""
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
        f"all but {count:,} of {len(fit.keys):,} rows have the most common value of their "
        f"{'combination' if len(on) == 2 else 'level'}; exceptions depend on no other column"
    )
    return Dependency(child.name, tuple(on[i].name for i in order), "mostly", why=why)


class _Odds:
    """The targets of each key, with their shares.

    Parameters
    ----------
    keys : ndarray of int64, shape (k,)
        The sorted, distinct keys.
    ends : ndarray of int64, shape (k,)
        The end of each key's targets; those of the next begin there.
    targets : ndarray of int64, shape (m,)
        The targets, distinct within a key, the most common first.
    upto : ndarray of float64, shape (m,)
        Cumulative shares within the key.
    """

    def __init__(
        self, keys: np.ndarray, ends: np.ndarray, targets: np.ndarray, upto: np.ndarray
    ) -> None:
        self.keys, self.ends, self.targets, self.upto = keys, ends, targets, upto

    @classmethod
    def of(cls, keys: np.ndarray, targets: np.ndarray, fewest: int) -> Self:
        """Count pairs of key and target, without those of fewer than `fewest` rows."""
        width = int(targets.max(initial=0)) + 1
        pairs, counts = np.unique(keys * width + targets, return_counts=True)
        pairs, counts = pairs[counts >= fewest], counts[counts >= fewest]
        # By key, the most common target first.
        order = np.lexsort([-counts, pairs // width])
        pairs, counts = pairs[order], counts[order]
        distinct, first = np.unique(pairs // width, return_index=True)
        ends = np.append(first, len(pairs))[1:].astype(np.int64)
        # Cumulative counts within each key, as shares of the key's total.
        before = np.append(0, np.cumsum(counts))
        sizes = np.diff(np.append(first, len(pairs)))
        start, total = (
            np.repeat(part, sizes) for part in (before[first], before[ends] - before[first])
        )
        return cls(distinct, ends, pairs % width, (before[1:] - start) / total)

    def sampled(self, keys: np.ndarray, uniforms: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return a target for each key by a uniform number, and a mask of the known keys."""
        if len(self.keys) == 0:
            return np.zeros_like(keys), np.zeros(len(keys), bool)
        at = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        # The shares of key k lie in (k, k + 1]: one search finds the target of every row.
        sizes = np.diff(self.ends, prepend=0)
        limits = np.repeat(np.arange(len(self.keys)), sizes) + self.upto
        position = np.searchsorted(limits, at + uniforms, side="right")
        targets = self.targets[np.clip(position, (self.ends - sizes)[at], self.ends[at] - 1)]
        return targets, self.keys[at] == keys

    def usual(self) -> tuple[np.ndarray, np.ndarray]:
        """Return each key with its most common target, and all keys of targets that are none."""
        sizes = np.diff(self.ends, prepend=0)
        keys = np.repeat(self.keys, sizes)
        first = np.zeros(len(keys), bool)
        first[self.ends - sizes] = True
        first |= ~np.isin(self.targets, self.targets[first])
        return keys[first], self.targets[first]

    def arrays(self, name: str) -> dict[str, np.ndarray]:
        """Return the arrays to store, under the names that `load` reads."""
        parts = {"keys": self.keys, "ends": self.ends, "targets": self.targets, "upto": self.upto}
        return {f"{name} {part}": array for part, array in parts.items()}

    @classmethod
    def load(cls, arrays: dict[str, np.ndarray], name: str) -> Self:
        """Restore the odds from `arrays`, which come from a file."""
        parts = [arrays[f"{name} {part}"] for part in ("keys", "ends", "targets", "upto")]
        keys, ends, targets, upto = parts
        sizes = np.diff(ends, prepend=0)
        if len(keys) != len(ends) or (sizes < 1).any() or sizes.sum() != len(targets):
            raise ValueError("the targets of a relation do not belong to its keys")
        if len(upto) != len(targets) or not ((upto > 0) & (upto <= 1)).all():
            raise ValueError("the shares of a relation must be above 0 and at most 1")
        return cls(keys, ends, targets, upto)


class ApproximateLookup(KeyedRelation):
    """A few cells of the column for each combination of cells of others, drawn by their shares.

    The draw depends on the row's number and the seed. A combination that was never seen, or in too
    few rows to be stored, takes a cell of the rows that agree in the first column, or else of any
    row.
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
        return f"{spec.column} is nearly determined by {' and '.join(spec.on)}"
