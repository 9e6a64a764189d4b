"""Dataframes of simulated rows, and columns of the user's own tables."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.types as pt

from lookalike._core.errors import DataError, SchemaError, nearest
from lookalike._core.numerics import Floats
from lookalike._core.parameters import AnyOf, Choice
from lookalike.tables import as_frame, best_library

__all__ = [
    "LIBRARY_RULE",
    "TickTimes",
    "check_columns",
    "codes_of",
    "frame_of",
    "moments_in_order",
    "numbers_of",
]

LIBRARY_RULE = AnyOf((Choice(("pandas", "polars", "arrow")),), none=True)


def frame_of(table: pa.Table, as_: str | None) -> Any:
    """Return rows as a dataframe of a library, by default of the first that is installed."""
    return as_frame(table, as_ or best_library())


def check_columns(table: pa.Table, names: Iterable[str | None], what: str = "The table") -> None:
    """Raise `SchemaError` if a table lacks one of the columns; None is no column."""
    for name in names:
        if name is not None and name not in table.column_names:
            hint = nearest(name, table.column_names)
            raise SchemaError(f"{what} must have the column {name!r}.{hint}")


def numbers_of(table: pa.Table, name: str, what: str) -> Floats:
    """Return a column of numbers; NaN where a cell is missing or infinite."""
    cells = table[name].combine_chunks()
    if not (pt.is_integer(cells.type) or pt.is_floating(cells.type) or pt.is_decimal(cells.type)):
        raise SchemaError(f"{what} must be numbers; {name!r} holds {cells.type}.")
    numbers = cells.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    return np.where(np.isfinite(numbers), numbers, np.nan)


def codes_of(table: pa.Table, name: str) -> npt.NDArray[np.int64]:
    """Return a number from 0 on for each distinct value of a column; -1 where it is missing."""
    indices = table[name].combine_chunks().dictionary_encode().indices
    # The codes of polars are unsigned.
    return np.asarray(indices.cast(pa.int64()).fill_null(-1))


@dataclass(frozen=True)
class TickTimes:
    """Moments in whole ticks since 1970, which hold short steps that seconds as floats do not.

    Parameters
    ----------
    ticks : ndarray of int, shape (n,)
        In order.
    each : int
        The ticks of a second.
    """

    ticks: npt.NDArray[np.int64]
    each: int

    @property
    def seconds(self) -> Floats:
        """The moments in seconds since 1970, to a quarter of a microsecond."""
        whole, part = np.divmod(self.ticks, self.each)
        return np.asarray(whole + part / self.each)

    @property
    def steps(self) -> Floats:
        """The seconds from each moment to the next; shape (n - 1,)."""
        return np.asarray(np.diff(self.ticks) / self.each)

    @property
    def since_first(self) -> Floats:
        """The seconds since the first moment."""
        return np.asarray((self.ticks - self.ticks[:1]) / self.each)

    def named(self, row: int) -> str:
        """Return a moment in words."""
        tick = int(self.ticks[row])
        moment = np.datetime64(tick, "ns") if self.each == 10**9 else np.datetime64(tick, "us")
        return str(moment).replace("T", " ").rstrip("0").rstrip(".")


def moments_in_order(table: pa.Table, time: str) -> tuple[pa.Table, TickTimes]:
    """Return rows in the order of time, and their moments.

    Raises
    ------
    SchemaError
        If `time` holds no moments, or lacks some.
    DataError
        If a moment comes twice.
    """
    times = table[time].combine_chunks()
    if not (pt.is_timestamp(times.type) or pt.is_date(times.type)) or times.null_count:
        raise SchemaError(f"time must be moments, none missing; {time!r} is not.")
    fine = pt.is_timestamp(times.type) and times.type.unit == "ns"
    ticks = times.cast(pa.timestamp("ns" if fine else "us")).cast(pa.int64()).to_numpy()
    order = np.argsort(ticks, kind="stable")
    table, moments = table.take(pa.array(order)), TickTimes(ticks[order], 10**9 if fine else 10**6)
    repeats = np.flatnonzero(np.diff(moments.ticks) == 0)
    if len(repeats):
        raise DataError(
            f"Each moment must have one row; {time!r} has {moments.named(repeats[0])} more than "
            "once. Take the rows of one plant at a time."
        )
    return table, moments
