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
from lookalike.relations._cells import Cells
from lookalike.relations._ruled_column import RuledColumn, row_values
from lookalike.tables import Dependency, Schema

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
