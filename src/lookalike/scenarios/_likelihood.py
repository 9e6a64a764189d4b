"""The log-density of rows in the units of their columns, from a model of discrete variables.

Such a model knows numbers by their cumulative probability only: the densities of single columns
are added here, so that a number far beyond all others is improbable too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from lookalike._core.numerics import Floats
from lookalike.scenarios._base import is_numeric, numbers_of

__all__ = ["RowDensity"]

_GRID = 1024
#: The least width of a kernel, as a share of the range of a column.
_NARROWEST = 1e-3


@dataclass(frozen=True)
class _ColumnDensity:
    """A kernel estimate of the density of one column, as its logarithm on a grid."""

    grid: Floats
    logs: Floats
    width: float

    @classmethod
    def fit(cls, numbers: Floats) -> _ColumnDensity | None:
        present = numbers[np.isfinite(numbers)]
        span = float(np.ptp(present)) if len(present) else 0.0
        if span == 0:
            return None
        # Silverman's rule (1986), robust against far values.
        low, high = np.quantile(present, [0.25, 0.75])
        spread = min(present.std(), (high - low) / 1.34) or present.std()
        width = max(1.06 * spread * len(present) ** -0.2, _NARROWEST * span)
        grid = np.linspace(present.min() - 4 * width, present.max() + 4 * width, _GRID)
        step = grid[1] - grid[0]
        # Counts on the grid, smeared by the kernel; a little everywhere keeps logarithms finite.
        counts = np.bincount(np.rint((present - grid[0]) / step).astype(int), minlength=_GRID)
        reach = np.arange(-int(4 * width / step) - 1, int(4 * width / step) + 2) * step
        kernel = np.exp(-0.5 * (reach / width) ** 2)
        density = np.convolve(counts, kernel / kernel.sum(), "same") / (len(present) * step)
        least = np.exp(-8.0) / (len(present) * width)
        return cls(grid, np.log(density + least), width)

    def __call__(self, numbers: Floats) -> Floats:
        inside = np.interp(numbers, self.grid, self.logs)
        # Beyond the grid it falls by one for each width, so that farther is less probable.
        beyond = np.maximum(self.grid[0] - numbers, numbers - self.grid[-1])
        logs = inside - np.clip(beyond / self.width, 0.0, 1e6)
        return np.where(np.isnan(numbers), 0.0, logs)


class RowDensity:
    """The log-density of rows under a model and the densities of single numeric columns.

    Parameters
    ----------
    model : synthesizer with ``log_prob``
        The fitted model.
    table : pyarrow.Table
        Ordinary rows.
    """

    def __init__(self, model: Any, table: pa.Table) -> None:
        self._model = model
        columns: Mapping[str, _ColumnDensity | None] = {
            name: _ColumnDensity.fit(numbers_of(table, name))
            for name in table.column_names
            if is_numeric(table, name) and _is_learned(model, name)
        }
        self._columns = {name: one for name, one in columns.items() if one is not None}

    def __call__(self, table: pa.Table) -> Floats:
        """Return the log-density of each row; shape (n,)."""
        logs = np.asarray(self._model.log_prob(table), np.float64)
        for name, density in self._columns.items():
            logs = logs + density(numbers_of(table, name))
        return logs


def _is_learned(model: Any, name: str) -> bool:
    return bool(model.schema_[name].kind.is_numeric)
