"""Columns of which nearly each value is known from the levels of one or two others."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import NamedTuple, Self

import numpy as np
from scipy.stats import poisson

from lookalike.relations._find_lookups import (
    COARSE,
    EVIDENCE,
    PAIR_COLUMNS,
    ROWS_PER_PAIR,
    Coded,
    Sample,
    joined,
    repeated,
)
from lookalike.relations._measure import sample_rows
from lookalike.tables._schema import Dependency

__all__ = ["nearly_lookups"]

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
#: Pairs of rows that are compared before all of them, and how far beyond what is due (in standard
#: deviations) they may disagree.
_PROBES, _DEVIATIONS = 32, 4.0


@dataclass(frozen=True)
class _Fit:
    """How well keys tell a column.

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
        """How many rows could disagree: all but one of each key."""
        return len(self.keys) - int(np.count_nonzero(np.bincount(self.keys)))

    @property
    def error(self) -> float:
        """The share of those rows that do disagree."""
        return float(np.count_nonzero(~self.agrees)) / max(self.testing, 1)

    @property
    def holds(self) -> bool:
        """Whether the keys tell nearly all, more than chance and the commonest value would."""
        commonest = float(np.bincount(self.child).max()) / len(self.child)
        if commonest == 1 or self.testing < _FEWEST_ROWS:
            return False
        confirming = self.testing - np.count_nonzero(~self.agrees)
        return (
            0 < self.error <= min(_EXCEPTIONS, _LEFT_OVER * (1 - commonest))
            and -np.log(commonest) * confirming >= EVIDENCE
        )

    def depends_on(self, others: Sequence[np.ndarray]) -> bool:
        """Whether, within keys, the rows that disagree prefer some levels of another column.

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


def nearly_lookups(coded: Sequence[Coded], derived: frozenset[str]) -> Iterator[Dependency]:
    """Find columns of which the levels of one or two others tell nearly every value.

    At most 1 % of the rows may disagree with the commonest value of their key, at most a tenth of
    those that disagree with the commonest value of all; and which rows disagree must not depend on
    any other column, as they would be drawn without regard to it.

    Parameters
    ----------
    coded : sequence of Coded
        All learned columns.
    derived : frozenset of str
        Columns that are derived already.

    Yields
    ------
    Dependency
        Of form ``"mostly"``, on one column where one will do.
    """
    able = [c for c in coded if c.name not in derived and c.levels > 1]
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
        for i in keys.may_tell(codes, np.flatnonzero(allowed), uncommon):
            dependency = _checked(on, able[i], coded)
            if dependency is not None:
                found.add(i)
                free[i] = False
                yield dependency


def _keys(able: list[Coded]) -> list[tuple[Coded, ...]]:
    """Return what columns may be told by: a level, two levels, a number; fewest keys first."""
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
    return codes[0] if len(codes) == 1 else joined(codes[0], codes[1])


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

    def may_tell(self, codes: np.ndarray, children: np.ndarray, uncommon: np.ndarray) -> list[int]:
        """Return columns whose rows mostly agree with the other of their key, unlike all rows.

        Parameters
        ----------
        codes : ndarray of int32, shape (columns, n)
        children : ndarray of int64, shape (m,)
            Which of the columns may be told.
        uncommon : ndarray, shape (columns,)
            The share of rows that do not have the commonest level of a column.
        """
        share = np.minimum(_DISAGREEING, _OF_UNCOMMON * uncommon)
        probes = sample_rows(np.arange(len(self.rows)), _PROBES)
        due = share[children] * len(probes)
        most = due + _DEVIATIONS * np.sqrt(due) + 1
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
    """Return the dependency if it holds in all rows, each key is needed, and the rest is chance."""
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
