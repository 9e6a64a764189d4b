"""The spread of possible futures of a past, and what came instead."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.types as pt

from lookalike._core.errors import DataError, ParameterError, SchemaError, nearest
from lookalike.reports._course import PairMatrix
from lookalike.reports._values import Floats
from lookalike.tables import natural_rows

__all__ = ["FAN_QUANTILES", "Fan", "fans"]

#: The quantiles over futures that bound the bands of a fan.
FAN_QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
#: The column in front of generated futures, of which each has one number.
_NUMBER = "future"
#: Fewer futures have no such quantiles.
_FEWEST = 20


@dataclass(frozen=True)
class Fan:
    """The spread of possible futures in one column.

    Parameters
    ----------
    column : str
        Its name.
    past : tuple of (float or None)
        The values before; None where a cell is missing.
    quantiles : tuple of tuple of (float or None), shape (5, steps)
        For each of `FAN_QUANTILES`, its value over futures at each step.
    came : tuple of (float or None)
        What came: one value for each step that is known; empty if nothing is.
    """

    column: str
    past: tuple[float | None, ...]
    quantiles: PairMatrix
    came: tuple[float | None, ...] = ()

    @property
    def inside(self) -> float | None:
        """The share of what came that lies between the outer quantiles; None if nothing came.

        Where futures are as uncertain as they should be it is about 0.9; but steps of one series
        go together, so that a single fan may lie far from it by chance.
        """
        came = np.array(self.came, float)
        low, high = (np.array(self.quantiles[at], float)[: len(came)] for at in (0, -1))
        known = np.isfinite(came) & np.isfinite(low)
        if not known.any():
            return None
        return float(np.mean((low[known] <= came[known]) & (came[known] <= high[known])))


def fans(
    history: Any,
    futures: Any,
    came: Any = None,
    *,
    columns: Sequence[str] | None = None,
    last: int = 60,
) -> tuple[Fan, ...]:
    """Describe how far possible futures spread, step by step, for `figures.fans`.

    Parameters
    ----------
    history : dataframe or path
        The past that was continued, in the order of time.
    futures : dataframe or path
        At least 20 futures, as `Sequences.continue_from` gives them.
    came : dataframe or path, optional
        What came after the past, in the order of time; it may end earlier than the futures, or
        later.
    columns : sequence of str, optional
        Columns of numbers; by default all of the futures.
    last : int
        The number of events of the past to keep, the last ones.

    Returns
    -------
    tuple of Fan
        In the order of columns.

    Raises
    ------
    ParameterError
        If `columns` names something else than numbers, or `last` is below 1.
    SchemaError
        If a table lacks a column.
    DataError
        If there are fewer than 20 futures, or they differ in their numbers of steps.

    Examples
    --------
    >>> import pyarrow as pa
    >>> past = pa.table({"load": [1.0, 2.0, 3.0]})
    >>> numbers = [n for n in range(20) for _ in range(2)]
    >>> futures = pa.table({"future": numbers, "load": [4.0 + n / 10 for n in numbers]})
    >>> (fan,) = fans(past, futures, pa.table({"load": [4.5, 9.0]}))
    >>> fan.inside
    0.5
    """
    if isinstance(last, bool) or not isinstance(last, int) or last < 1:
        raise ParameterError(f"last must be a whole number of events, 1 or more; got {last!r}.")
    made, _ = natural_rows(futures)
    number = _number(made)
    steps = _steps(made[number])
    names = _names(made.drop_columns([number]), columns)
    past, _ = natural_rows(history)
    after = None if came is None else natural_rows(came)[0]
    found = []
    for name in names:
        values = _numbers(made, name, "The futures").reshape(-1, steps)
        known = np.empty(0) if after is None else _numbers(after, name, "What came")[:steps]
        before = _numbers(past, name, "The past")[-last:]
        rows = tuple(_plain(row) for row in _quantiles(values))
        found.append(Fan(name, _plain(before), rows, _plain(known)))
    return tuple(found)


def _number(made: pa.Table) -> str:
    """Return the column of the futures' numbers: the first, whatever other columns are called."""
    name = made.column_names[0] if made.num_columns else ""
    if name.rstrip("'") != _NUMBER or not pt.is_integer(made[name].type):
        raise SchemaError(
            f"Futures begin with a column {_NUMBER!r} of their numbers, as continue_from gives "
            "them."
        )
    return name


def _steps(column: pa.ChunkedArray) -> int:
    """Return the number of steps of each future."""
    numbers = column.fill_null(-1).to_numpy()
    _, counts = np.unique(numbers, return_counts=True)
    if len(counts) < _FEWEST:
        raise DataError(f"A fan needs {_FEWEST} futures or more; got {len(counts)}.")
    if len(set(counts)) > 1 or (np.diff(numbers) < 0).any():
        raise DataError("Futures must stand one after the other, with equal numbers of steps.")
    return int(counts[0])


def _names(made: pa.Table, columns: Sequence[str] | None) -> list[str]:
    numeric = [field.name for field in made.schema if _is_number(field.type)]
    if columns is None:
        return numeric
    for name in columns:
        if name not in numeric:
            raise ParameterError(
                f"columns must be columns of numbers; got {name!r}.{nearest(name, numeric)}"
            )
    return list(columns)


def _is_number(kind: pa.DataType) -> bool:
    return bool(pt.is_integer(kind) or pt.is_floating(kind) or pt.is_decimal(kind))


def _numbers(table: pa.Table, name: str, whose: str) -> Floats:
    if name not in table.column_names:
        raise SchemaError(f"{whose} must have the column {name!r}.")
    cells = table[name].combine_chunks()
    if not (_is_number(cells.type) or pt.is_null(cells.type)):
        raise SchemaError(f"{whose} must have numbers in {name!r}; it holds {cells.type}.")
    numbers: Floats = cells.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    return numbers


def _quantiles(values: Floats) -> Floats:
    """Return the quantiles at each step over the futures that have a value; NaN where few do."""
    found = np.full((len(FAN_QUANTILES), values.shape[1]), np.nan)
    for step in range(values.shape[1]):
        present = values[np.isfinite(values[:, step]), step]
        if len(present) >= _FEWEST:
            found[:, step] = np.quantile(present, FAN_QUANTILES)
    return found


def _plain(values: Floats) -> tuple[float | None, ...]:
    return tuple(float(v) if np.isfinite(v) else None for v in values)
