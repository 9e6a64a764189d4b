"""A column that is a weighted sum of others."""

from __future__ import annotations

from typing import ClassVar, Self

import numpy as np
import pyarrow as pa

from lookalike._core.learned import Learned
from lookalike._core.rows import Rows
from lookalike.relations._derivation import Cells, Derivation
from lookalike.tables import Schema
from lookalike.tables.values.arrow import is_null, masked
from lookalike.tables.values.codec import type_from_json, type_to_json
from lookalike.tables.values.grid import from_raw, raw_of

__all__ = ["Linear", "ticks"]

_NANOSECONDS = {"D": 86_400 * 10**9, "h": 3_600 * 10**9, "m": 60 * 10**9, "s": 10**9}
_NANOSECONDS |= {"ms": 10**6, "us": 10**3, "ns": 1}
#: What fits into an int64 for certain.
_MOST = 2.0**62


class Linear(Derivation):
    """A constant plus a weighted sum of other columns, rounded as the derived column is.

    It is missing where any of the others is.
    """

    form: ClassVar[str] = "linear"

    def fit(self, cells: Cells, schema: Schema) -> Self:
        column = schema[self.dependency.column]
        self._type = cells[column.name].type
        self._decimals = column.decimals
        self._step = ticks(self._type, column.unit)
        return self

    def make(self, cells: Cells, rows: Rows) -> pa.Array:  # noqa: ARG002 - nothing is drawn
        count = len(cells[self.dependency.on[0]])
        total, missing = np.full(count, self.dependency.constant), np.zeros(count, bool)
        for name, weight in zip(self.dependency.on, self.dependency.coefficients, strict=True):
            absent = is_null(cells[name])
            total[~absent] += weight * raw_of(cells[name].drop_null(), None)
            missing |= absent
        if not pa.types.is_floating(self._type):
            steps = np.rint(np.clip(total, -_MOST, _MOST) / self._step)
            total = steps.astype(np.int64) * self._step
        elif self._decimals is not None:
            total = np.round(total, self._decimals)
        return masked(from_raw(total, 0, self._type), missing)

    def state(self) -> Learned:
        return Learned(
            {"type": type_to_json(self._type), "decimals": self._decimals, "step": self._step}
        )

    def load(self, state: Learned) -> Self:
        self._type = type_from_json(state.values["type"])
        self._decimals = state.values["decimals"]
        self._step = int(state.values["step"])
        return self


def ticks(kind: pa.DataType, unit: str | None) -> int:
    """Return how many ticks of a date, time or duration its column's finest step has."""
    if unit not in _NANOSECONDS or pa.types.is_date32(kind) or not pa.types.is_temporal(kind):
        return 1
    return max(1, _NANOSECONDS[unit] // _NANOSECONDS[getattr(kind, "unit", "ms")])
