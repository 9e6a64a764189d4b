"""The conditions of `sample`: parsed, encoded and checked on every row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa

from lookalike._core.errors import DataError, ParameterError
from lookalike.encoding import RowCondition, TableEncoder
from lookalike.models._round_robin import RoundRobin
from lookalike.tables import ColumnCondition, Schema, fulfilled, parse_conditions
from lookalike.tables.values.arrow import flat

__all__ = ["MAX_CHECKED_LEVELS", "SampleConditions", "parse_sample_conditions"]

#: The maximum number of levels that are checked one by one before rows are balanced.
MAX_CHECKED_LEVELS = 200


@dataclass(frozen=True)
class SampleConditions:
    """The conditions on every row of a sample.

    Parameters
    ----------
    columns : tuple of ColumnCondition
        All conditions on columns.
    encoded : tuple of RowCondition
        Those of them that can be expressed as conditions on encoded blocks.
    balanced : RoundRobin or None
        Levels that are assigned to rows in turn.
    unrelated : frozenset of str
        The columns without relations to others.
    """

    columns: tuple[ColumnCondition, ...]
    encoded: tuple[RowCondition, ...]
    balanced: RoundRobin | None = None
    unrelated: frozenset[str] = frozenset()

    def __str__(self) -> str:
        balanced = [] if self.balanced is None else [f"{self.balanced.column} balanced"]
        return ", ".join([*map(str, self.columns), *balanced])

    @property
    def on(self) -> frozenset[str]:
        """The columns under conditions."""
        balanced = () if self.balanced is None else (self.balanced.column,)
        return frozenset((*(condition.column for condition in self.columns), *balanced))

    @property
    def cycle(self) -> int:
        """The number of rows that contain each balanced level once."""
        return 1 if self.balanced is None else len(self.balanced)

    def usable_rows(self, accepted: pa.Table) -> int:
        """Return the number of accepted rows that can be used, the same for each balanced level."""
        if self.balanced is None:
            return int(accepted.num_rows)
        return int(self.balanced.counts(accepted).min()) * len(self.balanced)

    def first_usable(self, accepted: pa.Table, rows: int) -> pa.Table:
        """Return at most `rows` of the accepted rows, with balanced levels in turn."""
        if self.balanced is None:
            return accepted.slice(0, rows)
        return self.balanced.interleaved(accepted, rows)

    def nearby(self, encoder: TableEncoder, share: float) -> SampleConditions | None:
        """Return the conditions with a range around each number that they require.

        Rows near a number have similar other cells: with the exact number, which
        `with_exact_values` inserts, they stand for rows that have it.

        Parameters
        ----------
        encoder : TableEncoder
        share : float
            The share of the training rows that lies within a range on each side.

        Returns
        -------
        SampleConditions or None
            None if no condition requires a number.
        """
        ranges = [encoder.around(condition, share) for condition in self.columns]
        if all(limits is None for limits in ranges):
            return None
        pairs = zip(self.columns, ranges, strict=True)
        return replace(self, columns=tuple(one if near is None else near for one, near in pairs))

    def with_exact_values(self, table: pa.Table) -> pa.Table:
        """Return rows in which cells are replaced by the nearest values that conditions list.

        A number that does not occur in the training table cannot be encoded exactly, and would be
        decoded to a neighbour. Columns with relations to others are left unchanged.
        """
        for condition in self.columns:
            name = condition.column
            if condition.values is None or name not in self.unrelated:
                continue
            at = table.schema.get_field_index(name)
            field = table.schema.field(at)
            if not pa.types.is_dictionary(field.type):
                cells = _nearest(flat(table.column(name)), condition.values.cast(field.type))
                table = table.set_column(at, field, cells)
        return table

    def accepted(self, table: pa.Table, possible: np.ndarray) -> pa.Table:
        """Return the canonical rows of a block that fulfil all conditions.

        Parameters
        ----------
        table : pyarrow.Table, shape (rows, columns)
        possible : ndarray of bool, shape (rows,)
            True for rows without structural zeros.
        """
        return table.filter(pa.array(possible & fulfilled(self.columns, table)))

    def infeasible_error(self, table: pa.Table, possible: np.ndarray) -> DataError:
        """Return the error that names the conditions that no generated row fulfils together.

        Parameters
        ----------
        table : pyarrow.Table, shape (rows, columns)
            All generated rows.
        possible : ndarray of bool, shape (rows,)
            True for rows without structural zeros.
        """
        conditions = list(self.columns)
        if self.balanced is not None:
            rarest = int(np.argmin(self.balanced.counts(self.accepted(table, possible))))
            level = self.balanced.levels.slice(rarest, 1)
            conditions.append(ColumnCondition(self.balanced.column, values=level))
        matching = {str(one): one.matches(flat(table.column(one.column))) for one in conditions}
        needed = _together_never(list(matching.values()), len(table))
        words = [list(matching)[k] for k in needed]
        if not words:
            reason = (
                "all that do contain combinations that never occur in the training table, see "
                "never_together() of the encoder"
            )
        elif len(words) == 1:
            reason = f"none has {words[0]}"
        else:
            reason = f"none has {' and '.join(words)} together, though " + ", ".join(
                f"{matching[w].mean():.1%} have {w}" for w in words
            )
        levels = "" if self.balanced is None else f" for every category of {self.balanced.column}"
        return DataError(
            f"No row fulfils all conditions{levels}, among {len(table):,} generated for them: "
            f"{reason}. Relax the conditions."
        )

    def exhausted_error(self, accepted: int, tried: int, wanted: int) -> DataError:
        """Return the error for conditions that too few generated rows fulfil."""
        return DataError(
            f"Rows that fulfil all conditions are too rare: {accepted:,} were found among "
            f"{tried:,} generated for {wanted:,}: {self}. Relax the conditions."
        )


def _together_never(matching: list[np.ndarray], rows: int) -> list[int]:
    """Return a minimal set of conditions that no row fulfils together, by backward elimination."""
    kept = list(range(len(matching)))
    if _all_of(matching, kept, rows).any():
        return []
    for k in range(len(matching)):
        fewer = [j for j in kept if j != k]
        if not _all_of(matching, fewer, rows).any():
            kept = fewer
    return kept


def _all_of(matching: list[np.ndarray], which: list[int], rows: int) -> np.ndarray:
    together = np.ones(rows, bool)
    for k in which:
        together &= matching[k]
    return together


def _nearest(cells: pa.Array, values: pa.Array) -> pa.Array:
    """Return the nearest value for each cell; cells without an order are left unchanged.

    Parameters
    ----------
    cells : pyarrow.Array, shape (n,)
    values : pyarrow.Array, shape (values,)
        Sorted values of the same type.
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
    """Return `high` − `low` for ``high ≥ low``, without overflow of integers."""
    if low.dtype.kind == "f":
        with np.errstate(over="ignore"):
            return np.asarray(high - low)
    # The difference of two signed integers may overflow their type, but fits the unsigned one.
    unsigned = f"u{low.itemsize}"
    return np.asarray(high.view(unsigned) - low.view(unsigned))


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_floating(kind) or pa.types.is_integer(kind))


def _numbers(cells: pa.Array) -> np.ndarray:
    """Return numbers as they are, and times as integers."""
    if pa.types.is_temporal(cells.type):
        cells = cells.view(pa.int32() if cells.type.bit_width == 32 else pa.int64())
    return np.asarray(cells.to_numpy(zero_copy_only=False))


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
        A column whose levels are to be equally frequent.
    schema : Schema
    encoder : TableEncoder
    target : str, optional
        The column that ``balance="target"`` stands for, unless a column has that name.

    Raises
    ------
    SchemaError, DataError
        If a condition cannot be read, or no row can fulfil it.
    """
    columns = parse_conditions(given or {}, schema)
    encoded = [encoder.encode_condition(condition) for condition in columns]
    contradiction = encoder.contradiction(columns, encoded)
    if contradiction is not None:
        raise _excluded(*contradiction)
    on_blocks = tuple(condition for condition in encoded if condition is not None)
    conditions = SampleConditions(columns, on_blocks, unrelated=encoder.graph_.unrelated)
    if balance is None:
        return conditions
    levels = _balanced_levels(_balanced_column(balance, given or {}, schema, target), encoder)
    _check_levels(levels, columns, encoded, encoder)
    return replace(conditions, balanced=levels)


def _excluded(conditions: tuple[ColumnCondition, ...], why: str) -> DataError:
    words = " and ".join(map(str, conditions))
    return DataError(f"No row fulfils {words} together: {why}. Relax the conditions.")


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
                "balance='target' stands for the column given by fit(target=...), but this model "
                "was fitted without one. Name the column."
            )
        balance = target
    if balance in given:
        raise DataError(f"A column is balanced or given, not both; {balance!r} is both. Omit one.")
    return schema[balance].name


def _balanced_levels(name: str, encoder: TableEncoder) -> RoundRobin:
    levels = encoder.graph_.levels(name)
    if levels is None:
        raise DataError(
            f"A column to balance must have categories, but {name!r} is "
            f'{encoder.schema_[name].kind.value}. Fit with kinds={{{name!r}: "categorical"}}.'
        )
    return RoundRobin(name, levels)


def _check_levels(
    balanced: RoundRobin,
    columns: Sequence[ColumnCondition],
    encoded: Sequence[RowCondition | None],
    encoder: TableEncoder,
) -> None:
    """Refuse to balance a level that contradicts a condition."""
    if not columns or len(balanced) > MAX_CHECKED_LEVELS:  # generated rows will show it
        return
    for k in range(len(balanced)):
        level = ColumnCondition(balanced.column, values=balanced.levels.slice(k, 1))
        contradiction = encoder.contradiction(
            (*columns, level), (*encoded, encoder.encode_condition(level))
        )
        if contradiction is not None:
            conditions, why = contradiction
            words = " and ".join(str(one) for one in conditions if one is not level)
            raise DataError(
                f"{balanced.column!r} cannot be balanced: no row has {level} with {words}: "
                f"{why}. Relax the conditions, or list the categories you want in given."
            )
