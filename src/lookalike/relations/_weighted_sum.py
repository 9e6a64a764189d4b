"""Weighted sums of columns, and the values of their parts given the total."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from lookalike.relations._cells import Cells, numbers_of
from lookalike.relations._domains import Domains
from lookalike.relations._value_format import ValueFormat
from lookalike.tables import ColumnCondition, Dependency

__all__ = ["WeightedSum", "is_out_of_reach", "sum_in_words"]

#: Numbers that differ by less than this, relative to their size, are equal up to rounding.
_ROUNDING = 1e-9
#: The tolerance of a number of steps as whole.
_LITTLE = 1e-6
#: The tolerance of a sum against a condition on it, relative to its size.
_SLACK = 1e-6


@dataclass(frozen=True)
class WeightedSum:
    """A weighted sum of columns, row by row.

    Parameters
    ----------
    target : ndarray, shape (n,)
        The value that the sum should have.
    numbers : dict of str to ndarray, shape (n,)
        The summed columns, known or sampled.
    weights : dict of str to ndarray, shape (n,)
        The factor of each.
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
        """Build a sum from columns; where all numbers are whole, it is computed in integers."""
        numbers = {name: numbers_of(cells[name]) for name in weights}
        factors = {
            name: np.broadcast_to(np.asarray(w), target.shape) for name, w in weights.items()
        }
        whole = all(part.dtype.kind == "i" for part in (target, *numbers.values()))
        if whole and all((np.rint(w) == w).all() for w in factors.values()):
            factors = {name: w.astype(np.int64) for name, w in factors.items()}
        return cls(target, numbers, factors)

    @classmethod
    def of_spec(cls, spec: Dependency, cells: Cells, added: float | np.ndarray) -> Self:
        """Build the sum for a dependency, whose target is the column less a number or residual."""
        target = numbers_of(cells[spec.column])
        if isinstance(added, float) and target.dtype.kind == "i" and added == round(added):
            added = int(added)
        weights = dict(zip(spec.on, spec.coefficients, strict=True))
        return cls.of(cells, np.asarray(target - added), weights)

    def shortfall(self) -> np.ndarray:
        """Return the target less the sum, 0 where the difference is rounding error."""
        parts = [self.numbers[name] * weight for name, weight in self.weights.items()]
        short = np.asarray(self.target - np.sum(parts, axis=0))
        if short.dtype.kind == "f":
            size = np.abs(self.target) + np.sum(np.abs(parts), axis=0)
            short[np.abs(short) <= _ROUNDING * size] = 0
        return short

    def moved(
        self,
        free: Mapping[str, np.ndarray],
        formats: Mapping[str, ValueFormat],
        *,
        hold: bool = True,
    ) -> WeightedSum:
        """Shift some columns, one after the other, so that the sum meets its target.

        Parameters
        ----------
        free : mapping of str to ndarray of bool, shape (n,)
            A mask of the rows in which each column may be shifted.
        formats : mapping of str to ValueFormat
            The format of each of them.
        hold : bool
            Whether they stay within their limits.
        """
        current = self
        # Coarse columns first: finer ones can absorb their rounding.
        names = sorted(free, key=lambda name: formats[name].order)
        for k, name in enumerate(names):
            short, weight, form = current.shortfall(), current.weights[name], formats[name]
            rows = np.flatnonzero(free[name] & (short != 0) & (weight != 0))
            old, factor = current.numbers[name][rows], weight[rows]
            # A factor of one keeps integers exact.
            plain = (np.abs(factor) == 1).all()
            move = short[rows] * factor if plain else short[rows] / factor
            new = form.rounded(old + move)
            if hold:
                new = form.clipped(new)
                # If the columns that follow cannot absorb the remainder, go on by whole steps.
                remaining = short[rows] - (new - old) * factor
                excess = current._excess(remaining, names[k + 1 :], free, formats, rows)
                steps = np.sign(excess) * np.ceil(np.abs(excess / factor) / form.finest - _LITTLE)
                further = new + form.finest * steps * np.sign(factor)
                new = np.where(excess == 0, new, form.clipped(form.rounded(further)))
            numbers = current.numbers[name].copy()
            numbers[rows] = new
            current = WeightedSum(self.target, {**current.numbers, name: numbers}, self.weights)
        return current

    def _excess(
        self,
        shortfall: np.ndarray,
        others: Sequence[str],
        free: Mapping[str, np.ndarray],
        formats: Mapping[str, ValueFormat],
        rows: np.ndarray,
    ) -> np.ndarray:
        """Return the part of a shortfall that other columns cannot absorb."""
        up, down = np.zeros(len(rows)), np.zeros(len(rows))
        for name in others:
            form, numbers = formats[name], self.numbers[name][rows]
            weight = self.weights[name][rows].astype(float)
            ends = np.stack([form.low - numbers, form.high - numbers]).astype(float)
            with np.errstate(invalid="ignore"):  # an infinite range with weight 0
                reach = np.nan_to_num(ends * weight, nan=0.0, posinf=np.inf, neginf=-np.inf)
            up += np.where(free[name][rows], np.maximum(reach.max(axis=0), 0), 0)
            down += np.where(free[name][rows], np.minimum(reach.min(axis=0), 0), 0)
        if not others:
            return np.zeros(len(rows))
        return np.asarray(np.maximum(shortfall - up, 0) + np.minimum(shortfall - down, 0))


def is_out_of_reach(
    spec: Dependency,
    added: tuple[float, float],
    conditions: Mapping[str, ColumnCondition],
    domains: Domains,
) -> bool:
    """Return whether no sum under conditions can be a value of the total.

    A number within the range `added` is added to the weighted columns.
    """
    if any(name not in domains.formats for name in (spec.column, *spec.on)):
        return False
    (low, high), size = added, 0.0
    for name, weight in zip(spec.on, spec.coefficients, strict=True):
        ends = [weight * end for end in domains.ends(name, conditions.get(name))]
        low, high = low + min(ends), high + max(ends)
        size += max(map(abs, ends))
    least, most = domains.ends(spec.column, conditions[spec.column])
    decimals = domains.formats[spec.column].decimals
    slack = _SLACK * size + (0.0 if decimals is None else 10.0**-decimals)
    return bool(least > high + slack or most < low - slack)


def sum_in_words(spec: Dependency, *more: str) -> str:
    """Return a weighted sum of columns and further terms in words, such as ``"a - 2 × b + 1"``."""
    terms = [
        f"{'-' * (factor < 0)}{name}" if abs(factor) == 1 else f"{factor:g} × {name}"
        for factor, name in zip(spec.coefficients, spec.on, strict=True)
    ]
    constant = [f"{spec.constant:g}"] if spec.constant else []
    return " + ".join([*terms, *more, *constant]).replace("+ -", "- ")
