"""Columns as level codes, for comparing their levels."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lookalike.relations._numeric_column import sample_rows
from lookalike.tables import Column
from lookalike.tables.values.arrow import flat

__all__ = [
    "COARSE",
    "EVIDENCE",
    "PAIR_COLUMNS",
    "ROWS_PER_PAIR",
    "Coded",
    "Sample",
    "first_rows",
    "paired",
    "repeated",
    "some_rows",
]

#: The greatest number of distinct values of a numeric key column.
_NUMERIC_LEVELS = 1000
#: The least mean count of a key: a level, a number, and a pair.
_ROWS_PER_LEVEL = 2
_ROWS_PER_NUMBER = 10
ROWS_PER_PAIR = 5
#: The number of levels of a coarse column.
COARSE = 8
#: The negative log probability required of an exact function if columns were independent.
EVIDENCE = 20.0
#: The number of rows searched first, and of pairs of rows of one level compared before these.
_FIRST_ROWS = 2_000
_PROBES = (16, 256)
#: The greatest number of columns of a table in which pairs of columns are tried.
PAIR_COLUMNS = 40


class Coded:
    """One column as level codes; *missing* is a level of its own.

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
        """The level codes from 0, shape (n,)."""
        return _dense(_codes(self._values))

    def some_codes(self, rows: np.ndarray) -> np.ndarray:
        """Return the level codes of some rows, renumbered from 0."""
        if "codes" in vars(self):
            return _dense(self.codes[rows])
        return _dense(_codes(self._values.take(pa.array(rows))))

    @cached_property
    def coarse(self) -> np.ndarray:
        """Codes below `COARSE`: of measured levels by rank, others by frequency; shape (n,)."""
        levels = COARSE
        if self.levels <= levels:
            return self.codes
        counts = np.bincount(self.codes)
        if self.is_discrete:
            rank = np.empty(len(counts), np.int64)
            rank[np.argsort(-counts, kind="stable")] = np.arange(len(counts))
            return np.asarray(np.minimum(rank, levels - 1)[self.codes])
        # Codes number values by their first row: sort them by value, missing last.
        row = first_rows(self.codes)
        order = pc.array_sort_indices(flat(self._values.take(pa.array(row)))).to_numpy()
        below = np.cumsum(counts[order]) - counts[order]
        cut = np.empty(len(counts), np.int64)
        cut[order] = below * levels // len(self.codes)
        return np.asarray(cut[self.codes])

    @property
    def is_parent(self) -> bool:
        """True where the column may be the key of a lookup."""
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


class Sample:
    """A sample of rows as level codes, to rule out most false relations quickly.

    Parameters
    ----------
    codes : ndarray of int32, shape (columns, n)
        The level codes.
    surprise : ndarray, shape (columns,)
        The evidence of a row with the most common level: minus the log of its share, or a bound of
        it where other rows may have more levels.
    """

    def __init__(self, codes: np.ndarray, surprise: np.ndarray) -> None:
        self.codes, self.surprise = codes, surprise

    @classmethod
    def of(cls, coded: Sequence[Coded]) -> Self:
        """Sample rows of columns."""
        rows = some_rows(coded)
        codes = np.stack([c.some_codes(rows) for c in coded]).astype(np.int32)
        uncommon = np.array([len(rows) - np.bincount(c).max() for c in codes], float)
        if len(rows) < coded[0].rows:
            # An upper bound for all rows: three standard deviations of a Poisson count.
            uncommon += 3 * np.sqrt(uncommon) + 3
        with np.errstate(divide="ignore"):
            surprise = -np.log(np.maximum(1 - uncommon / len(rows), 0.0))
        return cls(codes, surprise)

    def not_refuted(self, parent: int, children: np.ndarray, confirming: int) -> np.ndarray:
        """Return the columns that no sampled row refutes as functions of another column.

        Parameters
        ----------
        parent : int
            The index of the other column.
        children : ndarray of int, shape (m,)
            The indices of the columns.
        confirming : int
            The number of rows of the whole table that repeat a level of the parent.
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
    """Return all rows but one of each level, and that one for each of them."""
    last = first_rows(codes)[codes]
    rows = np.flatnonzero(last != np.arange(len(codes)))
    return rows, last[rows]


def first_rows(codes: np.ndarray) -> np.ndarray:
    """Return one row of each level."""
    first = np.zeros(int(codes.max(initial=0)) + 1, np.int64)
    first[codes] = np.arange(len(codes))
    return first


def paired(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return the codes of the combinations of two columns."""
    return _dense(a * (b.max(initial=0) + 1) + b)


def some_rows(coded: Sequence[Coded]) -> np.ndarray:
    """Return the numbers of the rows that are searched first."""
    return sample_rows(np.arange(coded[0].rows), _FIRST_ROWS)
