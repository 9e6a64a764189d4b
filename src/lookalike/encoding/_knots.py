"""A cumulative distribution as few straight pieces: jumps, gaps and tails kept, single rows not."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri

from lookalike.encoding._limits import LEAST
from lookalike.tables.values.shared import TOGETHER, apart, inner_ends

__all__ = ["interpolated", "piecewise"]

#: The most knots that are kept, …
_KNOTS = 1000
#: … for each of so many distinct values one.
_VALUES_PER_KNOT = 4
#: What part of the knots atoms may take, two each, and gaps, four each.
_FOR_ATOMS, _FOR_GAPS = 0.6, 0.2
#: In a column of many values an atom occurs so often, and …
_FEWEST = 5
#: … has at least this share of the rows or is so many times as frequent as the values around it.
_SHARE, _PROMINENCE = 1 / 2000, 5.0
#: A gap is so many times as wide as the mean distance on both sides.
_WIDTH = 20.0
#: Distinct values on each side that count as the surroundings.
_AROUND = 10


def piecewise(
    positions: np.ndarray, counts: np.ndarray, half: float, fewest: int = 1, repeats: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """Return the knots of a piecewise linear cumulative distribution F.

    An atom a has the knots (a - half, F(a−)) and (a + half, F(a)). What lies between atoms and wide
    gaps is a *stretch*: it begins and ends at a mean of several rows near its ends, and has knots
    at local means of several rows; F is the share of the rows below a knot. A stretch of too few
    rows for that has no knots, and its rows count as the nearest atom. On an even grid all knots
    stand half-way between neighbours.

    Parameters
    ----------
    positions : ndarray of float64, shape (k,)
        Sorted; distinct but for the ends, where what lies outside the grid is drawn in.
    counts : ndarray of int64, shape (k,)
        How often each occurs.
    half : float
        Half the distance of neighbours on an even grid, 0 where there is none.
    fewest : int
        The least count of an atom. If it is 1, a knot may be a single row's value.
    repeats : bool
        Whether all values that occur `fewest` times are atoms, not only outstanding ones.

    Returns
    -------
    knots, limits : ndarray of float64
        Both rising; `limits` are numbers that float32 holds exactly.
    """
    room = min(_KNOTS, len(counts) // _VALUES_PER_KNOT)
    atoms = (
        np.flatnonzero(counts >= fewest)
        if repeats
        else _atoms(counts, max(fewest, _FEWEST), int(room * _FOR_ATOMS) // 2)
    )
    together = TOGETHER if fewest > 1 else 1
    gaps = _gaps(positions, int(room * _FOR_GAPS) // 4)
    column = _KnotColumn(np.repeat(positions, counts), half, together)
    ends = np.append(0, np.cumsum(counts))
    stretches = _stretches(ends, atoms, gaps, together)
    jumps = _jumps(ends, atoms, stretches, positions)
    free = _KNOTS if repeats else max(room - 2 * len(atoms) - 2 * len(stretches), 2)
    wanted = _spread(counts, atoms, free)
    parts = [column.knots(first, last, wanted) for first, last in stretches]
    knots = np.concatenate(
        [positions[atoms] - half, positions[atoms] + half, *(x for x, _ in parts)]
    )
    ranks = np.concatenate([*jumps.T, *(r for _, r in parts)])
    order = np.lexsort([knots, ranks])
    limits = ranks[order] / ends[-1]
    return np.maximum.accumulate(knots[order]), limits.astype(np.float32).astype(np.float64)


@dataclass(frozen=True)
class _KnotColumn:
    """The rows of a column in order.

    Parameters
    ----------
    rows : ndarray of float64, shape (n,)
        Sorted.
    half : float
        Half the distance of neighbours on an even grid, 0 where there is none.
    together : int
        How many rows a knot is the mean of.
    """

    rows: np.ndarray
    half: float
    together: int

    def knots(self, first: int, last: int, wanted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the knots of a stretch of rows, and how many rows of the column lie below each."""
        rows, apart_by = self.rows[first:last], self.together
        # no two knots are means of the same rows, and the ends have rows of their own
        inner = np.unique((wanted - first) // apart_by) * apart_by
        inner = inner[(inner >= apart_by) & (inner <= len(rows) - apart_by)]
        inner = inner[(inner > 0) & (inner < len(rows))]
        window = inner[:, None] + np.arange(apart_by) - apart_by // 2
        found = (rows[window] / apart_by).sum(axis=1)
        low, high = inner_ends(rows) if apart_by > 1 else (rows[0], rows[-1])
        # the ends of the column are those of its grid, which are drawn in already
        low = self.rows[0] if first == 0 else low
        high = self.rows[-1] if last == len(self.rows) else high
        if self.half:
            # between two places of the grid: how many rows lie below is exact there
            found = np.floor(found) + self.half
            low, high = np.rint(low) - self.half, np.rint(high) + self.half
        elif apart_by > 1:
            low, high = apart(np.array([low, high]), rows)
            found = apart(found, rows)
        found = np.unique(found[(found > low) & (found < high)])
        if apart_by == 1 and not self.half:
            # a row's value has half its mass on either side, that of an end on one
            found = np.concatenate([[low], found, [high]])
        ranks = (np.searchsorted(rows, found, "left") + np.searchsorted(rows, found, "right")) / 2
        return np.concatenate([[low], found, [high]]), first + np.append(
            np.append(0, ranks), len(rows)
        )


def interpolated(x: np.ndarray, at: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Interpolate linearly, also where a slope is steeper than floats can tell.

    Parameters
    ----------
    x : ndarray, shape (n,)
    at, values : ndarray, shape (knots,)
        Knots, rising; beyond them the first or the last value is taken.

    Returns
    -------
    ndarray, shape (n,)
    """
    with np.errstate(over="ignore", invalid="ignore"):
        found: np.ndarray = np.interp(x, at, values)
    lost = np.flatnonzero(~np.isfinite(found))
    if len(lost):  # halves keep the differences of the largest floats finite
        left = np.clip(np.searchsorted(at, x[lost], side="right") - 1, 0, len(at) - 2)
        width = at[left + 1] / 2 - at[left] / 2
        inside = (x[lost] / 2 - at[left] / 2) / np.where(width > 0, width, 1.0)
        found[lost] = (1 - inside) * values[left] + inside * values[left + 1]
    return found


def _stretches(
    ends: np.ndarray, atoms: np.ndarray, gaps: np.ndarray, together: int
) -> list[tuple[int, int]]:
    """Return the first row of each stretch, and the first after it.

    Parameters
    ----------
    ends : ndarray of int64, shape (k + 1,)
        How many rows lie below each value.
    atoms, gaps : ndarray of int
        Indices of values; a gap follows a value.
    together : int
        A stretch has at least so many rows.
    """
    found: list[tuple[int, int]] = []
    for first, last in zip(np.append(-1, atoms) + 1, np.append(atoms, len(ends) - 1), strict=True):
        begin = int(ends[first])
        for gap in gaps[(gaps >= first) & (gaps < last - 1)]:
            stop = int(ends[gap + 1])
            # what lies before a gap, and after it, must be enough to stand alone
            if stop - begin >= together and ends[last] - stop >= together:
                found.append((begin, stop))
                begin = stop
        if ends[last] - begin >= (together if len(atoms) else 1):
            found.append((begin, int(ends[last])))
    return found


def _jumps(
    ends: np.ndarray, atoms: np.ndarray, stretches: list[tuple[int, int]], positions: np.ndarray
) -> np.ndarray:
    """Return how many rows lie below each atom, and up to it, shape (atoms, 2).

    Rows that are neither an atom's nor a stretch's count as the nearest atom's.
    """
    if len(atoms) == 0:
        return np.zeros((0, 2))
    below, upto = ends[atoms].astype(float), ends[atoms + 1].astype(float)
    taken = {first for first, _ in stretches}
    for i in range(len(atoms) + 1):
        first = int(atoms[i - 1]) + 1 if i else 0
        last = int(atoms[i]) if i < len(atoms) else len(positions)
        if first == last or int(ends[first]) in taken:
            continue
        share = ends[first] if i == 0 else ends[last]
        if 0 < i < len(atoms):
            half_way = positions[atoms[i - 1]] / 2 + positions[atoms[i]] / 2
            share = ends[first + int(np.searchsorted(positions[first:last], half_way))]
        if i:
            upto[i - 1] = share
        if i < len(atoms):
            below[i] = share
    return np.stack([below, upto], axis=1)


def _atoms(counts: np.ndarray, fewest: int, most: int) -> np.ndarray:
    """Return the indices of the values that are kept exactly."""
    around = np.convolve(counts, np.ones(2 * _AROUND + 1), "same") / (2 * _AROUND + 1)
    outstanding = (counts >= _SHARE * counts.sum()) | (counts >= _PROMINENCE * around)
    first = np.argsort(-counts, kind="stable")
    return np.sort(first[(outstanding & (counts >= fewest))[first]][:most])


def _gaps(positions: np.ndarray, most: int) -> np.ndarray:
    """Return the indices of the values after which nothing comes for long."""
    scaled = positions / (np.abs(positions).max() or 1.0)
    before = scaled[_AROUND:] - scaled[:-_AROUND]  # at i: the width of [i, i + _AROUND]
    left, right = before[: -_AROUND - 1], before[_AROUND + 1 :]
    inner = np.arange(_AROUND, len(positions) - _AROUND - 1)
    # numbers so small beside the largest that they are one to a float have no gap
    around = np.maximum(np.maximum(left, right), np.finfo(float).tiny)
    ratio = np.diff(scaled)[inner] * _AROUND / around
    widest = np.argsort(-ratio, kind="stable")[:most]
    return np.sort(inner[widest[ratio[widest] >= _WIDTH]])


def _spread(counts: np.ndarray, atoms: np.ndarray, most: int) -> np.ndarray:
    """Return at most so many rows that are no atom's: half even in rank, half even in z."""
    plain = np.ones(len(counts), bool)
    plain[atoms] = False
    rows = np.flatnonzero(np.repeat(plain, counts))
    if len(rows) == 0:
        return rows
    edge = -ndtri(max(1 / (len(rows) + 1), LEAST))
    even = np.linspace(0, 1, most - most // 2)
    tails = ndtr(np.linspace(-edge, edge, most // 2))
    shares = np.unique(np.concatenate([even, tails]))
    return rows[np.minimum((shares * len(rows)).astype(np.int64), len(rows) - 1)]
