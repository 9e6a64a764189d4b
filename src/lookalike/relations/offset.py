"""A column that is a sum of others and a residual: numbers and times that are nearly equal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import ClassVar

import numpy as np
import pyarrow as pa

from lookalike._core.rows import Rows
from lookalike.relations._cells import Cells
from lookalike.relations._domains import Domains
from lookalike.relations._evidence import Evidence, Finder, Found, Stage
from lookalike.relations._nearly_equal import nearly_equal
from lookalike.relations._nearly_sums import nearly_sums
from lookalike.relations._numeric_residual import NumericResidual, bounds_in_words
from lookalike.relations._orders import with_orders
from lookalike.relations._weighted_sum import WeightedSum, is_out_of_reach, sum_in_words
from lookalike.tables import Column, ColumnCondition, Dependency, Kind
from lookalike.tables.values.arrow import is_null, masked
from lookalike.tables.values.grid import from_raw

__all__ = ["Offset"]


def _find(evidence: Evidence) -> Iterable[Dependency]:
    """Find offsets and ratios, those of the smallest residuals first."""
    measures, found = evidence.free, Found()
    with np.errstate(all="ignore"):  # relations that are not finite are rejected
        found.add(nearly_sums(measures))
        found.add(nearly_equal([m for m in measures if m.name not in found.derived]))
    return with_orders(found.in_order(), {m.name: m for m in measures})


class Offset(NumericResidual):
    """A sum of other columns, each times a number, and a residual."""

    name: ClassVar[str] = "offset"
    finders: ClassVar[Mapping[Stage, Finder]] = {Stage.RESIDUALS: _find}

    def _set_residual_column(self) -> None:
        name, decimals, of = self.spec.column, self._scale.decimals, self._of
        self._type = pa.int64() if decimals == 0 else pa.float64()
        kind = Kind.INTEGER if decimals == 0 else Kind.CONTINUOUS
        if pa.types.is_timestamp(of) and decimals == 0:
            self._type, kind = pa.duration(of.unit), Kind.DURATION
        self.residual_column = Column(name, kind, str(self._type), decimals=decimals)

    def _sum(self, cells: Cells) -> np.ndarray:
        parts = [
            numbers * numbers.dtype.type(weight)
            for numbers, weight in zip(self._on(cells), self.spec.coefficients, strict=True)
        ]
        return np.asarray(np.sum(parts, axis=0))

    def residual(self, cells: Cells) -> pa.Array:
        own = cells[self.spec.column]
        numbers = self._scale.filled(own, 0) - self._sum(cells)
        return masked(from_raw(numbers, self._scale.decimals or 0, self._type), is_null(own))

    def compute(self, cells: Cells, residual: pa.Array | None, rows: Rows) -> pa.Array:
        assert residual is not None
        total = self._sum(cells) + self._scale.filled(residual, 0)
        return self._placed(total, cells, is_null(residual))

    @classmethod
    def statement(cls, spec: Dependency) -> str:
        return f"{spec.column} = {sum_in_words(spec, 'residual')}{bounds_in_words(spec)}"

    def _sum_of(self, cells: Cells, residual: np.ndarray) -> WeightedSum:
        return WeightedSum.of_spec(self.spec, cells, residual)

    def _residual_of(self, moved: WeightedSum, residual: np.ndarray) -> np.ndarray:
        return np.asarray(moved.shortfall() + residual)

    def contradicts(self, conditions: Mapping[str, ColumnCondition], domains: Domains) -> bool:
        """Return whether a sum of values under conditions and any residual cannot be the total."""
        if self.spec.column not in domains.residuals:
            return False
        residual = domains.residuals[self.spec.column]
        added = float(residual.low), float(residual.high)
        return is_out_of_reach(self.spec, added, conditions, domains)
