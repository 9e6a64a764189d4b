"""A sample of a large table whose marginals are those of all rows.

A uniform sample of n rows has marginals that are off by about 1/√n. All rows are counted in the
cells of every column, the levels or the parts between quantiles, and a tenth of the sampled rows is
left out so that the others have these shares: calibration of a sample to known totals (Deville and
Särndal 1992), with whole rows instead of weights.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lookalike._core.errors import SchemaError
from lookalike._core.numerics import raking_factors
from lookalike._core.seeds import generator
from lookalike.refine import choose
from lookalike.tables import Column, Kind, LargeTable, Schema, conform
from lookalike.tables.values.arrow import flat, is_null, to_numpy

__all__ = ["balanced_sample"]

#: The share of the sample that is left out.
_LEFT_OUT = 0.1
#: The greatest number of cells of a column: parts of a number, or single levels; and the least
#: number of rows of the sample in one, so that enough can be left out to put right what is chance.
_PARTS, _LEVELS, _ROWS = 256, 2_000, 400
#: Rows are left out in rounds, each of which takes half of those that are still too many.
_ROUNDS, _RAKED, _STEP = 14, 3, 3.0
#: Of so many rows, and so many more for each that is left out, the round takes those that fit best.
_TRIED, _PER_ROW = 100_000, 8
#: Kinds whose values are not learned.
_UNCOUNTED = (Kind.IDENTIFIER, Kind.TEXT, Kind.CONSTANT)


@dataclass(frozen=True)
class _CountedCells:
    """The cells of one column, in which rows are counted; the last is that of missing cells.

    Parameters
    ----------
    column : Column
    cuts : ndarray or None
        Of a number: quantiles of the sample. The numbers above one, up to the next, are a cell.
    is_spike : ndarray of bool or None
        Whether the numbers that are equal to a quantile are a cell of their own, being many.
    levels : pyarrow.Array or None
        Of levels: the most frequent ones; all others are one more cell.
    """

    column: Column
    cuts: np.ndarray | None = None
    is_spike: np.ndarray | None = None
    levels: pa.Array | None = None

    @classmethod
    def fit(cls, column: Column, cells: pa.Array) -> _CountedCells:
        if column.kind.is_numeric:
            values = np.sort(_numbers(cells.drop_null()))
            parts = min(_PARTS, max(len(values) // _ROWS, 2))
            at = np.linspace(0, len(values) - 1, parts + 1).astype(np.int64)
            cuts = np.unique(values[at])
            equal = np.searchsorted(values, cuts, "right") - np.searchsorted(values, cuts)
            return cls(column, cuts, equal > len(values) / parts)
        counted = cells.drop_null().value_counts()
        counts = to_numpy(counted.field("counts"))
        order = np.argsort(-counts, kind="stable")[: min(_LEVELS, int((counts >= _ROWS).sum()))]
        levels = counted.field("values").take(pa.array(order))
        return cls(column, levels=_words(levels))

    @property
    def count(self) -> int:
        if self.cuts is not None:
            return 2 * len(self.cuts) + 2
        assert self.levels is not None
        return len(self.levels) + 2

    def of(self, cells: pa.Array) -> np.ndarray:
        """Return the cell of each row, of canonical cells."""
        found = np.full(len(cells), self.count - 1, np.int32)
        present = ~is_null(cells) if cells.null_count else slice(None)
        if self.cuts is not None and self.is_spike is not None:
            values = _numbers(cells.drop_null() if cells.null_count else cells)
            place = np.searchsorted(self.cuts, values)
            at = np.minimum(place, len(self.cuts) - 1)
            found[present] = 2 * place + ((self.cuts[at] == values) & self.is_spike[at])
            return found
        if not pa.types.is_dictionary(cells.type):
            cells = cells.dictionary_encode()
        known = pc.index_in(_words(cells.dictionary), self.levels).fill_null(self.count - 2)
        codes = to_numpy(cells.indices.fill_null(0))
        table = to_numpy(known)
        if len(table):
            found[present] = table[codes][present]
        return found

    def counts(self, cells: pa.Array) -> np.ndarray:
        """Return the number of rows in each cell, of cells as they are stored.

        Raises
        ------
        SchemaError
            If one of them does not fit the column's kind.
        """
        if pa.types.is_dictionary(cells.type):
            return self._counts_of_levels(cells)
        cells = self._canonical(cells)
        if pa.types.is_dictionary(cells.type):
            return self._counts_of_levels(cells)
        if self.cuts is None or self.is_spike is None:
            return np.bincount(self.of(cells), minlength=self.count)
        # Numbers are sorted, which is several times as fast as to look for the place of each.
        values = np.sort(_numbers(cells.drop_null() if cells.null_count else cells))
        last = np.searchsorted(values, self.cuts, "right")
        equal = np.where(self.is_spike, last - np.searchsorted(values, self.cuts), 0)
        found = np.zeros(self.count, np.int64)
        found[:-1:2] = np.diff(last, prepend=0, append=len(values)) - np.append(equal, 0)
        found[1:-1:2] = equal
        found[-1] = cells.null_count
        return found

    def _counts_of_levels(self, cells: pa.DictionaryArray) -> np.ndarray:
        """Count rows by the values of a dictionary, each of which is looked at once."""
        levels = cells.dictionary
        each = np.bincount(
            to_numpy(cells.indices.fill_null(len(levels))), minlength=len(levels) + 1
        )
        if (each == 0).any():  # a level that no row has may fit no kind
            used = np.flatnonzero(each[:-1])
            levels, each = levels.take(pa.array(used)), np.append(each[used], each[-1])
        places = np.append(self.of(self._canonical(levels)), self.count - 1)
        return np.bincount(places, each, self.count).astype(np.int64)

    def _canonical(self, cells: pa.Array) -> pa.Array:
        name = self.column.name
        return flat(conform(pa.table({name: cells}), Schema((self.column,)))[name])


def balanced_sample(
    table: pa.Table, large: LargeTable, schema: Schema, seed: int, *, show: bool | None
) -> tuple[pa.Table, str]:
    """Choose nine tenths of sampled rows so that they have the marginals of all rows.

    All rows are read once more. The choice is kept only if it brings the marginals nearer.

    Parameters
    ----------
    table : pyarrow.Table
        The sample, canonical.
    large : LargeTable
    schema : Schema
    seed : int
    show : bool or None
        Whether progress is shown.

    Returns
    -------
    pyarrow.Table
    str
        What was done, in words.
    """
    columns = [
        _CountedCells.fit(c, flat(table[c.name]))
        for c in schema.columns
        if c.kind not in _UNCOUNTED and table[c.name].null_count < len(table)
    ]
    counts, unread = _counted(columns, large, show=show)
    # Shares of some pieces are not those of all rows: such columns take no part.
    columns = [one for one in columns if one.column.name in counts]
    shares = [counts[one.column.name] / large.rows for one in columns]
    codes = [one.of(flat(table[one.column.name])) for one in columns]
    kept = _chosen(codes, shares, round(len(table) * (1 - _LEFT_OUT)), seed)
    before, after = (_worst(codes, shares, rows) for rows in (slice(None), kept))
    words = f"{large}; all {large.rows:,} were counted"
    if unread:
        words += (
            f", but not by {', '.join(map(repr, unread))}, where some cells are of another kind"
        )
    if not columns:
        return table, words
    if after >= before:
        return table, f"{words}: marginals of the sample differ from theirs by up to {before:.1e}"
    words += (
        f": {len(kept):,} of those held are learned, whose marginals differ from theirs by up to "
        f"{after:.1e} (before: {before:.1e})"
    )
    return table.take(pa.array(kept)), words


def _counted(
    columns: Sequence[_CountedCells], large: LargeTable, *, show: bool | None
) -> tuple[dict[str, np.ndarray], list[str]]:
    """Count all rows by columns; also name columns with a cell that does not fit their kind.

    These have no counts: a piece that cannot be read holds many rows besides that cell.
    """
    counts = {one.column.name: np.zeros(one.count, np.int64) for one in columns}
    coded = [one.column.name for one in columns if one.column.kind is Kind.CATEGORICAL]
    unread: list[str] = []
    if not columns:
        return counts, unread
    for piece in large.pieces("counting", show=show, columns=list(counts), coded=coded):
        for one in columns:
            name = one.column.name
            if name not in counts:
                continue
            try:
                counts[name] += one.counts(flat(piece[name]))
            except SchemaError:
                unread.append(name)
                del counts[name]
    return counts, unread


def _chosen(
    codes: Sequence[np.ndarray], shares: Sequence[np.ndarray], rows: int, seed: int
) -> np.ndarray:
    """Return the rows, in order, whose shares of cells are nearest to given ones.

    In each round, rows to leave out get weights by iterative proportional fitting, so that each
    cell loses what it has too many; what chance adds is put right in later rounds.
    """
    counts = [np.bincount(code, minlength=len(s)) for code, s in zip(codes, shares, strict=True)]
    is_kept = np.ones(len(codes[0]) if codes else 0, bool)
    rng = generator(seed, "balance")
    for turn in range(_ROUNDS):
        left = np.flatnonzero(is_kept)
        surplus = len(left) - rows
        if surplus <= 0:
            break
        batch = surplus if turn == _ROUNDS - 1 else -(-surplus // 2)
        step = max(len(left) // (_TRIED + _PER_ROW * batch), 1)
        some = left[turn % step :: step]
        weights = np.ones(len(some))
        tried = []
        for code, share, count in zip(codes, shares, counts, strict=True):
            due = np.maximum(count - share * rows, 0) * (batch / surplus)
            tried.append((code[some], due))
        for _ in range(_RAKED):
            for code, due in tried:
                lost = np.bincount(code, weights, minlength=len(due))
                lost *= batch / max(lost.sum(), 1e-300)
                factor = np.where(due > 0, raking_factors(due, lost, _STEP), 1 / _STEP**2)
                weights *= factor[code]
        gone = some[choose(np.maximum(weights, 1e-12), batch, float(rng.random()))]
        is_kept[gone] = False
        for code, count in zip(codes, counts, strict=True):
            count -= np.bincount(code[gone], minlength=len(count))
    return np.flatnonzero(is_kept)


def _worst(
    codes: Sequence[np.ndarray], shares: Sequence[np.ndarray], rows: np.ndarray | slice
) -> float:
    """Return the greatest distance of marginals: of cumulative shares, in the order of cells."""
    gaps = [0.0]
    for code, share in zip(codes, shares, strict=True):
        some = code[rows]
        own = np.bincount(some, minlength=len(share)) / max(len(some), 1)
        gaps.append(float(np.abs(np.cumsum(own - share)).max()))
    return max(gaps)


def _numbers(cells: pa.Array) -> np.ndarray:
    """Return present cells as numbers; times as ticks."""
    kind = cells.type
    if pa.types.is_date32(kind) or pa.types.is_time32(kind):
        cells = cells.cast(pa.int32())
    elif pa.types.is_temporal(kind):
        cells = cells.cast(pa.int64())
    return to_numpy(cells)


def _words(levels: pa.Array) -> pa.Array:
    """Return levels without a dictionary."""
    return levels.dictionary_decode() if pa.types.is_dictionary(levels.type) else levels
