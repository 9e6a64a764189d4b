"""Sums read backwards: what their parts must be, given the whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import pyarrow as pa

from lookalike.relations._derivation import Cells
from lookalike.relations.linear import Linear, ticks
from lookalike.relations.offset import Offset, Ratio
from lookalike.tables import Column
from lookalike.tables.values.arrow import is_null, masked
from lookalike.tables.values.grid import from_raw, raw_of

__all__ = ["Addends", "Writing", "addends_of", "numbers_of"]

#: Ends that were drawn in are widened by the range over this.
_BEYOND = 20
#: What fits into an int64 for certain.
_MOST = 2.0**62
#: Numbers that differ by less than this, relative to their size, are equal but for rounding.
_ROUNDING = 1e-9
#: A count of steps that is whole but for rounding counts as whole.
_LITTLE = 1e-6


@dataclass(frozen=True)
class Writing:
    """How the numbers of a column are written, and between which they lie.

    Parameters
    ----------
    type : pyarrow.DataType
        Canonical.
    decimals : int or None
        Of floats; None for full ones.
    step : int
        Of integers and times, in ticks.
    low, high : float
        In ticks for times.
    """

    type: pa.DataType
    decimals: int | None
    step: int
    low: float = -np.inf
    high: float = np.inf

    @classmethod
    def of(
        cls, kind: pa.DataType, column: Column, ends: pa.Array | None = None, drawn_in: bool = False
    ) -> Self:
        """Return how a column is written, given its least and greatest cell if it has any.

        Known cells may lie a little beyond ends that were drawn in, and what follows from them too.
        """
        self = cls(kind, column.decimals, ticks(kind, column.unit))
        if ends is None:
            return self
        low, high = (end.item() for end in raw_of(ends, None))
        if drawn_in:
            slack = (
                (high / _BEYOND - low / _BEYOND)
                if isinstance(low, float)
                else (high - low) // _BEYOND
            )
            low, high = low - slack, high + slack
        return cls(kind, self.decimals, self.step, low, high)

    @property
    def order(self) -> tuple[float, float]:
        """What sorts columns: coarse ones first, which fine ones can make up for."""
        if not pa.types.is_floating(self.type):
            return 0.0, float(self.low) - float(self.high)
        decimals = np.inf if self.decimals is None else self.decimals
        return 1.0 + decimals, float(self.low) - float(self.high)

    @property
    def finest(self) -> float:
        """The distance of neighbouring numbers; 1 of full floats, which need no rounding."""
        if pa.types.is_floating(self.type):
            return 1.0 if self.decimals is None else 10.0**-self.decimals
        return float(self.step)

    def rounded(self, numbers: np.ndarray) -> np.ndarray:
        """Return numbers as the column has them: float64, or int64 of whole steps."""
        if pa.types.is_floating(self.type):
            numbers = numbers.astype(np.float64)
            return numbers if self.decimals is None else np.round(numbers, self.decimals)
        if numbers.dtype.kind == "f":
            steps = np.rint(np.clip(numbers, -_MOST, _MOST) / self.step)
            return np.asarray(steps.astype(np.int64) * self.step)
        return np.asarray((numbers + self.step // 2) // self.step * self.step)

    def held(self, numbers: np.ndarray) -> np.ndarray:
        """Return numbers of the column's own type, moved between its limits."""
        if np.isinf(self.low):
            return numbers
        kind = numbers.dtype.type
        return np.asarray(np.clip(numbers, kind(self.low), kind(self.high)))

    def cells(self, numbers: np.ndarray, missing: np.ndarray) -> pa.Array:
        """Return numbers as canonical cells."""
        return masked(from_raw(self.rounded(numbers), 0, self.type), missing)


@dataclass(frozen=True)
class Addends:
    """A sum of columns, row by row.

    Parameters
    ----------
    target : ndarray, shape (n,)
        What the sum is to be.
    numbers : dict of str to ndarray, shape (n,)
        The columns that are added, as far as they are known or guessed.
    weights : dict of str to ndarray, shape (n,)
        What each is multiplied by.
    """

    target: np.ndarray
    numbers: dict[str, np.ndarray]
    weights: dict[str, np.ndarray]

    @classmethod
    def of(
        cls,
        cells: Cells,
        target: np.ndarray,
        weights: Mapping[str, float | np.ndarray],
    ) -> Self:
        """Take columns of a table; where all is whole, it is reckoned in whole numbers."""
        numbers = {name: numbers_of(cells[name]) for name in weights}
        factors = {
            name: np.broadcast_to(np.asarray(w), target.shape) for name, w in weights.items()
        }
        whole = all(part.dtype.kind == "i" for part in (target, *numbers.values()))
        if whole and all((np.rint(w) == w).all() for w in factors.values()):
            factors = {name: w.astype(np.int64) for name, w in factors.items()}
        return cls(target, numbers, factors)

    def left(self) -> np.ndarray:
        """Return what the sum falls short of its target by, 0 where that is but rounding."""
        parts = [self.numbers[name] * weight for name, weight in self.weights.items()]
        short = np.asarray(self.target - np.sum(parts, axis=0))
        if short.dtype.kind == "f":
            size = np.abs(self.target) + np.sum(np.abs(parts), axis=0)
            short[np.abs(short) <= _ROUNDING * size] = 0
        return short

    def moved(
        self,
        free: Mapping[str, np.ndarray],
        writings: Mapping[str, Writing],
        *,
        hold: bool = True,
    ) -> Addends:
        """Move some columns, one after the other, so that the sum meets its target.

        Parameters
        ----------
        free : mapping of str to ndarray of bool, shape (n,)
            In which rows each column may be moved.
        writings : mapping of str to Writing
            Of each of them.
        hold : bool
            Whether they stay between their limits.
        """
        now = self
        names = sorted(free, key=lambda name: writings[name].order)
        for k, name in enumerate(names):
            short, weight, writing = now.left(), now.weights[name], writings[name]
            rows = np.flatnonzero(free[name] & (short != 0) & (weight != 0))
            own, factor = now.numbers[name][rows], weight[rows]
            plain = (np.abs(factor) == 1).all()
            move = short[rows] * factor if plain else short[rows] / factor
            found = writing.rounded(own + move)
            if hold:
                found = writing.held(found)
                left = short[rows] - (found - own) * factor
                excess = now._excess(left, names[k + 1 :], free, writings, rows)
                steps = np.sign(excess) * np.ceil(
                    np.abs(excess / factor) / writing.finest - _LITTLE
                )
                further = found + writing.finest * steps * np.sign(factor)
                found = np.where(excess == 0, found, writing.held(writing.rounded(further)))
            numbers = now.numbers[name].copy()
            numbers[rows] = found
            now = Addends(self.target, {**now.numbers, name: numbers}, self.weights)
        return now

    def _excess(
        self,
        left: np.ndarray,
        others: Sequence[str],
        free: Mapping[str, np.ndarray],
        writings: Mapping[str, Writing],
        rows: np.ndarray,
    ) -> np.ndarray:
        """Return what is left of a sum beyond what other columns can still make up for."""
        up, down = np.zeros(len(rows)), np.zeros(len(rows))
        for name in others:
            own, weight = self.numbers[name][rows], self.weights[name][rows].astype(float)
            ends = np.stack([writings[name].low - own, writings[name].high - own]).astype(float)
            with np.errstate(invalid="ignore"):  # what may be as it likes, zero times
                reach = np.nan_to_num(ends * weight, nan=0.0, posinf=np.inf, neginf=-np.inf)
            up += np.where(free[name][rows], np.maximum(reach.max(axis=0), 0), 0)
            down += np.where(free[name][rows], np.minimum(reach.min(axis=0), 0), 0)
        if not others:
            return np.zeros(len(rows))
        return np.asarray(np.maximum(left - up, 0) + np.minimum(left - down, 0))


def numbers_of(cells: pa.Array) -> np.ndarray:
    """Return cells as numbers, times as ticks, 0 where missing: int64, or float64 for floats."""
    present = ~is_null(cells)
    raw = raw_of(cells.drop_null(), None)
    numbers = np.zeros(len(cells), raw.dtype)
    numbers[present] = raw
    return numbers


def addends_of(
    made: Linear | Offset | Ratio, cells: Cells, rest: np.ndarray | None = None
) -> Addends:
    """Return the sum that a column is of others; of a ratio, the rest is the other's weight.

    Parameters
    ----------
    made : Linear, Offset or Ratio
    cells : mapping of str to pyarrow.Array, shape (n,)
        The columns of the relation, some of them null where they are not known.
    rest : ndarray, shape (n,), optional
        Of an offset or a ratio.
    """
    dependency = made.dependency
    target = numbers_of(cells[dependency.column])
    if isinstance(made, Ratio):
        assert rest is not None
        return Addends.of(cells, target, {dependency.on[0]: rest})
    weights = dict(zip(dependency.on, dependency.coefficients, strict=True))
    known = dependency.constant if rest is None else rest
    if isinstance(known, float) and target.dtype.kind == "i" and known == round(known):
        known = int(known)
    return Addends.of(cells, np.asarray(target - known), weights)
