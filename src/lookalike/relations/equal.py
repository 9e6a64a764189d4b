"""A column that repeats another in many rows: the rows in which it does are learned as an event."""

from __future__ import annotations

from typing import ClassVar, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lookalike._core.learned import Learned
from lookalike.relations._derivation import Cells
from lookalike.relations._rest import Rest
from lookalike.tables import Schema
from lookalike.tables.values.arrow import is_null, masked, to_numpy
from lookalike.tables.values.grid import Grid

__all__ = ["Equal"]


class Equal(Rest):
    """Another column where the rest says so by being missing, else the rest itself.

    The column had no missing cells. A copy is rounded to the column's own grid and held within the
    range that was seen; of a missing cell it is the middle of that range.
    """

    form: ClassVar[str] = "equal"

    def suits(self, cells: Cells) -> bool:
        own, other = cells[self.dependency.column], cells[self.dependency.on[0]]
        timed = pa.types.is_temporal(own.type)
        return own.null_count == 0 and (other.type == own.type or not timed)

    def fit(self, cells: Cells, schema: Schema) -> Self:
        self.column = schema[self.dependency.column]
        own = cells[self.column.name].drop_null()
        self._grid = Grid.fit(own, self.column, self.fewest(self.column))
        return self

    def rest(self, cells: Cells) -> pa.Array:
        own, other = cells[self.dependency.column], cells[self.dependency.on[0]]
        if own.type != other.type:  # a whole and a broken number
            own, other = own.cast(pa.float64(), safe=False), other.cast(pa.float64(), safe=False)
        same = to_numpy(pc.equal(own, other).fill_null(pa.scalar(value=False)))
        return masked(cells[self.dependency.column], same)

    def make(self, cells: Cells, rest: pa.Array) -> pa.Array:
        other = cells[self.dependency.on[0]]
        missing = is_null(other)
        positions = np.full(len(other), (self._grid.first + self._grid.last) / 2)
        present = other.drop_null()
        if pa.types.is_floating(present.type):
            present = pc.round(present, self._grid.decimals) if self._grid.is_even else present
        raw = self._grid.raw(present.cast(rest.type, safe=False))
        positions[~missing] = self._grid.positions(raw)
        return pc.if_else(pc.is_null(rest), self._grid.array(self._grid.at(positions)), rest)

    def ends(self) -> pa.Array:
        return self._grid.ends()

    def state(self) -> Learned:
        return Learned({"grid": self._grid.to_dict()})

    def load(self, state: Learned, schema: Schema) -> Self:
        self.column = schema[self.dependency.column]
        self._grid = Grid(**state.values["grid"])
        return self
