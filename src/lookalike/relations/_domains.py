"""The values that the columns of a table can have, whoever makes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from lookalike.relations._value_format import ValueFormat
from lookalike.tables import ColumnCondition
from lookalike.tables.values.grid import raw_of

__all__ = ["Domains", "LearnedColumn", "Order"]

#: A residual may lie so far beyond those of the fit, as a share of their range: columns are rounded
_SLACK = 0.01
#: Numbers that differ by less than this, relative to their size, are equal but for rounding.
_ROUNDING = 1e-9


@dataclass(frozen=True)
class LearnedColumn:
    """The values that an encoding makes of a column, or of the residual in its place.

    Parameters
    ----------
    levels : pyarrow.Array or None
        The only values, where they can be counted.
    ends : pyarrow.Array or None, shape (2,)
        The least and the greatest cell of numbers or times.
    keeps_ends : bool
        Whether these are the ends of the training table, not drawn in.
    is_fixed : bool
        Whether nothing is learned: all rows have one value, or a value of their own.
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
        Of the columns of numbers and times.
    residuals : mapping of str to ValueFormat
        Of the residuals that are learned in place of columns.
    rigid : frozenset of str
        Columns that cannot be moved a little: they have certain values only.
    orders : mapping of str to tuple of Order
        By column.
    """

    formats: Mapping[str, ValueFormat]
    residuals: Mapping[str, ValueFormat]
    rigid: frozenset[str]
    orders: Mapping[str, tuple[Order, ...]]

    def ends(self, name: str, condition: ColumnCondition | None = None) -> tuple[float, float]:
        """Return the least and the greatest number of a column, under a condition if there is one.

        Parameters
        ----------
        name : str
            A column of numbers or times.
        condition : ColumnCondition, optional
            On that column; not that it is missing.
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
        """Return which numbers lie beyond the residuals that were learned of a column."""
        if name not in self.residuals:
            return np.zeros(len(residual), bool)
        low, high = float(self.residuals[name].low), float(self.residuals[name].high)
        slack = _SLACK * (high - low) + _ROUNDING * max(abs(low), abs(high))
        numbers = residual.astype(float)
        return np.asarray((numbers < low - slack) | (numbers > high + slack))
