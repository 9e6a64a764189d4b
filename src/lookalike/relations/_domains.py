"""The values that the columns of a table can have, encoded or derived."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from lookalike.relations._value_format import ValueFormat
from lookalike.tables import ColumnCondition
from lookalike.tables.values.grid import raw_of

__all__ = ["Domains", "LearnedColumn", "Order"]

#: The slack of a residual beyond those of the fit, as a share of their range: columns are rounded
_SLACK = 0.01
#: Numbers that differ by less than this, relative to their size, are equal up to rounding.
_ROUNDING = 1e-9


@dataclass(frozen=True)
class LearnedColumn:
    """The values that an encoding generates for a column, or for the residual in its place.

    Parameters
    ----------
    levels : pyarrow.Array or None
        All possible values, where they are finitely many.
    ends : pyarrow.Array or None, shape (2,)
        The least and the greatest cell of numbers or times.
    keeps_ends : bool
        Whether these are the ends of the training table, not trimmed.
    is_fixed : bool
        Whether nothing is learned: all rows have one value, or each row a value of its own.
    """

    levels: pa.Array | None = None
    ends: pa.Array | None = None
    keeps_ends: bool = True
    is_fixed: bool = False


@dataclass(frozen=True)
class Order:
    """Another column that a column was never below (`least`) or never above (`most`)."""

    other: str
    least: bool
    most: bool


@dataclass(frozen=True)
class Domains:
    """The values that each column can have, as numbers.

    Parameters
    ----------
    formats : mapping of str to ValueFormat
        The formats of columns of numbers and times.
    residuals : mapping of str to ValueFormat
        The formats of residuals that are learned in place of columns.
    rigid : frozenset of str
        Columns that cannot be shifted slightly, since their values are discrete.
    orders : mapping of str to tuple of Order
        The orders by column.
    """

    formats: Mapping[str, ValueFormat]
    residuals: Mapping[str, ValueFormat]
    rigid: frozenset[str]
    orders: Mapping[str, tuple[Order, ...]]

    def ends(self, name: str, condition: ColumnCondition | None = None) -> tuple[float, float]:
        """Return the least and the greatest number of a column, given a condition on it.

        Parameters
        ----------
        name : str
            A column of numbers or times.
        condition : ColumnCondition, optional
            A condition on that column, other than *missing*.
        """
        of = self.formats[name]
        low, high = float(of.low), float(of.high)
        if condition is None:
            return low, high
        if condition.values is not None:
            numbers = raw_of(condition.values.cast(of.type), None)
            return float(numbers.min()), float(numbers.max())
        least, most = (
            end if limit is None else float(raw_of(pa.array([limit.as_py()], limit.type), None)[0])
            for limit, end in ((condition.low, low), (condition.high, high))
        )
        return least, most

    def is_new_residual(self, name: str, residual: np.ndarray) -> np.ndarray:
        """Return a mask of numbers beyond the learned residuals of a column."""
        if name not in self.residuals:
            return np.zeros(len(residual), bool)
        low, high = float(self.residuals[name].low), float(self.residuals[name].high)
        slack = _SLACK * (high - low) + _ROUNDING * max(abs(low), abs(high))
        numbers = residual.astype(float)
        return np.asarray((numbers < low - slack) | (numbers > high + slack))
