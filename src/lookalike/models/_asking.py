"""Conditions on rows as `sample` takes them: read, told to a generator, checked on every row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa

from lookalike._core.errors import DataError
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

    def turns(self, rows: int) -> list[tuple[slice, tuple[Asked, ...]]]:
        """Return which of a block's rows are told what: those of each class take turns."""
        if not self.classes:
            return [(slice(0, rows), self.told)]
        count = len(self.classes)
        return [
            (slice(k, rows, count), (*self.told, told)) for k, (_, told) in enumerate(self.classes)
        ]

    def exactly(self, table: pa.Table) -> pa.Table:
        """Return rows with the values put in that were asked for one by one.

        A number that the encoding cannot say exactly (one that the training table does not have)
        comes out as its neighbour otherwise. Of columns that are related to others, it does.
        """
        for wish in self.wishes:
            if wish.values is None or len(wish.values) > 1:
                continue
            if wish.column in self.free:
                at = table.schema.get_field_index(wish.column)
                kind = table.schema.field(at).type
                if pa.types.is_dictionary(kind):
                    continue
                cells = pa.repeat(wish.values[0].cast(kind), len(table))
                table = table.set_column(at, table.schema.field(at), cells)
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
    told = [encoder.ask(wish) for wish in wishes]
    return tuple((w, t) for w, t in zip(wishes, told, strict=True) if t is not None)
