"""Conditions on columns: cells equal to a value, among several, in a range, or missing."""

from __future__ import annotations

import math
import operator
from collections.abc import Collection, Iterable, Mapping, Set
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lookalike._core.errors import DataError, ParameterError
from lookalike.tables._conform import conform
from lookalike.tables._schema import Column, Kind, Schema
from lookalike.tables.values.arrow import flat

__all__ = ["ColumnCondition", "fulfilled", "parse_conditions"]

_RANGED = frozenset(
    {Kind.CONTINUOUS, Kind.INTEGER, Kind.DATETIME, Kind.DATE, Kind.TIME, Kind.DURATION}
)
_MEASURED = frozenset({Kind.CONTINUOUS, Kind.INTEGER})
#: The number of distinct values up to which numbers count as counts or codes, not as measured.
_COUNTED = 20

#: The greatest number of values of a condition in a message.
_SHOWN = 20


@dataclass(frozen=True)
class ColumnCondition:
    """A condition on the cells of one column.

    Parameters
    ----------
    column : str
    values : pyarrow.Array or None
        The canonical values that cells may have.
    low, high : pyarrow.Scalar or None
        Canonical limits, both included; None leaves a side open.
    missing : bool
        Whether cells must be missing.
    """

    column: str
    values: pa.Array | None = None
    low: pa.Scalar | None = None
    high: pa.Scalar | None = None
    missing: bool = False

    def matches(self, cells: pa.Array) -> np.ndarray:
        """Return a mask of the canonical cells that fulfil the condition, shape (n,)."""
        if self.missing:
            return np.asarray(pc.is_null(cells).to_numpy(zero_copy_only=False))
        if pa.types.is_dictionary(cells.type):
            known = self.matches(cells.dictionary)
            at = cells.indices.fill_null(len(known)).to_numpy(zero_copy_only=False)
            return np.asarray(np.append(known, False)[at])
        if self.values is not None:
            found = pc.is_in(cells, value_set=self.values.cast(cells.type), skip_nulls=True)
            return np.asarray(found.to_numpy(zero_copy_only=False))
        inside = np.ones(len(cells), bool)
        for limit, holds in ((self.low, pc.greater_equal), (self.high, pc.less_equal)):
            if limit is not None:
                right = pc.fill_null(holds(cells, limit.cast(cells.type)), False)
                inside &= right.to_numpy(zero_copy_only=False)
        return np.asarray(inside & ~pc.is_null(cells).to_numpy(zero_copy_only=False))

    def __str__(self) -> str:
        if self.missing:
            return f"{self.column} missing"
        if self.values is not None:
            words = ", ".join(repr(v) for v in self.values.slice(0, _SHOWN).to_pylist())
            if len(self.values) > _SHOWN:
                words += f" and {len(self.values) - _SHOWN:,} more"
            return (
                f"{self.column} = {words}" if len(self.values) == 1 else f"{self.column} in {words}"
            )
        low, high = (None if limit is None else limit.as_py() for limit in (self.low, self.high))
        if low is None and high is None:
            return f"{self.column} not missing"
        if low is None or high is None:
            return f"{self.column} ≥ {low}" if high is None else f"{self.column} ≤ {high}"
        return f"{self.column} in {low}..{high}"


def parse_conditions(given: Mapping[str, Any], schema: Schema) -> tuple[ColumnCondition, ...]:
    """Read conditions as a user writes them.

    Parameters
    ----------
    given : mapping of str to object
        By column: one value; a list, set or array of values; a tuple of two limits of a range
        (None leaves a side open); or None for missing. Two values of a measured number are
        written as a set, since a list of them could be meant for a range.
    schema : Schema
        The table's schema.

    Returns
    -------
    tuple of ColumnCondition
        In the order of the schema.

    Raises
    ------
    SchemaError
        If there is no such column.
    DataError
        If a value is not of its column's kind, or the condition is not possible.
    """
    if not isinstance(given, Mapping):
        raise ParameterError(
            "Conditions must be a mapping of column names to values, or rows to complete; got "
            f"{type(given).__name__}. Write {{'column': value}}."
        )
    by_name = {schema[name].name: _read(name, value, schema) for name, value in given.items()}
    return tuple(by_name[name] for name in schema.names if name in by_name)


def _read(name: str, value: Any, schema: Schema) -> ColumnCondition:
    column = schema[name]
    if not column.kind.is_learned and column.kind is not Kind.CONSTANT:
        raise DataError(
            f"A condition must be on a column that is learned, but the kind of {name!r} is "
            f"{column.kind.value}. Leave it out."
        )
    if value is None:
        return ColumnCondition(name, missing=True)
    if isinstance(value, tuple):
        return _range(name, value, schema)
    values = _listed(value)
    if not values or any(v is None for v in values):
        raise ParameterError(
            f"A set of values must not be empty or hold missing values; got {value!r} for "
            f"{name!r}. Give None alone for a missing cell."
        )
    cells = _canonical(name, values, schema)
    if not isinstance(value, Set):
        _check_no_range(column, values, cells)
    # Sorted: a set of strings has a different order in every process.
    return ColumnCondition(name, values=pc.unique(cells).sort())


def _check_no_range(column: Column, values: list[Any], cells: pa.Array) -> None:
    """Reject two rising values of a measured number, which could be values or limits."""
    measured = column.kind in _MEASURED and column.distinct > _COUNTED
    if len(values) == 2 and measured and operator.lt(cells[0].as_py(), cells[1].as_py()):
        low, high = map(_plain, values)
        raise ParameterError(
            f"Two values of {column.name!r}, which is measured, can mean a range or these two "
            f"alone; got [{low!r}, {high!r}]. Write the tuple ({low!r}, {high!r}) for all from "
            f"{low} to {high}, or the set {{{low!r}, {high!r}}} for exactly {low} or {high}."
        )


def _listed(value: Any) -> list[Any]:
    """Return the values of a condition as a list."""
    if isinstance(value, np.ndarray):
        return list(value.ravel())
    many = isinstance(value, Collection | pa.Array | pa.ChunkedArray)
    return list(value) if many and not isinstance(value, str | bytes) else [value]


def _plain(value: Any) -> Any:
    """Return a numpy or Arrow scalar as a Python one."""
    if isinstance(value, pa.Scalar):
        return value.as_py()
    if isinstance(value, np.datetime64 | np.timedelta64):
        return value.astype(f"{value.dtype.kind}8[us]").item()
    return value.item() if isinstance(value, np.generic | np.ndarray) else value


def _range(name: str, value: tuple[Any, ...], schema: Schema) -> ColumnCondition:
    column = schema[name]
    if len(value) != 2:
        raise ParameterError(
            f"A range must be a tuple of two limits; got {value!r} for {name!r}. "
            "Write a list for a set of values."
        )
    if column.kind not in _RANGED:
        raise DataError(
            f"A range must be of numbers or times, but {name!r} is {column.kind.value}. "
            f"Write a list for a set of values: {list(value)!r}."
        )
    limits = [_limit(v, column, up=up) for v, up in zip(value, (True, False), strict=True)]
    low, high = (None if v is None else _canonical(name, [v], schema)[0] for v in limits)
    if low is not None and high is not None and operator.gt(low.as_py(), high.as_py()):
        whole = ", and hold a whole number" if column.kind is Kind.INTEGER else ""
        raise ParameterError(
            f"A range must not end before it begins{whole}; got {value[0]!r} to {value[1]!r} for "
            f"{name!r}."
        )
    return ColumnCondition(name, low=low, high=high)


def _limit(value: Any, column: Column, *, up: bool) -> Any:
    """Return a limit, None where it is infinite; of whole numbers the next one inside."""
    value = _plain(value)
    if not isinstance(value, float) or math.isnan(value):
        return value
    if math.isinf(value):
        return None if (value < 0) is up else value
    if column.kind is Kind.INTEGER:
        return math.ceil(value) if up else math.floor(value)
    return value


def _canonical(name: str, values: list[Any], schema: Schema) -> pa.Array:
    """Return values as canonical cells, without a dictionary."""
    try:
        raw = pa.array([_plain(value) for value in values], from_pandas=True)
        one = Schema((schema[name],))
        cells = conform(pa.table({name: raw}), one)[name].combine_chunks()
    except (pa.ArrowException, DataError, TypeError, ValueError, OverflowError) as error:
        raise DataError(
            f"A condition on {name!r} must be of its kind, {schema[name].kind.value}; got "
            f"{values if len(values) > 1 else values[0]!r}. ({error})"
        ) from error
    if pa.types.is_dictionary(cells.type):
        cells = cells.dictionary_decode()
    if cells.null_count:
        raise DataError(
            f"A condition on {name!r} must be of its kind, {schema[name].kind.value}; "
            f"{values!r} means missing there. Give None for a missing cell."
        )
    return cells


def fulfilled(conditions: Iterable[ColumnCondition], table: pa.Table) -> np.ndarray:
    """Return which rows of a canonical table fulfil all of some conditions.

    Parameters
    ----------
    conditions : iterable of ColumnCondition
        The conditions.
    table : pyarrow.Table, shape (n, columns)
        The rows; dictionaries need not be unified.

    Returns
    -------
    ndarray of bool, shape (n,)
        True where a row does.
    """
    found = np.ones(len(table), bool)
    for condition in conditions:
        found &= condition.matches(flat(table.column(condition.column)))
    return found
