"""Conditions on whole windows, such as a maximum above 30: windows that break them are dropped."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from jaxtyping import Bool, Float

from lookalike._core.errors import DataError, ParameterError, nearest
from lookalike.sequences._running import numbers_of
from lookalike.tables import Kind, Schema

__all__ = ["WindowCondition", "fulfilling", "read_window_conditions"]

#: What a condition can be on, of the numbers of a column in a window.
_STATISTICS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "min": lambda cells: cells.min(axis=1),
    "max": lambda cells: cells.max(axis=1),
    "mean": lambda cells: cells.mean(axis=1),
    "sum": lambda cells: cells.sum(axis=1),
    "first": lambda cells: cells[:, 0],
    "last": lambda cells: cells[:, -1],
    "change": lambda cells: cells[:, -1] - cells[:, 0],
}
#: The windows after which the share that fulfils a condition is judged, and the least share.
_TRIED, _RAREST = 10_240, 0.001


@dataclass(frozen=True)
class WindowCondition:
    """The range in which a statistic of a window must lie.

    Parameters
    ----------
    statistic, column : str
    low, high : float
        Both included; infinite where a side is open.
    """

    statistic: str
    column: str
    low: float
    high: float

    def holds(self, cells: Float[np.ndarray, "windows window"]) -> Bool[np.ndarray, " windows"]:
        """Return which windows of this column fulfil the condition."""
        values = _STATISTICS[self.statistic](cells)
        return np.asarray((values >= self.low) & (values <= self.high))

    def __str__(self) -> str:
        return f"{self.statistic} {self.column} in [{self.low:g}, {self.high:g}]"


def read_window_conditions(
    given: Mapping[str, Any], schema: Schema, columns: Collection[str]
) -> tuple[WindowCondition, ...]:
    """Return the conditions that a caller gives by names such as ``"max load"``.

    Raises
    ------
    ParameterError
        If a name has no statistic or no column of numbers, or a value is no range.
    """
    numbers = [n for n in columns if schema[n].kind in (Kind.CONTINUOUS, Kind.INTEGER)]
    known = [f"{statistic} {name}" for name in numbers for statistic in _STATISTICS]
    found = []
    for key, value in given.items():
        statistic, _, column = str(key).partition(" ")
        if statistic not in _STATISTICS or column not in numbers:
            words = ", ".join(_STATISTICS)
            raise ParameterError(
                f"A condition on a window names a statistic ({words}) and a column of numbers, "
                f"such as 'max load'; got {key!r}.{nearest(str(key), known)}"
            )
        low, high = _range(key, value)
        found.append(WindowCondition(statistic, column, low, high))
    return tuple(found)


def _range(key: str, value: Any) -> tuple[float, float]:
    if isinstance(value, tuple) and len(value) == 2:
        try:
            low, high = (np.nan if end is None else float(end) for end in value)
        except (TypeError, ValueError):
            low = high = np.inf
        low = -np.inf if np.isnan(low) else low
        high = np.inf if np.isnan(high) else high
        if low <= high and (np.isfinite(low) or np.isfinite(high)):
            return low, high
    raise ParameterError(
        f"A condition on a window is a range (low, high), in which None leaves a side open; got "
        f"{value!r} for {key!r}."
    )


def fulfilling(
    tables: Iterator[pa.Table],
    conditions: tuple[WindowCondition, ...],
    window: int,
    n: int,
    start: int,
) -> Iterator[pa.Table]:
    """Yield those windows ``[start, start + n)`` of a long sample that fulfil conditions.

    Parameters
    ----------
    tables : iterator of pyarrow.Table
        Windows, in blocks; no more are taken than needed.
    conditions : tuple of WindowCondition
    window : int
        The number of events of each.
    n, start : int
        Counted among those that fulfil the conditions.

    Raises
    ------
    DataError
        If fewer than one window in a thousand does.
    """
    found = drawn = 0
    with closing(tables):  # type: ignore[type-var]  # they are generators
        for table in tables:
            good = np.ones(len(table) // window, bool)
            for condition in conditions:
                cells = numbers_of(table, [condition.column]).reshape(-1, window)
                good &= condition.holds(cells)
            at = np.flatnonzero(good)
            kept = at[max(start - found, 0) : max(start + n - found, 0)]
            found, drawn = found + len(at), drawn + len(good)
            if len(kept):
                rows = kept[:, None] * window + np.arange(window)
                yield table.take(pa.array(rows.reshape(-1)))
            if found >= start + n:
                return
            if drawn >= _TRIED and found < _RAREST * drawn:
                words = " and ".join(map(str, conditions))
                raise DataError(
                    f"Of {drawn:,} windows, {found:,} fulfil the condition {words}: it is too rare "
                    "to draw windows until it is met. Widen the range."
                )
