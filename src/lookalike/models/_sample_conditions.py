"""Conditions on rows as `sample` takes them: parsed, encoded, checked on every row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa

from lookalike._core.errors import DataError, ParameterError
from lookalike.encoding import RowCondition, TableEncoder
from lookalike.models._round_robin import RoundRobin
from lookalike.tables import ColumnCondition, Schema, parse_conditions

__all__ = ["MAX_CHECKED_LEVELS", "SampleConditions", "parse_sample_conditions"]

#: The most levels that are looked at one by one before rows are balanced.
MAX_CHECKED_LEVELS = 200


@dataclass(frozen=True)
class SampleConditions:
    """The conditions on every row of a sample.

    Parameters
    ----------
    columns : tuple of ColumnCondition
        All of them.
    encoded : tuple of RowCondition
        Those that are conditions on blocks, too.
    balanced : RoundRobin or None
        Levels that rows take in turn.
    unrelated : frozenset of str
        The columns to which no other is related.
    """

    columns: tuple[ColumnCondition, ...]
    encoded: tuple[RowCondition, ...]
    balanced: RoundRobin | None = None
    unrelated: frozenset[str] = frozenset()

    def __str__(self) -> str:
        balanced = [] if self.balanced is None else [f"{self.balanced.column} balanced"]
        return ", ".join([*map(str, self.columns), *balanced])

    @property
    def cycle(self) -> int:
        """The number of rows in which each balanced level comes once."""
        return 1 if self.balanced is None else len(self.balanced)

    def usable_rows(self, accepted: pa.Table) -> int:
        """Return how many of accepted rows can be used: as many of each balanced level."""
        if self.balanced is None:
            return int(accepted.num_rows)
        return int(self.balanced.counts(accepted).min()) * len(self.balanced)

    def first_usable(self, accepted: pa.Table, rows: int) -> pa.Table:
        """Return at most `rows` of accepted rows, balanced levels in turn."""
        if self.balanced is None:
            return accepted.slice(0, rows)
        return self.balanced.interleaved(accepted, rows)

    def nearby(self, encoder: TableEncoder, share: float) -> SampleConditions | None:
        """Return the conditions with a range about each number that one of them is on.

        Rows near a number have nearly what belongs to it: with the number put in by
        `with_exact_values` they stand for rows that have it.

        Parameters
        ----------
        encoder : TableEncoder
        share : float
            Which share of the rows of the fit lies within a range on each side.

        Returns
        -------
        SampleConditions or None
            None where no condition is on one number.
        """
        ranges = [encoder.around(condition, share) for condition in self.columns]
        if all(found is None for found in ranges):
            return None
        pairs = zip(self.columns, ranges, strict=True)
        return replace(self, columns=tuple(one if near is None else near for one, near in pairs))

    def with_exact_values(self, table: pa.Table) -> pa.Table:
        """Return rows with the nearest values of conditions that list them.

        A number that the encoding cannot say exactly (one that the training table does not have)
        comes out as its neighbour otherwise. Of columns that are related to others, it does.
        """
        for condition in self.columns:
            name = condition.column
            if condition.values is None or name not in self.unrelated:
                continue
            at = table.schema.get_field_index(name)
            field = table.schema.field(at)
            if not pa.types.is_dictionary(field.type):
                cells = _nearest(_cells(table, name), condition.values.cast(field.type))
                table = table.set_column(at, field, cells)
        return table

    def accepted(self, table: pa.Table, possible: np.ndarray) -> pa.Table:
        """Return the canonical rows of a block that fulfil all conditions.

        Parameters
        ----------
        table : pyarrow.Table, shape (rows, columns)
        possible : ndarray of bool, shape (rows,)
            The rows without structural zeros.
        """
        right = possible.copy()
        for condition in self.columns:
            right &= condition.matches(_cells(table, condition.column))
        return table.filter(pa.array(right))

    def infeasible_error(self, table: pa.Table, possible: np.ndarray) -> DataError:
        """Return the error that says which conditions exclude each other, given rows that failed.

        Parameters
        ----------
        table : pyarrow.Table, shape (rows, columns)
            All that were made.
        possible : ndarray of bool, shape (rows,)
            The rows without structural zeros.
        """
        conditions = list(self.columns)
        if self.balanced is not None:
            rare = int(np.argmin(self.balanced.counts(self.accepted(table, possible))))
            level = self.balanced.levels.slice(rare, 1)
            conditions.append(ColumnCondition(self.balanced.column, values=level))
        right = {str(one): one.matches(_cells(table, one.column)) for one in conditions}
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
        levels = "" if self.balanced is None else f", of every level of {self.balanced.column}"
        return DataError(
            f"No row fulfils all conditions{levels}, among {len(table):,} that were made for "
            f"them: {what}. Ask for less."
        )

    def exhausted_error(self, found: int, made: int, wanted: int) -> DataError:
        """Return the error that says that accepted rows do not come often enough."""
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
    """Return for each cell the value that is nearest; of words, there is but one.

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


def parse_sample_conditions(
    given: Mapping[str, Any] | None,
    balance: str | None,
    schema: Schema,
    encoder: TableEncoder,
    target: str | None = None,
) -> SampleConditions:
    """Read the conditions of a sample.

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
        If a condition cannot be read, or no row can fulfil it.
    """
    columns = parse_conditions(given or {}, schema)
    encoded = [encoder.encode_condition(condition) for condition in columns]
    found = encoder.contradiction(columns, encoded)
    if found is not None:
        raise _excluded(*found)
    on_blocks = tuple(condition for condition in encoded if condition is not None)
    conditions = SampleConditions(columns, on_blocks, unrelated=encoder.graph_.unrelated)
    if balance is None:
        return conditions
    levels = _balanced_levels(_balanced_column(balance, given or {}, schema, target), encoder)
    _check_levels(levels, columns, encoded, encoder)
    return replace(conditions, balanced=levels)


def _excluded(conditions: tuple[ColumnCondition, ...], why: str) -> DataError:
    words = " and ".join(map(str, conditions))
    return DataError(f"No row fulfils {words} together: {why}. Ask for less.")


def _balanced_column(
    balance: object, given: Mapping[str, Any], schema: Schema, target: str | None
) -> str:
    """Return the name of the column to balance."""
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
    if balance in given:
        raise DataError(
            f"A column is balanced or given, not both; {balance!r} is both. Leave one out."
        )
    return schema[balance].name


def _balanced_levels(name: str, encoder: TableEncoder) -> RoundRobin:
    levels = encoder.graph_.levels(name)
    if levels is None:
        raise DataError(
            f"A column that is balanced must be of levels, but {name!r} is "
            f'{encoder.schema_[name].kind.value}. Fit with kinds={{{name!r}: "categorical"}}.'
        )
    return RoundRobin(name, levels)


def _check_levels(
    balanced: RoundRobin,
    columns: Sequence[ColumnCondition],
    encoded: Sequence[RowCondition | None],
    encoder: TableEncoder,
) -> None:
    """Refuse to balance a level that excludes a condition."""
    if not columns or len(balanced) > MAX_CHECKED_LEVELS:  # the rows that are made show it
        return
    for k in range(len(balanced)):
        level = ColumnCondition(balanced.column, values=balanced.levels.slice(k, 1))
        found = encoder.contradiction(
            (*columns, level), (*encoded, encoder.encode_condition(level))
        )
        if found is not None:
            words = " and ".join(str(condition) for condition in found[0] if condition is not level)
            raise DataError(
                f"{balanced.column!r} cannot be balanced: no row has {level} with {words}: "
                f"{found[1]}. Ask for less, or give the levels that are wanted."
            )
