"""The base of offsets and ratios, which learn a column's residual from others."""

from __future__ import annotations

import math
from abc import abstractmethod
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lookalike._core.learned import Learned
from lookalike._core.rows import Rows
from lookalike.relations._base import Relation
from lookalike.relations._cells import Cells, numbers_of
from lookalike.relations._domains import Domains
from lookalike.relations._reconciled import Reconciled
from lookalike.relations._weighted_sum import WeightedSum
from lookalike.tables import Column, Dependency, Schema
from lookalike.tables.values.arrow import is_null, masked
from lookalike.tables.values.codec import type_from_json
from lookalike.tables.values.grid import Grid, raw_of
from lookalike.tables.values.shared import middle

__all__ = ["NumericResidual", "Scale", "bounds_in_words"]

#: The bound, over k, of whole numbers whose sums of k terms fit an int64.
_MOST = 2.0**62
#: The tolerance of a bound as a whole step.
_ROUNDING = 1e-6
#: Cells that differ by less than this, relative to their size, are equal up to rounding.
_EQUAL = 1e-9


@dataclass(frozen=True)
class Scale:
    """One unit for all columns of a relation.

    Parameters
    ----------
    decimals : int or None
        Numbers are counted in units of ``10**-decimals``, times in ticks; None for floats.
    """

    decimals: int | None

    @classmethod
    def of(
        cls, cells: list[pa.Array], columns: list[Column], weights: tuple[float, ...] = (1.0,)
    ) -> Self:
        """Return the coarsest unit in which all cells are whole, or floats where there is none."""
        if any(weight != round(weight) for weight in weights):
            return cls(None)
        decimals = [
            column.decimals if pa.types.is_floating(values.type) else 0
            for values, column in zip(cells, columns, strict=True)
        ]
        known = [d for d in decimals if d is not None]
        if len(known) < len(decimals):
            return cls(None)
        scale = cls(max(known))
        for values in cells:
            numbers = scale.numbers(values.drop_null())
            if (np.abs(numbers.astype(float)) > _MOST / len(cells) / max(map(abs, weights))).any():
                return cls(None)
            if pa.types.is_floating(values.type) and not scale.is_exact(values.drop_null()):
                return cls(None)
        return scale

    def is_exact(self, values: pa.Array) -> bool:
        """Return whether present floats are whole in this unit."""
        floats = raw_of(values, None)
        unit = 10.0 ** (self.decimals or 0)
        return bool((np.rint(floats * unit) / unit == floats).all())

    def numbers(self, values: pa.Array) -> np.ndarray:
        """Return present cells in this unit: int64, or float64."""
        if self.decimals is None:
            return raw_of(values, None).astype(np.float64)
        if pa.types.is_floating(values.type):
            return np.rint(raw_of(values, None) * 10.0**self.decimals).astype(np.int64)
        if pa.types.is_temporal(values.type):
            return raw_of(values, None)
        return np.asarray(raw_of(values, None) * np.int64(10**self.decimals))

    def filled(self, values: pa.Array, instead: float) -> np.ndarray:
        """Return cells in this unit, with a number in place of missing ones."""
        present = ~is_null(values)
        numbers = np.full(len(values), instead, float if self.decimals is None else np.int64)
        numbers[present] = self.numbers(values.drop_null())
        return numbers


class NumericResidual(Relation):
    """A column that is computed from numbers or times and a learned residual.

    The computed column is rounded to its own grid, clipped to the observed range, and kept on the
    right side of columns that it never passed. It is missing where the residual is. Where a column
    that it depends on is missing, that column's median is used.
    """

    learns_residual: ClassVar[bool] = True
    shows_presence: ClassVar[bool] = True

    def suits(self, cells: Cells) -> bool:
        column = cells[self.spec.column]
        others = [cells[name] for name in self.spec.on]
        alone = [pc.and_(pc.is_valid(column), pc.is_null(other)) for other in others]
        timed = pa.types.is_temporal(column.type)
        return (
            column.null_count < len(column)
            and not any(pc.any(rows).as_py() for rows in alone)
            and all(other.type == column.type or not timed for other in others)
        )

    def fit(self, cells: Cells, schema: Schema) -> Self:
        name, on = self.spec.column, self.spec.on
        names = (name, *on)
        self._scale = self._scale_of([cells[n] for n in names], [schema[n] for n in names])
        fewest = self.fewest(schema[name])
        self._grid = Grid.fit(cells[name].drop_null(), schema[name], fewest)
        self._of = cells[name].type
        self._middle = [middle(self._scale.numbers(cells[n].drop_null()), fewest) for n in on]
        self._set_residual_column()
        return self

    def _scale_of(self, cells: list[pa.Array], columns: list[Column]) -> Scale:
        return Scale.of(cells, columns, self.spec.coefficients or (1.0,))

    @abstractmethod
    def _set_residual_column(self) -> None:
        """Set `residual_column`, the description of the residual."""

    def _on(self, cells: Cells) -> list[np.ndarray]:
        pairs = zip(self.spec.on, self._middle, strict=True)
        return [self._scale.filled(cells[name], middle) for name, middle in pairs]

    def _placed(self, total: np.ndarray, cells: Cells, missing: np.ndarray) -> pa.Array:
        """Return a computed column on its grid and within its bounds."""
        grid = self._reaching(cells)
        positions = self._positions(total, grid)
        ends = grid.positions(np.array([self._grid.low, self._grid.high], _dtype(grid)))
        lower, upper = (np.full(len(total), end) for end in ends)
        for names, limit, other, tighter in (
            (self.spec.at_least, lower, upper, np.maximum),
            (self.spec.at_most, upper, lower, np.minimum),
        ):
            for name in names:
                present = ~is_null(cells[name])
                bound = self._positions(self._scale.numbers(cells[name].drop_null()), grid)
                limit[present] = tighter(limit[present], bound)
                # An order takes precedence over a range.
                other[present] = tighter(other[present], bound)
        if grid.is_even:
            positions, lower = np.rint(positions), np.ceil(lower - _ROUNDING)
            upper = np.floor(upper + _ROUNDING)
        placed = np.minimum(np.maximum(positions, lower), upper)
        return masked(grid.array(grid.at(placed)), missing)

    def _reaching(self, cells: Cells) -> Grid:
        """Return the grid, extended to all cells that this column is never below or above."""
        grid = self._grid
        unit = 10.0 ** (grid.decimals - (self._scale.decimals or 0))
        if not grid.is_even:
            unit = 1.0 if self._scale.decimals is None else 10.0**-self._scale.decimals
        reached = [grid.low, grid.high]
        for name in (*self.spec.at_least, *self.spec.at_most):
            numbers = self._scale.numbers(cells[name].drop_null())
            if len(numbers):
                ends = [numbers.min().item(), numbers.max().item()]
                reached += ends if unit == 1 else [end * unit for end in ends]
        return replace(
            grid,
            low=_on_grid(min(reached), grid, up=False),
            high=_on_grid(max(reached), grid, up=True),
        )

    def _positions(self, numbers: np.ndarray, grid: Grid) -> np.ndarray:
        """Return numbers in the unit of the relation as positions on a grid."""
        finer = self._scale.decimals or 0
        if not grid.is_even:
            values = numbers / 10.0**finer if self._scale.decimals is not None else numbers
            return grid.positions(values)
        if numbers.dtype.kind == "i" and finer == grid.decimals:
            return grid.positions(numbers)
        shift = 10.0 ** (grid.decimals - finer)
        steps = (numbers * shift - grid.low) / grid.step
        return np.asarray(np.clip(steps, grid.first, grid.last))

    def ends(self) -> pa.Array:
        return self._grid.ends()

    def state(self) -> Learned:
        return Learned(
            {
                "decimals": self._scale.decimals,
                "grid": self._grid.to_dict(),
                "middle": self._middle,
            }
        )

    def load(self, state: Learned, schema: Schema) -> Self:
        values: dict[str, Any] = state.values
        self._scale = Scale(values["decimals"])
        self._grid = Grid(**values["grid"])
        self._of = type_from_json(self._grid.type)
        self._middle = list(values["middle"])
        if len(self._middle) != len(self.spec.on):
            raise ValueError("a relation must store one median for each column that it depends on")
        self._set_residual_column()
        return self

    # --- known cells ------------------------------------------------------------------------------

    @abstractmethod
    def _sum_of(self, cells: Cells, residual: np.ndarray) -> WeightedSum:
        """Return the column as a sum of the known and sampled columns that it depends on."""

    @abstractmethod
    def _residual_of(self, moved: WeightedSum, residual: np.ndarray) -> np.ndarray:
        """Return the residual of shifted columns, in place of the sampled one."""

    def reconcile(self, draft: Reconciled, domains: Domains, rows: Rows) -> None:
        """Shift unknown columns so that the known one follows with the sampled residual."""
        name, on = self.spec.column, self.spec.on
        at = draft.unresolved(self.spec, domains)
        if not len(at):
            return
        residual = numbers_of(draft.residuals[name].take(pa.array(at)))
        parts = self._sum_of({n: draft.now(n, at) for n in (name, *on)}, residual)
        free = draft.movable(self.spec, domains, at)
        moved = parts.moved(free, domains.formats)
        # An unseen residual is worse than a column beyond its range.
        unseen = domains.is_new_residual(name, self._residual_of(moved, residual))
        loose = parts.moved(free, domains.formats, hold=False)
        numbers = dict(moved.numbers)
        for n in free:
            nearest = np.where(unseen, loose.numbers[n], moved.numbers[n])
            numbers[n] = draft.ordered(n, nearest, domains, at)
        draft.take_parts(parts, replace(moved, numbers=numbers), domains, at)

    def violations(self, cells: Cells, known: np.ndarray, domains: Domains) -> np.ndarray:
        residual = self.residual(cells)
        unseen = domains.is_new_residual(self.spec.column, numbers_of(residual))
        return np.asarray(~self._is_ordered(cells) | (known & unseen & ~is_null(residual)))

    def _is_ordered(self, cells: Cells) -> np.ndarray:
        """Return a mask of the rows in which the column respects its orders."""
        column = cells[self.spec.column]
        numbers, ordered = numbers_of(column), np.ones(len(column), bool)
        for names, sign in ((self.spec.at_least, 1), (self.spec.at_most, -1)):
            for name in names:
                apart = (numbers - numbers_of(cells[name])) * sign
                size = np.abs(numbers.astype(float))
                missing = is_null(column) | is_null(cells[name])
                ordered &= (apart >= -_EQUAL * size) | missing
        return ordered


def bounds_in_words(spec: Dependency) -> str:
    """Return the columns that a column never passes, as the end of a sentence."""
    least, most = (" and ".join(names) for names in (spec.at_least, spec.at_most))
    return (f", never below {least}" if least else "") + (f", never above {most}" if most else "")


def _on_grid(raw: float, grid: Grid, *, up: bool) -> float:
    """Return the next raw value of an even grid above or below one; full floats unchanged."""
    if not grid.is_even:
        return raw
    low = int(grid.low)
    steps = -((low - math.ceil(raw)) // grid.step) if up else (math.floor(raw) - low) // grid.step
    return low + steps * grid.step


def _dtype(grid: Grid) -> type:
    return np.int64 if grid.is_even else np.float64
