"""Numbers, dates and times that repeat another column, but for a factor and a constant."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lookalike.tables._schema import Column, Dependency
from lookalike.tables.text._date_patterns import ticks_of
from lookalike.tables.values.arrow import flat

__all__ = ["Measure", "copies", "sample_rows"]

#: So many different values make an exact line through them no chance.
_POINTS = 10
#: Rows that are looked at first.
_FIRST_ROWS = 2000
#: Lines are looked for where the correlation is at least this, at most in so many pairs.
_CORRELATION = 0.9999
_PAIRS = 2000
#: Factors are tried with so many significant digits, fewest first.
_DIGITS = 8
#: A line is not worth trying to write where it misses by more than this share of the greatest.
_NEARLY = 1e-6
#: Full floats are equal if they differ by no more than this share of what they are the sum of.
_TOLERANCE = 1e-12


@dataclass(frozen=True, eq=False)
class Measure:
    """One numeric column as floats.

    Parameters
    ----------
    name : str
        The column's name.
    unit : str
        Columns of one unit can be compared: ``"number"``, or the canonical type of a date.
    floats : ndarray of float64, shape (n,)
        Numbers or ticks; 0 where missing.
    missing : ndarray of bool, shape (n,)
        Where cells are missing.
    step : float
        All values are whole multiples of it; 0 for full floats.
    """

    name: str
    unit: str
    floats: np.ndarray
    missing: np.ndarray
    step: float

    @classmethod
    def of(cls, values: pa.ChunkedArray, column: Column) -> Self:
        """Return a canonical column as a measure."""
        cells = flat(values)
        missing = cells.is_null().to_numpy(zero_copy_only=False)
        if pa.types.is_temporal(cells.type):
            ticks, tick = ticks_of(cells, column.unit)
            return cls(column.name, str(cells.type), ticks.astype(np.float64), missing, tick)
        floats = pc.cast(cells, pa.float64(), safe=False).fill_null(0.0).to_numpy()
        step = 0.0 if column.decimals is None else 10.0**-column.decimals
        return cls(column.name, "number", floats, missing, step)

    @cached_property
    def mask(self) -> bytes:
        """The missing cells, to be compared."""
        return np.packbits(self.missing).tobytes() if self.missing.any() else b""

    @cached_property
    def distinct(self) -> int:
        """How many different values there are, counted up to many."""
        present = self.floats[~self.missing]
        few = len(np.unique(present[:_FIRST_ROWS]))
        return few if few > _FIRST_ROWS // 2 else len(np.unique(present))

    def is_made_by(self, parts: Sequence[np.ndarray], rows: np.ndarray | slice) -> bool:
        """Whether a sum, rounded as this column is, gives its values in some rows.

        Every cell is judged by itself: numbers of one column may differ by many orders of
        magnitude, and a tolerance that the greatest allows would let small ones be anything.

        Parameters
        ----------
        parts : sequence of ndarray of float64, shape (len(rows),) or ()
            What is added up.
        rows : ndarray of int or slice
            Which rows, all of them present.
        """
        floats = self.floats[rows]
        total, size = np.zeros(len(floats)), np.abs(floats)
        for part in parts:
            total, size = total + part, np.maximum(size, np.abs(part))
        if self.step:
            return bool((np.rint(total / self.step) == np.rint(floats / self.step)).all())
        return bool((np.abs(total - floats) <= _TOLERANCE * size).all())


def sample_rows(rows: np.ndarray, count: int) -> np.ndarray:
    """Return at most `count` of some row numbers, evenly spread."""
    return rows[:: max(1, -(-len(rows) // count))]


def copies(measures: Sequence[Measure]) -> Iterator[Dependency]:
    """Find columns that are a factor times another one plus a constant, in every row.

    Parameters
    ----------
    measures : sequence of Measure
        The columns.

    Yields
    ------
    Dependency
        Of form ``"linear"`` on one column; that with more distinct values, or the first, is kept.
    """
    groups: dict[tuple[str, bytes], list[Measure]] = {}
    for measure in measures:
        groups.setdefault((measure.unit, measure.mask), []).append(measure)
    for group in groups.values():
        if len(group) > 1:
            present = np.flatnonzero(~group[0].missing)
            able = [m for m in group if m.distinct >= _POINTS]
            yield from _copies_among(sorted(able, key=lambda m: -m.distinct), present)


def _copies_among(group: list[Measure], present: np.ndarray) -> Iterator[Dependency]:
    if len(group) < 2:
        return
    first = sample_rows(present, _FIRST_ROWS)
    with np.errstate(all="ignore"):
        correlation = np.abs(np.corrcoef([m.floats[first] for m in group]))
    likely = np.argwhere(np.triu(correlation >= _CORRELATION, k=1))
    derived: set[int] = set()
    for parent, child in likely[:_PAIRS]:
        if parent not in derived and child not in derived:
            line = _line(group[parent], group[child], first, present)
            if line is not None:
                derived.add(child)
                factor, constant = line
                yield Dependency(
                    group[child].name, (group[parent].name,), "linear", (factor,), constant
                )


def _line(
    parent: Measure, child: Measure, first: np.ndarray, present: np.ndarray
) -> tuple[float, float] | None:
    """Return the factor and the constant that make one column of another, or None."""
    x, y = parent.floats[first], child.floats[first]
    middle_x, middle_y = x.mean(), y.mean()
    spread = ((x - middle_x) ** 2).sum()
    if not 0 < spread < np.inf:  # too small or too great to be squared
        return None
    slope = float(((x - middle_x) * (y - middle_y)).sum() / spread)
    left = np.abs(y - middle_y - slope * (x - middle_x)).max()
    if left > 2 * child.step + _NEARLY * np.abs(y).max():
        return None
    for digits in range(_DIGITS):
        factor = float(f"{slope:.{digits}e}")
        constant = float(np.median(y - factor * x))
        if child.step:
            constant = float(np.rint(constant / child.step) * child.step)
        constant = float(f"{constant:.15g}")
        offset = np.array(constant)
        if child.is_made_by((factor * x, offset), first):
            if child.is_made_by((factor * parent.floats[present], offset), present):
                return factor, constant
            return None
    return None
