"""A column that is told by its distance from others, so that what is nearly equal stays so."""

from __future__ import annotations

import math
from abc import abstractmethod
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lookalike._core.learned import Learned
from lookalike.relations._derivation import Cells
from lookalike.relations._rest import Rest
from lookalike.tables import Column, Kind, Schema
from lookalike.tables.values.arrow import is_null, masked, to_numpy
from lookalike.tables.values.codec import type_from_json
from lookalike.tables.values.grid import Grid, from_raw, raw_of
from lookalike.tables.values.shared import middle

__all__ = ["Offset", "Ratio"]

#: Whole numbers of which a sum of k cannot leave an int64 are below this over k.
_MOST = 2.0**62
#: A bound that is a whole step but for rounding errors counts as one.
_ROUNDING = 1e-6


@dataclass(frozen=True)
class _Scale:
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
        """Whether present floats are whole in this unit."""
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


class _Apart(Rest):
    """What an offset and a ratio share: units, missing cells, rounding and bounds.

    The column comes back rounded to its own grid, within the range that was seen, and on the right
    side of columns that it never passed. It is missing where the rest is. Where a column that tells
    it is missing, the median of that column stands for it.
    """

    def suits(self, cells: Cells) -> bool:
        own = cells[self.dependency.column]
        others = [cells[name] for name in self.dependency.on]
        alone = [pc.and_(pc.is_valid(own), pc.is_null(other)) for other in others]
        timed = pa.types.is_temporal(own.type)
        return (
            own.null_count < len(own)
            and not any(pc.any(rows).as_py() for rows in alone)
            and all(other.type == own.type or not timed for other in others)
        )

    def fit(self, cells: Cells, schema: Schema) -> Self:
        name, on = self.dependency.column, self.dependency.on
        names = (name, *on)
        self._scale = self._scale_of([cells[n] for n in names], [schema[n] for n in names])
        fewest = self.fewest(schema[name])
        self._grid = Grid.fit(cells[name].drop_null(), schema[name], fewest)
        self._of = cells[name].type
        self._middle = [middle(self._scale.numbers(cells[n].drop_null()), fewest) for n in on]
        self._describe()
        return self

    def _scale_of(self, cells: list[pa.Array], columns: list[Column]) -> _Scale:
        return _Scale.of(cells, columns, self.dependency.coefficients or (1.0,))

    @abstractmethod
    def _describe(self) -> None:
        """Set what the rest is."""

    def _on(self, cells: Cells) -> list[np.ndarray]:
        pairs = zip(self.dependency.on, self._middle, strict=True)
        return [self._scale.filled(cells[name], middle) for name, middle in pairs]

    def _placed(self, total: np.ndarray, cells: Cells, missing: np.ndarray) -> pa.Array:
        """Return a computed column on its grid and within its bounds."""
        grid = self._reaching(cells)
        positions = self._positions(total, grid)
        ends = grid.positions(np.array([self._grid.low, self._grid.high], _dtype(grid)))
        lower, upper = (np.full(len(total), end) for end in ends)
        for names, limit, other, tighter in (
            (self.dependency.at_least, lower, upper, np.maximum),
            (self.dependency.at_most, upper, lower, np.minimum),
        ):
            for name in names:
                present = ~is_null(cells[name])
                bound = self._positions(self._scale.numbers(cells[name].drop_null()), grid)
                limit[present] = tighter(limit[present], bound)
                # an order counts more than a range
                other[present] = tighter(other[present], bound)
        if grid.is_even:
            positions, lower = np.rint(positions), np.ceil(lower - _ROUNDING)
            upper = np.floor(upper + _ROUNDING)
        placed = np.minimum(np.maximum(positions, lower), upper)
        return masked(grid.array(grid.at(placed)), missing)

    def _reaching(self, cells: Cells) -> Grid:
        """Return the grid, reaching to all cells that this column is never below or above."""
        grid = self._grid
        unit = 10.0 ** (grid.decimals - (self._scale.decimals or 0))
        if not grid.is_even:
            unit = 1.0 if self._scale.decimals is None else 10.0**-self._scale.decimals
        reached = [grid.low, grid.high]
        for name in (*self.dependency.at_least, *self.dependency.at_most):
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

    def load(self, state: Learned, schema: Schema) -> Self:  # noqa: ARG002 - the grid is stored
        values: dict[str, Any] = state.values
        self._scale = _Scale(values["decimals"])
        self._grid = Grid(**values["grid"])
        self._of = type_from_json(self._grid.type)
        self._middle = list(values["middle"])
        if len(self._middle) != len(self.dependency.on):
            raise ValueError("a relation must store one median for each column that tells")
        self._describe()
        return self


class Offset(_Apart):
    """A sum of other columns, each added or subtracted, and a rest that is learned."""

    form: ClassVar[str] = "offset"

    def _describe(self) -> None:
        name, decimals, of = self.dependency.column, self._scale.decimals, self._of
        self._type = pa.int64() if decimals == 0 else pa.float64()
        kind = Kind.INTEGER if decimals == 0 else Kind.CONTINUOUS
        if pa.types.is_timestamp(of) and decimals == 0:
            self._type, kind = pa.duration(of.unit), Kind.DURATION
        self.column = Column(name, kind, str(self._type), decimals=decimals)

    def _sum(self, cells: Cells) -> np.ndarray:
        weights = self.dependency.coefficients
        parts = [
            numbers * numbers.dtype.type(weight)
            for numbers, weight in zip(self._on(cells), weights, strict=True)
        ]
        return np.asarray(np.sum(parts, axis=0))

    def rest(self, cells: Cells) -> pa.Array:
        column = cells[self.dependency.column]
        missing = is_null(column)
        numbers = self._scale.filled(column, 0) - self._sum(cells)
        made = from_raw(numbers, self._scale.decimals or 0, self._type)
        return masked(made, missing)

    def make(self, cells: Cells, rest: pa.Array) -> pa.Array:
        missing = is_null(rest)
        return self._placed(self._sum(cells) + self._scale.filled(rest, 0), cells, missing)


class Ratio(_Apart):
    """Another column, positive like this one, times a rest that is learned."""

    form: ClassVar[str] = "ratio"

    def _describe(self) -> None:
        self.column = Column(self.dependency.column, Kind.CONTINUOUS, "double")

    def _scale_of(self, cells: list[pa.Array], columns: list[Column]) -> _Scale:  # noqa: ARG002
        return _Scale(None)

    def suits(self, cells: Cells) -> bool:
        names = (self.dependency.column, *self.dependency.on)
        return super().suits(cells) and all(pc.min(cells[name]).as_py() > 0 for name in names)

    def rest(self, cells: Cells) -> pa.Array:
        column, parent = cells[self.dependency.column], self._on(cells)[0]
        # other tables may hold what is not positive: it is told as if it were very small
        parent = np.where(parent > 0, parent, self._middle[0])
        return pa.array(self._scale.filled(column, 1.0) / parent, mask=is_null(column))

    def make(self, cells: Cells, rest: pa.Array) -> pa.Array:
        missing = is_null(rest)
        return self._placed(self._on(cells)[0] * to_numpy(pc.fill_null(rest, 1.0)), cells, missing)


def _on_grid(raw: float, grid: Grid, *, up: bool) -> float:
    """Return the next raw value of an even grid above or below one; full floats as they are."""
    if not grid.is_even:
        return raw
    low = int(grid.low)
    steps = -((low - math.ceil(raw)) // grid.step) if up else (math.floor(raw) - low) // grid.step
    return low + steps * grid.step


def _dtype(grid: Grid) -> type:
    return np.int64 if grid.is_even else np.float64
