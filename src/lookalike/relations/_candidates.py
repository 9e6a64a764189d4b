"""Inverse lookups: the cells of one column that are possible with cells of the others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from lookalike.relations._cells import Cells
from lookalike.relations._level_index import LevelIndex, joined_codes
from lookalike.tables.values.arrow import is_null

__all__ = ["Candidates", "Combinations", "Feasible", "Pattern"]


@dataclass(frozen=True)
class Combinations:
    """The cells of a lookup's columns as codes, and their existing combinations.

    Parameters
    ----------
    names : tuple of str
        The key columns of a lookup, then its target column.
    known : tuple of LevelIndex
        The learned cells of each column.
    entries : ndarray of int64, shape (combinations, columns)
        The existing combinations of codes.
    """

    names: tuple[str, ...]
    known: tuple[LevelIndex, ...]
    entries: np.ndarray

    def of_cells(self, cells: Cells) -> tuple[np.ndarray, np.ndarray]:
        """Return the codes of rows and a mask of known cells, both (n, columns)."""
        pairs = [
            known.codes(cells[name]) for known, name in zip(self.known, self.names, strict=True)
        ]
        codes = np.stack([code for code, _ in pairs], axis=1)
        present = np.stack(
            [
                (code < len(known.values)) & ~strange
                for (code, strange), known in zip(pairs, self.known, strict=True)
            ],
            axis=1,
        )
        return codes, present

    def patterns(self, cells: Cells) -> Iterator[Pattern]:
        """Yield the rows whose target cell is known, grouped by their unknown key columns."""
        *on, name = self.names
        unknown = np.stack([is_null(cells[other]) for other in on], axis=1)
        rows = ~is_null(cells[name]) & unknown.any(axis=1)
        if not rows.any():
            return
        codes, present = self.of_cells(cells)
        # Nothing is known of levels that were never learned.
        rows &= present[:, -1] & (present[:, :-1] | unknown).all(axis=1)
        # One bit for each unknown column.
        bits = unknown @ (1 << np.arange(len(on)))
        for bit in np.unique(bits[rows]):
            at = np.flatnonzero(rows & (bits == bit))
            which = tuple(k for k in range(len(on)) if bit >> k & 1)
            yield Pattern(self, at, codes[at], which)

    def candidates(self, column: int, by: Sequence[int], codes: np.ndarray) -> Candidates:
        """Return the codes of one column that are possible with codes of others.

        Parameters
        ----------
        column : int
            Its position in `names`.
        by : sequence of int
            The positions of the others.
        codes : ndarray of int64, shape (n, columns)
            The codes of rows; only the columns `by` are used.
        """
        known = [self.known[k] for k in by]
        # All distinct pairs (codes of `by`, code of `column`), each as one sorted number.
        groups = joined_codes(known, [self.entries[:, k] for k in by])
        width = len(self.known[column].values) + 1
        distinct, which = np.unique(groups, return_inverse=True)
        pairs = np.unique(which * width + self.entries[:, column])
        # The run of pairs that belongs to each row; empty where its codes do not occur.
        group = joined_codes(known, [codes[:, k] for k in by])
        at = np.minimum(np.searchsorted(distinct, group), len(distinct) - 1)
        occurs = distinct[at] == group
        first = np.searchsorted(pairs, at * width)
        stop = np.where(occurs, np.searchsorted(pairs, (at + 1) * width), first)
        return Candidates(width, pairs, at * width, first, stop)


@dataclass(frozen=True)
class Candidates:
    """The codes that one column may have in each row.

    Parameters
    ----------
    width : int
        The number of codes.
    pairs : ndarray of int64, shape (m,)
        ``width * group + code`` for all existing combinations, sorted.
    base : ndarray of int64, shape (n,)
        ``width * group`` of each row.
    first, stop : ndarray of int64, shape (n,)
        The range of each row's pairs.
    """

    width: int
    pairs: np.ndarray
    base: np.ndarray
    first: np.ndarray
    stop: np.ndarray

    @property
    def count(self) -> np.ndarray:
        """The number of codes that each row may have, shape (n,)."""
        return np.asarray(self.stop - self.first)

    def only(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the code of rows with a single candidate, and a mask of these rows."""
        one = self.count == 1
        at = np.minimum(self.first, len(self.pairs) - 1)
        return np.where(one, self.pairs[at] - self.base, 0), one

    def table(self) -> np.ndarray:
        """Return a mask of each row's codes, all where none is known, shape (n, width)."""
        count = self.count
        # The position of each candidate within its row.
        rows = np.repeat(np.arange(len(count)), count)
        within = np.arange(len(rows)) - np.repeat(np.cumsum(count) - count, count)
        allowed = np.zeros((len(count), self.width), bool)
        allowed[rows, self.pairs[self.first[rows] + within] - self.base[rows]] = True
        allowed[count == 0] = True
        return allowed

    def ends(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the least and the greatest code that each row may have."""
        last = len(self.pairs) - 1
        least = self.pairs[np.minimum(self.first, last)] - self.base
        most = self.pairs[np.clip(self.stop - 1, 0, last)] - self.base
        none = self.count == 0
        return np.where(none, 0, least), np.where(none, self.width - 1, most)

    def nearest(self, codes: np.ndarray) -> np.ndarray:
        """Return each row's code nearest to a sampled one, shape (n,)."""
        at = np.searchsorted(self.pairs, self.base + codes)
        last = len(self.pairs) - 1
        above = np.clip(np.minimum(at, self.stop - 1), 0, last)
        below = np.clip(np.maximum(at - 1, self.first), 0, last)
        high, low = self.pairs[above] - self.base, self.pairs[below] - self.base
        closest = np.where(np.abs(high - codes) <= np.abs(codes - low), high, low)
        return np.where(self.count == 0, codes, closest)

    def picked(self, uniforms: np.ndarray) -> np.ndarray:
        """Return one of each row's codes, chosen by a uniform number in [0, 1), shape (n,)."""
        at = self.first + (uniforms * self.count).astype(np.int64)
        return np.asarray(self.pairs[np.minimum(at, len(self.pairs) - 1)] - self.base)


@dataclass(frozen=True)
class Pattern:
    """Rows with a known target cell, and the same unknown key columns.

    Parameters
    ----------
    combinations : Combinations
    rows : ndarray of int, shape (m,)
    codes : ndarray of int64, shape (m, columns)
        The codes of these rows.
    unknown : tuple of int
        The positions of the unknown columns.
    """

    combinations: Combinations
    rows: np.ndarray
    codes: np.ndarray
    unknown: tuple[int, ...]

    def candidates(self, column: int, also: tuple[int, ...] = ()) -> Candidates:
        """Return the candidates given the known columns and others that have been chosen."""
        every = range(len(self.combinations.names))
        by = [k for k in every if k not in self.unknown or k in also]
        return self.combinations.candidates(column, by, self.codes)


@dataclass(frozen=True)
class Feasible:
    """Cells that a column may have in some rows, so that known cells of others can follow.

    Parameters
    ----------
    column : str
    rows : ndarray of int, shape (m,)
    levels : LevelIndex or None
        The cells for the codes of candidates; None where any cell is possible except a missing one.
    candidates : Candidates or None
        The codes that each of the m rows may have.
    """

    column: str
    rows: np.ndarray
    levels: LevelIndex | None = None
    candidates: Candidates | None = None
