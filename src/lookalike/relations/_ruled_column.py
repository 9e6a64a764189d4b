"""Columns under rules: their cells as numbers or codes of levels, and back."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lookalike.relations._atoms import RowValues
from lookalike.relations._cells import Cells, numbers_of
from lookalike.relations._value_format import ValueFormat
from lookalike.tables import Column, canonical_type
from lookalike.tables.values.arrow import is_null, plain, to_numpy

__all__ = ["RuledColumn", "row_values"]

#: Microseconds per tick, by the unit of a time, and per day.
_TICKS = {"s": 1e6, "ms": 1e3, "us": 1.0, "ns": 1e-3}
_DAY = 86_400e6
#: The tolerance of a position as a whole step.
_LITTLE = 1e-6


@dataclass(frozen=True, eq=False)
class RuledColumn:
    """A column under rules.

    Parameters
    ----------
    column : Column
    levels : pyarrow.Array or None
        All levels, of a column that has categories.
    """

    column: Column
    levels: pa.Array | None = None

    @property
    def name(self) -> str:
        """The name of the column."""
        return self.column.name

    @property
    def is_number(self) -> bool:
        """Whether its values are numbers or times, which have no levels."""
        return self.levels is None and self.column.kind.is_numeric

    @property
    def width(self) -> int:
        """The number of codes: one for each level, and one for all others."""
        return 0 if self.levels is None else len(self.levels) + 1

    @cached_property
    def _type(self) -> pa.DataType:
        return canonical_type(self.column)

    @cached_property
    def _format(self) -> ValueFormat:
        return ValueFormat.of(self.column)

    @cached_property
    def scale(self) -> float:
        """The size of one tick of a time in microseconds; 1 for numbers."""
        if not pa.types.is_temporal(self._type):
            return 1.0
        if pa.types.is_date32(self._type):
            return _DAY
        return _TICKS[getattr(self._type, "unit", "ms")]

    @property
    def is_time(self) -> bool:
        """Whether its values are dates or times."""
        return bool(pa.types.is_temporal(self._type))

    @cached_property
    def step(self) -> float:
        """The distance of neighbouring values, 0 for full floats."""
        if pa.types.is_floating(self._type) and self._format.decimals is None:
            return 0.0
        return self._format.finest * self.scale

    def numbers(self, cells: pa.Array) -> np.ndarray:
        """Return cells as numbers, times in microseconds, or as codes; see `RowValues`."""
        if self.is_number:
            return numbers_of(cells).astype(np.float64) * self.scale
        if self.levels is None:
            return np.zeros(len(cells), np.int64)
        found = pc.index_in(plain(cells), value_set=self.levels)
        return np.asarray(to_numpy(found.fill_null(len(self.levels)))).astype(np.int64)

    def cells(self, numbers: np.ndarray, missing: np.ndarray) -> pa.Array:
        """Return numbers or codes as canonical cells."""
        if self.is_number:
            return self._format.cells(numbers / self.scale, missing)
        assert self.levels is not None
        found = self.levels.take(pa.array(numbers, mask=missing | (numbers >= len(self.levels))))
        return found.dictionary_encode() if pa.types.is_dictionary(self._type) else found

    def rounded(self, numbers: np.ndarray) -> np.ndarray:
        """Return the nearest values of the column."""
        return np.rint(numbers / self.step) * self.step if self.step else numbers

    def lowest(self, limits: np.ndarray, strict: np.ndarray) -> np.ndarray:
        """Return the least value at or, where strict, above each limit."""
        if not self.step:
            return np.where(strict, np.nextafter(limits, np.inf), limits)
        steps = limits / self.step
        whole = np.rint(steps)
        slack = _LITTLE * np.maximum(1, np.abs(steps) * 1e-9)
        near = np.abs(steps - whole) <= slack
        up = np.where(near, whole + strict, np.ceil(steps))
        return np.asarray(up * self.step)

    def highest(self, limits: np.ndarray, strict: np.ndarray) -> np.ndarray:
        """Return the greatest value at or, where strict, below each limit."""
        return -self.lowest(-limits, strict)


def row_values(columns: dict[str, RuledColumn], cells: Cells) -> RowValues:
    """Return the cells of rows as numbers and codes.

    Parameters
    ----------
    columns : dict of str to RuledColumn
    cells : mapping of str to pyarrow.Array, shape (n,)
        These columns, and perhaps others.

    Returns
    -------
    RowValues
        Of these columns.
    """
    return RowValues(
        {name: column.numbers(cells[name]) for name, column in columns.items()},
        {name: is_null(cells[name]) for name in columns},
    )
