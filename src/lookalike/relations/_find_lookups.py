"""Columns of which each value is known from the levels of one or two others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import combinations
from typing import Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lookalike.relations._measure import sample_rows
from lookalike.tables._schema import Column, Dependency
from lookalike.tables.values.arrow import flat

__all__ = [
    "COARSE",
    "EVIDENCE",
    "FIRST_ROWS",
    "PAIR_COLUMNS",
    "ROWS_PER_PAIR",
    "Coded",
    "Sample",
    "joined",
    "pair_lookups",
    "repeated",
    "single_lookups",
]

#: Numbers are looked up by only if they have no more different values than this.
_NUMERIC_LEVELS = 1000
#: A level must on average occur in so many rows; one of a number in more.
_ROWS_PER_LEVEL = 2
_ROWS_PER_NUMBER = 10
ROWS_PER_PAIR = 5
#: Levels that coarse numbers tell apart.
COARSE = 8
#: The logarithm of how unlikely it must be that independent columns give an exact function.
EVIDENCE = 20.0
#: Rows that are looked at first, and pairs of rows of one level that are compared before these.
FIRST_ROWS = 2_000
_PROBES = (16, 256)
#: Pairs of columns are tried only in tables of at most so many columns.
PAIR_COLUMNS = 40


class Coded:
    """One column as level numbers; a missing cell is a level of its own.

    Parameters
    ----------
    values : pyarrow.ChunkedArray, shape (n,)
        A canonical column.
    column : Column
        Its description.
    """

    def __init__(self, values: pa.ChunkedArray, column: Column) -> None:
        self._values = values
        self.name = column.name
        self.is_discrete = column.kind.is_discrete
        self.levels = column.distinct + (column.missing > 0)
        self.rows = len(values)

    @cached_property
    def codes(self) -> np.ndarray:
        """Level numbers from 0, shape (n,)."""
        return _dense(_codes(self._values))

    def some_codes(self, rows: np.ndarray) -> np.ndarray:
        """Return the level numbers of some rows, counted anew."""
        if "codes" in vars(self):
            return _dense(self.codes[rows])
        return _dense(_codes(self._values.take(pa.array(rows))))

    @cached_property
    def coarse(self) -> np.ndarray:
        """Level numbers below `COARSE`: measured ones by rank, others by frequency; shape (n,)."""
        levels = COARSE
        if self.levels <= levels:
            return self.codes
        counts = np.bincount(self.codes)
        if self.is_discrete:
            rank = np.empty(len(counts), np.int64)
            rank[np.argsort(-counts, kind="stable")] = np.arange(len(counts))
            return np.asarray(np.minimum(rank, levels - 1)[self.codes])
        # codes count values by their first row: they are put in order, missing last
        row = _first_rows(self.codes)
        order = pc.array_sort_indices(flat(self._values.take(pa.array(row)))).to_numpy()
        below = np.cumsum(counts[order]) - counts[order]
        cut = np.empty(len(counts), np.int64)
        cut[order] = below * levels // len(self.codes)
        return np.asarray(cut[self.codes])

    @property
    def is_parent(self) -> bool:
        """Whether others may be looked up by this column."""
        if self.is_discrete:
            return 1 < self.levels <= self.rows // _ROWS_PER_LEVEL
        return 1 < self.levels <= min(self.rows // _ROWS_PER_NUMBER, _NUMERIC_LEVELS)


def _codes(values: pa.ChunkedArray) -> np.ndarray:
    cells = flat(values)
    if not pa.types.is_dictionary(cells.type):
        cells = cells.dictionary_encode()
    codes: np.ndarray = cells.indices.fill_null(len(cells.dictionary)).to_numpy()
    return codes


def _dense(codes: np.ndarray) -> np.ndarray:
    seen = np.zeros(int(codes.max(initial=0)) + 1, np.int64)
    seen[codes] = 1
    dense: np.ndarray = (np.cumsum(seen) - 1)[codes]
    return dense


# --- by one column --------------------------------------------------------------------------------


def single_lookups(
    coded: Sequence[Coded], derived: frozenset[str], discrete: bool
) -> Iterator[Dependency]:
    """Find columns that each level of another one has one value of.

    Parameters
    ----------
    coded : sequence of Coded
        All learned columns.
    derived : frozenset of str
        Columns that are derived already.
    discrete : bool
        Whether to look up by levels, or else by numbers of few values.

    Yields
    ------
    Dependency
        Of form ``"lookup"`` on one column: of those that will do, that of the fewest levels.
    """
    # a column is determined only by one of as many levels or more: this order has no cycles
    order = sorted(coded, key=lambda c: (-c.levels, not c.is_discrete))
    free = np.array([c.levels > 1 and c.name not in derived for c in order], bool)
    parents = [i for i, c in enumerate(order) if c.is_parent and c.is_discrete is discrete]
    if not parents or not free.any():
        return
    some = Sample.of(order)
    told: dict[int, int] = {}
    # of parents that will do, that of the fewest levels is the first to be asked
    for i in sorted(parents, key=lambda i: (order[i].levels, i)):
        children = np.flatnonzero(free[i + 1 :]) + i + 1
        for j in some.may_be_told(i, children, order[i].rows - order[i].levels).tolist():
            if _determines(order[i].codes, order[j].codes):
                told[j], free[j] = i, False
    for j in sorted(told):
        yield Dependency(order[j].name, (order[told[j]].name,))


class Sample:
    """Some rows of columns as level numbers, to rule out at once most of what does not hold.

    Parameters
    ----------
    codes : ndarray of int32, shape (columns, n)
        Level numbers.
    surprise : ndarray, shape (columns,)
        How much a row that has the commonest level confirms: minus the logarithm of its share, or
        a bound of that where other rows may have more levels.
    """

    def __init__(self, codes: np.ndarray, surprise: np.ndarray) -> None:
        self.codes, self.surprise = codes, surprise

    @classmethod
    def of(cls, coded: Sequence[Coded]) -> Self:
        """Take the first rows of columns."""
        rows = sample_rows(np.arange(coded[0].rows), FIRST_ROWS)
        codes = np.stack([c.some_codes(rows) for c in coded]).astype(np.int32)
        uncommon = np.array([len(rows) - np.bincount(c).max() for c in codes], float)
        if len(rows) < coded[0].rows:
            uncommon += 3 * np.sqrt(uncommon) + 3
        with np.errstate(divide="ignore"):
            surprise = -np.log(np.maximum(1 - uncommon / len(rows), 0.0))
        return cls(codes, surprise)

    def may_be_told(self, parent: int, children: np.ndarray, confirming: int) -> np.ndarray:
        """Return which columns no row refutes as a function of another's levels.

        Parameters
        ----------
        parent : int
            The other column.
        children : ndarray of int, shape (m,)
            The columns.
        confirming : int
            How many rows of the whole table repeat a level of the parent.
        """
        children = children[self.surprise[children] * confirming >= EVIDENCE]
        rows, others = repeated(self.codes[parent])
        for count in (*_PROBES, len(rows)):
            if not len(children):
                break
            probes = sample_rows(np.arange(len(rows)), max(count, 1))
            one = self.codes[children[:, None], rows[probes]]
            other = self.codes[children[:, None], others[probes]]
            children = children[(one == other).all(axis=1)]
        return children


def repeated(codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return all rows but one of each level, and for each of them that one."""
    last = _first_rows(codes)[codes]
    rows = np.flatnonzero(last != np.arange(len(codes)))
    return rows, last[rows]


def _first_rows(codes: np.ndarray) -> np.ndarray:
    """Return one row of each level."""
    first = np.zeros(int(codes.max(initial=0)) + 1, np.int64)
    first[codes] = np.arange(len(codes))
    return first


def _determines(parent: np.ndarray, child: np.ndarray) -> bool:
    """Whether each level of the parent has one of the child, and that is no chance.

    Were they independent, m rows of one level would all have the same child with a probability of
    at most p^(m - 1), p being the share of the commonest child.
    """
    if not (child[_first_rows(parent)[parent]] == child).all():
        return False
    commonest = np.bincount(child).max() / len(child)
    confirming = len(parent) - np.count_nonzero(np.bincount(parent))
    return bool(-np.log(commonest) * confirming >= EVIDENCE)


# --- by two columns -------------------------------------------------------------------------------


def pair_lookups(coded: Sequence[Coded], derived: frozenset[str]) -> Iterator[Dependency]:
    """Find columns that each combination of levels of two others has one value of.

    Parameters
    ----------
    coded : sequence of Coded
        All learned columns.
    derived : frozenset of str
        Columns that are derived already.

    Yields
    ------
    Dependency
        Of form ``"lookup"`` on two columns, the one that tells more first.
    """
    free = [c for c in coded if c.name not in derived and c.levels > 1]
    if not 3 <= len(free) <= PAIR_COLUMNS:
        return
    found: set[str] = set()
    rows = sample_rows(np.arange(free[0].rows), FIRST_ROWS)
    some = {c.name: c.some_codes(rows) for c in free}
    parents = [c for c in free if c.is_parent and c.is_discrete]
    for a, b in sorted(combinations(parents, 2), key=lambda pair: pair[0].levels * pair[1].levels):
        if a.levels * b.levels * ROWS_PER_PAIR > a.rows or {a.name, b.name} & found:
            continue
        together = joined(some[a.name], some[b.name])
        first = _first_rows(together)[together]
        for child in free:
            if child in (a, b) or child.name in found or child.levels > a.levels * b.levels:
                continue
            codes = some[child.name]
            if (codes[first] == codes).all() and _pair_determines(a, b, child):
                found.add(child.name)
                tells = sorted((a, b), key=lambda c: -_agreement(c.codes, child.codes).sum())
                yield Dependency(child.name, tuple(c.name for c in tells))


def joined(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return the level numbers of the combinations of two columns."""
    return _dense(a * (b.max(initial=0) + 1) + b)


def _pair_determines(a: Coded, b: Coded, child: Coded) -> bool:
    """Whether two columns determine another, and each is needed for it."""
    together = joined(a.codes, b.codes)
    if not (child.codes[_first_rows(together)[together]] == child.codes).all():
        return False
    more = np.bincount(together) - 1
    row = _first_rows(together)
    return all(
        float((-np.log(_agreement(one.codes, child.codes)[one.codes[row]]) * more).sum())
        >= EVIDENCE
        for one in (a, b)
    )


def _agreement(parent: np.ndarray, child: np.ndarray) -> np.ndarray:
    """Return, for each level of the parent, the share of its commonest child."""
    key = parent * np.int64(child.max(initial=0) + 1) + child
    pairs, counts = np.unique(key, return_counts=True)
    best = np.zeros(int(parent.max(initial=0)) + 1)
    np.maximum.at(best, pairs // (child.max(initial=0) + 1), counts)
    return np.maximum(best, 1) / np.maximum(np.bincount(parent, minlength=len(best)), 1)
