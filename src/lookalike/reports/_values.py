"""Columns of a canonical table as numpy: numbers with NaN, or codes of levels."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from lookalike._core.numerics import Floats
from lookalike.tables import Column, Kind

__all__ = ["FEWEST_ROWS", "Floats", "Ints", "axis_of", "codes", "numbers", "words"]

Ints = npt.NDArray[np.int64]

#: Levels of fewer real rows are not named, unless synthetic rows have them: a page may go farther
#: than the table of which it tells.
FEWEST_ROWS = 5

_MICROSECONDS = {"s": 1e6, "m": 6e7, "h": 3.6e9, "d": 8.64e10}


def axis_of(column: Column, real: pa.ChunkedArray) -> str:
    """Return the unit of a numeric column: see `Histogram.axis`."""
    if column.kind in (Kind.DATE, Kind.DATETIME):
        return "date"
    if column.kind is Kind.TIME:
        return "clock"
    if column.kind is not Kind.DURATION:
        return "number"
    typical = np.nanmedian([*np.abs(_float(real)), 0.0])
    units = [unit for unit, size in _MICROSECONDS.items() if size <= typical]
    return units[-1] if units else "s"


def numbers(values: pa.ChunkedArray, axis: str) -> Floats:
    """Return a numeric column as floats in the unit of `axis`, NaN where missing."""
    kind = values.type
    if pa.types.is_timestamp(kind) and kind.tz is not None:
        values = pc.local_timestamp(values)
    if pa.types.is_timestamp(kind):
        return np.asarray(_float(values) / _PER_DAY[kind.unit])
    if axis == "clock":
        return np.asarray(_float(values) / _MICROSECONDS["h"])
    if pa.types.is_duration(kind):
        return np.asarray(_float(values) / _MICROSECONDS[axis])
    return _float(values)


_PER_DAY = {"s": 86_400.0, "ms": 8.64e7, "us": 8.64e10, "ns": 8.64e13}


def _float(values: pa.ChunkedArray) -> Floats:
    """Return numbers, or the integers behind dates and times, as floats; NaN where null."""
    if pa.types.is_date32(values.type):
        values = values.cast(pa.int32())
    elif pa.types.is_temporal(values.type):
        values = values.cast(pa.int64())
    return np.asarray(values.cast(pa.float64(), safe=False).to_numpy(), dtype=np.float64)


def words(values: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return a discrete column as text, null where missing."""
    kind = values.type.value_type if pa.types.is_dictionary(values.type) else values.type
    return values.cast(kind).cast(pa.string())


def codes(real: pa.ChunkedArray, synthetic: pa.ChunkedArray) -> tuple[Ints, Ints, list[str]]:
    """Number the levels of a discrete column, alike in both tables.

    Returns
    -------
    real, synthetic : ndarray of int, shape (rows,)
        Codes, -1 where missing.
    levels : list of str
        The levels of the codes, the most frequent of the real table first.
    """
    both = [words(real), words(synthetic)]
    counts = pc.value_counts(pa.chunked_array([*both[0].chunks, *both[1].chunks], pa.string()))
    seen = {level: 0 for level in counts.field(0).to_pylist() if level is not None}
    for entry in pc.value_counts(both[0].drop_null()).to_pylist():
        seen[entry["values"]] = entry["counts"]
    levels = sorted(seen, key=lambda level: (-seen[level], level))
    found = [pc.index_in(part, pa.array(levels, pa.string())).fill_null(-1) for part in both]
    first, second = (np.asarray(part.to_numpy(), dtype=np.int64) for part in found)
    return first, second, levels
