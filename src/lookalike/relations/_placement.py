"""The choice of another cell where a sampled one is not allowed: spread like those of the fit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from lookalike._core.rows import Rows
from lookalike.relations._allowed import Allowed
from lookalike.relations._ruled_column import RuledColumn
from lookalike.tables.values.shared import TOGETHER

__all__ = ["Placement"]

#: The greatest number of stored quantiles.
_KNOTS = 64


@dataclass(frozen=True)
class Placement:
    """The distances of a column's cells from their bounds, and the shares of its levels.

    Parameters
    ----------
    above, below : ndarray, shape (k,)
        Quantiles of the distance from the lower and to the upper bound, where there is one.
    within : ndarray, shape (k,)
        Quantiles of the position between both bounds, from 0 to 1.
    plain : ndarray, shape (k,)
        Quantiles of the column.
    shares : ndarray, shape (levels,)
    """

    above: np.ndarray
    below: np.ndarray
    within: np.ndarray
    plain: np.ndarray
    shares: np.ndarray

    @classmethod
    def fit(
        cls,
        column: RuledColumn,
        values: np.ndarray,
        missing: np.ndarray,
        allowed: Allowed,
        fewest: int,
    ) -> Self:
        """Learn from rows; each stored number is the mean of several."""
        if not column.is_number:
            codes = values[~missing]
            counts = np.bincount(
                codes[codes < column.width - 1], minlength=max(column.width - 1, 0)
            )
            empty = np.zeros(0)
            return cls(empty, empty, empty, empty, counts / max(counts.sum(), 1))
        x, low, high = values[~missing], allowed.low[~missing], allowed.high[~missing]
        with np.errstate(all="ignore"):
            inside = (low <= x) & (x <= high)
            within = ((x - low) / (high - low))[inside & (low < high)]
        return cls(
            _quantiles((x - low)[inside & np.isfinite(low)], fewest),
            _quantiles((high - x)[inside & np.isfinite(high)], fewest),
            _quantiles(within[np.isfinite(within)], fewest),
            _quantiles(x, fewest),
            np.zeros(0),
        )

    def placed(
        self,
        column: RuledColumn,
        values: np.ndarray,
        missing: np.ndarray,
        allowed: Allowed,
        rows: Rows,
        at: np.ndarray,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return allowed values, the sampled ones where they are, and the missing cells.

        Parameters
        ----------
        column : RuledColumn
        values, missing : ndarray, shape (n,)
            The sampled cells.
        allowed : Allowed
        rows : Rows
        at : ndarray of int, shape (n,)
            The positions of the n rows within `rows`.
        """
        gone = allowed.absent | (missing & ~allowed.present)
        new = missing & ~gone
        if not column.is_number:
            if allowed.levels is None:
                return values, gone
            return self._level(column, values, allowed.levels, new, rows, at), gone
        u = rows.of(f"{column.name} placed").uniforms(at)
        return self._number(column, values, allowed, new, u), gone

    def _level(
        self,
        column: RuledColumn,
        codes: np.ndarray,
        levels: np.ndarray,
        new: np.ndarray,
        rows: Rows,
        at: np.ndarray,
    ) -> np.ndarray:
        """Return allowed levels: others by their share among the allowed ones."""
        wrong = np.flatnonzero(new | ~levels[np.arange(len(codes)), codes])
        able = levels[wrong, : column.width - 1]
        shares = np.where(able, self.shares, 0.0)
        none = shares.sum(axis=1) == 0
        shares[none] = able[none]
        upto = np.cumsum(shares, axis=1)
        u = rows.of(f"{column.name} placed").uniforms(at[wrong]) * upto[:, -1]
        chosen = (upto <= u[:, None]).sum(axis=1)
        result = codes.copy()
        result[wrong] = np.where(able.any(axis=1), chosen, codes[wrong])
        return result

    def _number(
        self,
        column: RuledColumn,
        values: np.ndarray,
        allowed: Allowed,
        new: np.ndarray,
        u: np.ndarray,
    ) -> np.ndarray:
        """Return allowed numbers: others at a distance from the bound like those of the fit."""
        low, high = allowed.low, allowed.high
        # A range gives way to rules where both cannot hold.
        least = np.maximum(low, np.where(allowed.wanted_low <= high, allowed.wanted_low, -np.inf))
        most = np.minimum(high, np.where(allowed.wanted_high >= low, allowed.wanted_high, np.inf))
        x = np.where(new, _at(self.plain, u), values)
        low_wrong, high_wrong = x < least, x > most
        if low_wrong.any() or high_wrong.any():
            inner, up, down = self._candidates(allowed, least, most, u)
            x = np.where(low_wrong, np.where(up <= most, up, inner), x)
            x = np.where(high_wrong, np.where(down >= least, down, inner), x)
        x = np.minimum(np.maximum(column.rounded(x), least), most)
        # Where no value of the column lies between its bounds, they are equal but for rounding.
        narrow = low > high
        x[narrow] = column.rounded((low[narrow] + high[narrow]) / 2)
        return _outside_holes(x, allowed.holes, low, high)

    def _candidates(
        self, allowed: Allowed, least: np.ndarray, most: np.ndarray, u: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return numbers between both bounds, above the lower one and below the upper one."""
        with np.errstate(all="ignore"):
            share = np.stack([self._share(end) for end in (least, most)])
            inner = _at(self.plain, share[0] + u * (share[1] - share[0]))
            between = least + _at(self.within, u) * (most - least)
            bounded = np.isfinite(allowed.low) & np.isfinite(allowed.high) & bool(len(self.within))
            inner = np.where(bounded, between, inner)
            by_low = np.isfinite(allowed.low) & ~bounded & bool(len(self.above))
            by_high = np.isfinite(allowed.high) & ~bounded & bool(len(self.below))
            up = np.where(by_low, least + _at(self.above, u), inner)
            down = np.where(by_high, most - _at(self.below, u), inner)
        return inner, up, down

    def _share(self, ends: np.ndarray) -> np.ndarray:
        """Return the share of the column's cells below each number."""
        if not len(self.plain):
            return np.zeros(len(ends))
        middles = (np.arange(len(self.plain)) + 0.5) / len(self.plain)
        return np.asarray(np.interp(ends, self.plain, middles, left=0.0, right=1.0))


def _outside_holes(
    x: np.ndarray,
    holes: list[tuple[np.ndarray, np.ndarray]],
    low: np.ndarray,
    high: np.ndarray,
) -> np.ndarray:
    """Move numbers out of holes to the nearer end, within their bounds."""
    if not holes:
        return x
    up, down = x.copy(), x.copy()
    for _ in holes:  # each pass leaves at least one hole behind
        for below, above in holes:
            up = np.where((below < up) & (up < above), above, up)
            down = np.where((below < down) & (down < above), below, down)
    nearer_up = (up <= high) & ((down < low) | (up - x <= x - down))
    return np.where(nearer_up, up, down)


def _quantiles(numbers: np.ndarray, fewest: int) -> np.ndarray:
    """Return means of equal parts of the sorted numbers, each of several rows."""
    least = TOGETHER if fewest > 1 else 1
    parts = min(_KNOTS, len(numbers) // least)
    if not parts:
        return np.full(min(len(numbers), 1), numbers.mean() if len(numbers) else 0.0)
    return np.array([part.mean() for part in np.array_split(np.sort(numbers), parts)])


def _at(quantiles: np.ndarray, u: np.ndarray) -> np.ndarray:
    """Return the quantiles at cumulative shares, interpolated; 0 where none are known."""
    if not len(quantiles):
        return np.zeros(len(u))
    place = u * len(quantiles) - 0.5
    return np.asarray(np.interp(place, np.arange(len(quantiles)), quantiles))


def placement_of(arrays: dict[str, Any]) -> Placement:
    """Restore a placement from stored arrays, which may come from a damaged file."""
    parts = [
        np.asarray(arrays[name], np.float64)
        for name in ("above", "below", "within", "plain", "shares")
    ]
    if any(part.ndim != 1 or not np.isfinite(part).all() for part in parts):
        raise ValueError("the quantiles of a column under rules must be finite")
    return Placement(*parts)
