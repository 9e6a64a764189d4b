"""A column that is another one times a residual, found by the finder of offsets."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lookalike._core.rows import Rows
from lookalike.relations._cells import Cells, numbers_of
from lookalike.relations._numeric_residual import NumericResidual, Scale, bounds_in_words
from lookalike.relations._weighted_sum import WeightedSum
from lookalike.tables import Column, Dependency, Kind
from lookalike.tables.values.arrow import is_null, to_numpy

__all__ = ["Ratio"]


class Ratio(NumericResidual):
    """Another column, positive like this one, times a residual."""

    name: ClassVar[str] = "ratio"

    def _set_residual_column(self) -> None:
        self.residual_column = Column(self.spec.column, Kind.CONTINUOUS, "double")

    def _scale_of(self, cells: list[pa.Array], columns: list[Column]) -> Scale:
        return Scale(None)

    def suits(self, cells: Cells) -> bool:
        names = (self.spec.column, *self.spec.on)
        return super().suits(cells) and all(pc.min(cells[name]).as_py() > 0 for name in names)

    def residual(self, cells: Cells) -> pa.Array:
        own, parent = cells[self.spec.column], self._on(cells)[0]
        # Other tables may hold non-positive numbers, which count as the median.
        parent = np.where(parent > 0, parent, self._middle[0])
        return pa.array(self._scale.filled(own, 1.0) / parent, mask=is_null(own))

    def compute(self, cells: Cells, residual: pa.Array | None, rows: Rows) -> pa.Array:
        assert residual is not None
        total = self._on(cells)[0] * to_numpy(pc.fill_null(residual, 1.0))
        return self._placed(total, cells, is_null(residual))

    @classmethod
    def statement(cls, spec: Dependency) -> str:
        return f"{spec.column} = {' and '.join(spec.on)} × residual{bounds_in_words(spec)}"

    def _sum_of(self, cells: Cells, residual: np.ndarray) -> WeightedSum:
        target = numbers_of(cells[self.spec.column])
        return WeightedSum.of(cells, target, {self.spec.on[0]: residual})

    def _residual_of(self, moved: WeightedSum, residual: np.ndarray) -> np.ndarray:
        own = moved.numbers[self.spec.on[0]].astype(float)
        return np.asarray(np.divide(moved.target, own, out=np.zeros(len(own)), where=own != 0))
