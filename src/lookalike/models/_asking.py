"""Conditions on rows as `sample` takes them: read, told to a generator, checked on every row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa

from lookalike._core.errors import DataError, ParameterError
from lookalike.encoding import Asked, TableEncoder
from lookalike.models._balance import Classes
from lookalike.tables import ColumnCondition, Schema, parse_conditions

__all__ = ["CHECKED", "Asking", "read_asking"]

#: So many levels are looked at one by one before rows are made to be balanced.
CHECKED = 200


@dataclass(frozen=True)
class Asking:
    """What is asked of every row of a sample.

    Parameters
    ----------
    wishes : tuple of ColumnCondition
        All of them.
    told : tuple of Asked
        What blocks can be told of them.
    classes : Classes or None
        Levels that rows take in turn.
    free : frozenset of str
        The columns to which no other is related.
    """

    wishes: tuple[ColumnCondition, ...]
    told: tuple[Asked, ...]
    classes: Classes | None = None
    free: frozenset[str] = frozenset()

    def __str__(self) -> str:
        balanced = [] if self.classes is None else [f"{self.classes.column} balanced"]
        return ", ".join([*map(str, self.wishes), *balanced])

    @property
    def turns(self) -> int:
        """How many rows it takes for each class to have its turn."""
        return 1 if self.classes is None else len(self.classes)

    def worth(self, chosen: pa.Table) -> int:
        """Return how many of some rows that are as asked can be used, of each class equally."""
        if self.classes is None:
            return int(chosen.num_rows)
        return int(self.classes.counts(chosen).min()) * len(self.classes)

    def in_turn(self, chosen: pa.Table, rows: int) -> pa.Table:
        """Return at most so many of some rows that are as asked, each class in its turn."""
        if self.classes is None:
            return chosen.slice(0, rows)
        return self.classes.arranged(chosen, rows)

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
        """Return the canonical rows of a block that are as asked.

        Parameters
        ----------
        table : pyarrow.Table, shape (rows, columns)
        possible : ndarray of bool, shape (rows,)
            Which rows may be.
        """
        right = possible.copy()
        for wish in self.wishes:
            right &= wish.fulfilled(_cells(table, wish.column))
        return table.filter(pa.array(right))

    def hopeless(self, table: pa.Table, possible: np.ndarray) -> DataError:
        """Return the error that says which wishes exclude each other, given rows that failed.

        Parameters
        ----------
        table : pyarrow.Table, shape (rows, columns)
            All that were made.
        possible : ndarray of bool, shape (rows,)
            Which rows may be.
        """
        wishes = list(self.wishes)
        if self.classes is not None:
            rare = int(np.argmin(self.classes.counts(self.chosen(table, possible))))
            wishes.append(
                ColumnCondition(self.classes.column, values=self.classes.levels.slice(rare, 1))
            )
        right = {str(w): w.fulfilled(_cells(table, w.column)) for w in wishes}
        needed = _together_never(list(right.values()), len(table))
        words = [list(right)[k] for k in needed]
        if not words:
            what = (
                "all that fulfil them combine what never occurs in the training table, "
                "see never_together() of the encoder"
            )
        elif len(words) == 1:
            what = f"none has {words[0]}"
        else:
            what = f"none has {' and '.join(words)} together, though " + ", ".join(
                f"{right[w].mean():.1%} have {w}" for w in words
            )
        balanced = "," if self.classes is None else f", of every level of {self.classes.column},"
        return DataError(
            f"No row fulfils all conditions{balanced} among {len(table):,} that were made for "
            f"them: {what}. Ask for less."
        )

    def exhausted(self, found: int, made: int, wanted: int) -> DataError:
        """Return the error that says that rows as asked do not come often enough."""
        return DataError(
            f"Rows that fulfil all conditions are too rare: {found:,} were found among {made:,} "
            f"that were made for {wanted:,}: {self}. Ask for less."
        )


def _together_never(fulfilled: list[np.ndarray], rows: int) -> list[int]:
    """Return the fewest, as far as leaving out one by one tells, that no row fulfils together."""
    kept = list(range(len(fulfilled)))
    if _all_of(fulfilled, kept, rows).any():
        return []
    for k in range(len(fulfilled)):
        fewer = [other for other in kept if other != k]
        if not _all_of(fulfilled, fewer, rows).any():
            kept = fewer
    return kept


def _all_of(fulfilled: list[np.ndarray], which: list[int], rows: int) -> np.ndarray:
    found = np.ones(rows, bool)
    for k in which:
        found &= fulfilled[k]
    return found


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
    given: Mapping[str, Any] | None,
    balance: str | None,
    schema: Schema,
    encoder: TableEncoder,
    target: str | None = None,
) -> Asking:
    """Read conditions.

    Parameters
    ----------
    given : mapping of str to object, or None
        See `lookalike.tables.parse_conditions`.
    balance : str or None
        A column of levels that are to be equally frequent.
    schema : Schema
    encoder : TableEncoder
    target : str, optional
        The column that ``balance="target"`` means where none is called so.

    Raises
    ------
    SchemaError, DataError
        If a condition cannot be read, or no row can be so.
    """
    wishes = parse_conditions(given or {}, schema)
    asked = [encoder.ask(wish) for wish in wishes]
    found = encoder.contradiction(wishes, asked)
    if found is not None:
        raise _excluded(*found)
    asking = Asking(wishes, tuple(a for a in asked if a is not None), free=encoder.graph_.unrelated)
    if balance is None:
        return asking
    if not isinstance(balance, str):
        raise ParameterError(
            f"balance must be the name of a column; got {balance!r}. Balance one column at a time."
        )
    if balance == "target" and "target" not in schema.names:
        if target is None:
            raise DataError(
                "balance='target' means the column that fit(target=...) was given, but this model "
                "was fitted without. Name the column."
            )
        balance = target
    if balance in (given or {}):
        raise DataError(
            f"A column is balanced or given, not both; {balance!r} is both. Leave one out."
        )
    classes = _classes(schema[balance].name, encoder)
    _check_classes(classes, wishes, asked, encoder)
    return replace(asking, classes=classes)


def _excluded(wishes: tuple[ColumnCondition, ...], why: str) -> DataError:
    words = " and ".join(map(str, wishes))
    return DataError(f"No row fulfils {words} together: {why}. Ask for less.")


def _classes(name: str, encoder: TableEncoder) -> Classes:
    levels = encoder.graph_.levels(name)
    if levels is None:
        raise DataError(
            f"A column that is balanced must be of levels, but {name!r} is "
            f'{encoder.schema_[name].kind.value}. Fit with kinds={{{name!r}: "categorical"}}.'
        )
    return Classes(name, levels)


def _check_classes(
    classes: Classes,
    wishes: Sequence[ColumnCondition],
    asked: Sequence[Asked | None],
    encoder: TableEncoder,
) -> None:
    """Refuse to balance a level that cannot be with what is given."""
    if not wishes or len(classes) > CHECKED:  # of many levels, the rows that are made tell
        return
    for k in range(len(classes)):
        level = ColumnCondition(classes.column, values=classes.levels.slice(k, 1))
        found = encoder.contradiction((*wishes, level), (*asked, encoder.ask(level)))
        if found is not None:
            words = " and ".join(str(wish) for wish in found[0] if wish is not level)
            raise DataError(
                f"{classes.column!r} cannot be balanced: no row has {level} with {words}: "
                f"{found[1]}. Ask for less, or give the levels that are wanted."
            )
