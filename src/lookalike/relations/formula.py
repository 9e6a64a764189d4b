"""A column that is a declared formula of others, rounded as its source rounds it."""

from __future__ import annotations

import re
from typing import ClassVar, Self

import numpy as np
import pyarrow as pa

from lookalike._core.learned import Learned
from lookalike._core.rows import Rows
from lookalike.relations._atoms import Computed, RowValues
from lookalike.relations._base import Relation
from lookalike.relations._cells import Cells, equal_cells, put
from lookalike.relations._domains import Domains
from lookalike.relations._ruled_column import RuledColumn, row_values
from lookalike.tables import Dependency, Schema
from lookalike.tables.values.arrow import is_null, masked

__all__ = ["ROUNDINGS", "Formula", "rounding_of"]

#: The tolerance of a number of steps as whole.
_LITTLE = 1e-6
#: How a source may round, by name: to the nearest step, down, up, or towards 0.
ROUNDINGS = ("nearest", "floor", "ceil", "truncate")


def _rounded(steps: np.ndarray, how: str) -> np.ndarray:
    """Return numbers of steps as whole ones: those next to them, but for errors of floats."""
    near = np.rint(steps)
    if how == "nearest":
        return np.asarray(near)
    other = {"floor": np.floor, "ceil": np.ceil, "truncate": np.trunc}[how](steps)
    return np.asarray(np.where(np.abs(steps - near) <= _LITTLE, near, other))


def rounding_of(column: RuledColumn, values: np.ndarray, formula: np.ndarray) -> str:
    """Return the rounding by which most values of a column equal a formula.

    Parameters
    ----------
    column : RuledColumn
    values, formula : ndarray, shape (n,)
        The column's numbers, and the formula's; neither is missing.

    Returns
    -------
    str
        One of `ROUNDINGS`.
    """
    if not column.step:
        return ROUNDINGS[0]
    steps, own = formula / column.step, np.rint(values / column.step)
    # Half a step may be rounded up or to even: both are nearest.
    fitting = [np.abs(steps - own) <= 0.5 + _LITTLE]
    fitting += [_rounded(steps, how) == own for how in ROUNDINGS[1:]]
    return ROUNDINGS[int(np.argmax([rows.sum() for rows in fitting]))]


class Formula(Relation):
    """A formula of other columns.

    It is missing where any of the others is, and where the formula has no finite value.
    """

    name: ClassVar[str] = "formula"
    exact: ClassVar[bool] = True
    shows_presence: ClassVar[bool] = True

    def fit(self, cells: Cells, schema: Schema) -> Self:
        self._set(schema)
        numbers, missing = self._numbers(cells)
        own = row_values({self.spec.column: self._own}, cells)
        both = ~missing & ~own.missing[self.spec.column]
        values = own.values[self.spec.column][both]
        self._rounding = rounding_of(self._own, values, numbers[both])
        return self

    def _set(self, schema: Schema) -> None:
        self._own = RuledColumn(schema[self.spec.column])
        self._on = {name: RuledColumn(schema[name]) for name in self.spec.on}

    def _numbers(self, cells: Cells) -> tuple[np.ndarray, np.ndarray]:
        """Return the formula's numbers, and a mask of the rows in which it has none."""
        rows: RowValues = row_values(self._on, cells)
        with np.errstate(all="ignore"):
            numbers = rows.term(Computed(self.spec.formula, self.spec.on))
        missing = rows.absent(self.spec.on) | ~np.isfinite(numbers)
        return np.where(missing, 0.0, numbers), missing

    def compute(self, cells: Cells, residual: pa.Array | None, rows: Rows) -> pa.Array:
        numbers, missing = self._numbers(cells)
        if self._own.step:
            numbers = _rounded(numbers / self._own.step, self._rounding) * self._own.step
        return self._own.cells(numbers, missing)

    # --- known cells ------------------------------------------------------------------------------

    def infer_others(self, cells: Cells, domains: Domains) -> Cells:
        """Return the unknown column of a formula, such as a factor, in rows with only one.

        The formula must be linear in it, and give exactly the known cell again.
        """
        unknown = {name: is_null(cells[name]) for name in self.spec.on}
        single = ~is_null(cells[self.spec.column]) & (sum(unknown.values()) == 1)
        inferred: dict[str, pa.Array] = {}
        for name, gone in unknown.items():
            if (rows := gone & single).any():
                at = pa.array(np.flatnonzero(rows))
                some = {n: cells[n].take(at) for n in (self.spec.column, *self.spec.on)}
                inferred[name] = put(cells[name], self._solved(name, some), rows)
        return inferred

    def _solved(self, name: str, cells: Cells) -> pa.Array:
        """Return a column of the formula given all others; null where there is no solution."""
        rows = row_values(self._on, cells)
        own = self._own.numbers(cells[self.spec.column])

        def at(numbers: np.ndarray) -> np.ndarray:
            there = RowValues({**rows.values, name: numbers}, rows.missing)
            return there.term(Computed(self.spec.formula, self.spec.on))

        column, ones = self._on[name], np.ones(len(own))
        with np.errstate(all="ignore"):
            # A line through two points, on which a third one must lie.
            start, one, two = (at(k * ones) for k in (0.0, 1.0, 2.0))
            slope = one - start
            size = np.abs(start) + np.abs(one) + np.abs(two)
            right = np.isfinite(size) & (np.abs(two - start - 2 * slope) <= _LITTLE**2 * size)
            found = column.rounded((own - start) / slope)
            right &= np.isfinite(found)
        found = np.where(right, found, 0.0)
        solved = column.cells(found, ~right)
        # It must give the known cell by the rounding of the source.
        again = self.compute({**cells, name: solved}, None, Rows())
        right &= equal_cells(again, cells[self.spec.column])
        return masked(solved, ~right)

    # --- storage ----------------------------------------------------------------------------------

    def state(self) -> Learned:
        return Learned({"rounding": self._rounding})

    def load(self, state: Learned, schema: Schema) -> Self:
        self._set(schema)
        self._rounding = str(state.values["rounding"])
        if self._rounding not in ROUNDINGS:
            raise ValueError(f"a formula is rounded by one of {', '.join(ROUNDINGS)}")
        return self

    @classmethod
    def statement(cls, spec: Dependency) -> str:
        words = re.sub(r"\bc(\d+)\b", lambda found: spec.on[int(found[1])], spec.formula)
        return f"{spec.column} = {words}"
