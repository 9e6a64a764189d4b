"""Conditions on rows as `sample` takes them: read, told to a generator, checked on every row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa

from lookalike._core.errors import DataError, ParameterError
from lookalike.encoding import Asked, TableEncoder
from lookalike.tables import Schema, Wish, read_wishes

__all__ = ["Asking", "read_asking"]


@dataclass(frozen=True)
class Asking:
    """What is asked of every row of a sample.

    Parameters
    ----------
    wishes : tuple of Wish
        All of them.
    told : tuple of Asked
        What blocks can be told of them.
    classes : tuple of tuple
        Wishes that rows take in turn, and what blocks are told of them.
    free : frozenset of str
        The columns to which no other is related.
    """

    wishes: tuple[Wish, ...]
    told: tuple[Asked, ...]
    classes: tuple[tuple[Wish, Asked], ...] = ()
    free: frozenset[str] = frozenset()

    def __str__(self) -> str:
        balanced = dict.fromkeys(f"{wish.column} balanced" for wish, _ in self.classes)
        return ", ".join([*map(str, self.wishes), *balanced])

    def turns(self, rows: int) -> list[tuple[slice, tuple[Asked, ...]]]:
        """Return which of a block's rows are told what: those of each class take turns."""
        if not self.classes:
            return [(slice(0, rows), self.told)]
        count = len(self.classes)
        return [
            (slice(k, rows, count), (*self.told, told)) for k, (_, told) in enumerate(self.classes)
        ]

    def nearby(self, encoder: TableEncoder, share: float) -> Asking | None:
        """Return what asks for a range about each number that is asked for alone.

        Rows near a number have nearly what belongs to it: with the number put in by `exactly`
        they stand for rows that have it.

        Parameters
        ----------
        encoder : TableEncoder
        share : float
            Which share of the rows of the fit lies within a range on each side.

        Returns
        -------
        Asking or None
            None where no number is asked for alone.
        """
        ranges = [encoder.around(wish, share) for wish in self.wishes]
        if all(found is None for found in ranges):
            return None
        wishes = tuple(
            wish if found is None else found
            for wish, found in zip(self.wishes, ranges, strict=True)
        )
        return replace(self, wishes=wishes)

    def exactly(self, table: pa.Table) -> pa.Table:
        """Return rows with the values put in that were asked for one by one.

        A number that the encoding cannot say exactly (one that the training table does not have)
        comes out as its neighbour otherwise. Of columns that are related to others, it does.
        """
        for wish in self.wishes:
            if wish.values is None or wish.column not in self.free:
                continue
            at = table.schema.get_field_index(wish.column)
            field = table.schema.field(at)
            if not pa.types.is_dictionary(field.type):
                cells = _nearest(_cells(table, wish.column), wish.values.cast(field.type))
                table = table.set_column(at, field, cells)
        return table

    def chosen(self, table: pa.Table, possible: np.ndarray) -> pa.Table:
        """Return the canonical rows of a block that are as asked, equally many of each class.

        Parameters
        ----------
        table : pyarrow.Table, shape (rows, columns)
        possible : ndarray of bool, shape (rows,)
            Which rows may be.
        """
        right = possible.copy()
        for wish in self.wishes:
            right &= wish.fulfilled(_cells(table, wish.column))
        if not self.classes:
            return table.filter(pa.array(right))
        turns = [
            np.flatnonzero(right & wish.fulfilled(_cells(table, wish.column)))
            for wish, _ in self.classes
        ]
        fewest = min(map(len, turns))
        rows = np.stack([turn[:fewest] for turn in turns], axis=1).ravel()
        return table.take(pa.array(rows))

    def hopeless(self, table: pa.Table) -> DataError:
        """Return the error that says which wishes exclude each other, given rows that failed."""
        shares = {str(w): float(w.fulfilled(_cells(table, w.column)).mean()) for w in self.wishes}
        worst = sorted(shares, key=lambda words: shares[words])
        broken = [f"{words} (so in {shares[words]:.1%})" for words in worst if shares[words] < 1]
        what = ", ".join(broken) or "together they are what never occurs in the training table"
        return DataError(
            f"No row fulfils all conditions, among {len(table):,} that were made for them: {what}. "
            "Ask for less."
        )

    def exhausted(self, found: int, made: int) -> DataError:
        """Return the error that says that rows as asked no longer come."""
        return DataError(
            f"Rows that fulfil all conditions are too rare: {found:,} were found among {made:,}, "
            f"and no more for long: {self}. Ask for fewer rows, or for less."
        )


def _nearest(cells: pa.Array, values: pa.Array) -> pa.Array:
    """Return for each cell the value that is nearest; of words, there is one way to be asked.

    Parameters
    ----------
    cells : pyarrow.Array, shape (n,)
    values : pyarrow.Array, shape (values,)
        Of the same type, in order.
    """
    if len(values) == 1:
        return pa.repeat(values[0], len(cells))
    if cells.null_count or not (_is_number(cells.type) or pa.types.is_temporal(cells.type)):
        return cells
    wanted, known = _numbers(cells), _numbers(values)
    at = np.searchsorted(known, wanted)
    below, above = np.maximum(at - 1, 0), np.minimum(at, len(known) - 1)
    upwards = _gaps(wanted, known[above]) < _gaps(known[below], wanted)
    return values.take(pa.array(np.where(upwards, above, below)))


def _gaps(low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Return how far `high` lies above `low`, without a loss of digits."""
    if low.dtype.kind == "f":
        with np.errstate(over="ignore"):
            return np.asarray(high - low)
    # The difference of two integers may be too large for their type, but not without a sign.
    unsigned = f"u{low.itemsize}"
    return np.asarray(high.view(unsigned) - low.view(unsigned))


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_floating(kind) or pa.types.is_integer(kind))


def _numbers(cells: pa.Array) -> np.ndarray:
    """Return numbers as they are, and times as integers."""
    if pa.types.is_temporal(cells.type):
        cells = cells.view(pa.int32() if cells.type.bit_width == 32 else pa.int64())
    return np.asarray(cells.to_numpy(zero_copy_only=False))


def _cells(table: pa.Table, name: str) -> pa.Array:
    column = table.column(name)
    if pa.types.is_dictionary(column.type):
        column = column.unify_dictionaries()
    cells = column.combine_chunks()
    return cells.chunk(0) if isinstance(cells, pa.ChunkedArray) else cells


def read_asking(
    given: Mapping[str, Any] | None, balance: str | None, schema: Schema, encoder: TableEncoder
) -> Asking:
    """Read conditions.

    Parameters
    ----------
    given : mapping of str to object, or None
        See `lookalike.tables.read_wishes`.
    balance : str or None
        A column of levels that are to be equally frequent.
    schema : Schema
    encoder : TableEncoder

    Raises
    ------
    SchemaError, DataError
        If a condition cannot be read, or no row can be so.
    """
    wishes = read_wishes(given or {}, schema)
    asked = [encoder.ask(wish) for wish in wishes]
    asking = Asking(wishes, tuple(a for a in asked if a is not None), free=encoder.unrelated())
    if balance is None:
        return asking
    if not isinstance(balance, str):
        raise ParameterError(
            f"balance must be the name of a column; got {balance!r}. Balance one column at a time."
        )
    if balance in (given or {}):
        raise DataError(
            f"A column is balanced or given, not both; {balance!r} is both. Leave one out."
        )
    return replace(asking, classes=_classes(schema[balance].name, encoder))


def _classes(name: str, encoder: TableEncoder) -> tuple[tuple[Wish, Asked], ...]:
    levels = encoder.levels(name)
    if levels is None:
        raise DataError(
            f"A column that is balanced must be of levels, but {name!r} is "
            f'{encoder.schema_[name].kind.value}. Fit with kinds={{{name!r}: "categorical"}}.'
        )
    wishes = [Wish(name, values=levels.slice(k, 1)) for k in range(len(levels))]
    # What no block can be told is found by checking rows.
    return tuple((wish, encoder.ask(wish) or Asked(np.ones(1))) for wish in wishes)
