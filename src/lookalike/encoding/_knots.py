"""A piecewise linear cumulative distribution that keeps jumps, gaps and tails, not single rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri

from lookalike.encoding._limits import LEAST
from lookalike.tables.values.shared import TOGETHER, apart, inner_ends

__all__ = ["interpolated", "piecewise"]

#: The greatest number of knots, …
_KNOTS = 1000
#: … and the number of distinct values per knot.
_VALUES_PER_KNOT = 4
#: The shares of the knots for atoms, two each, and for gaps, four each.
_FOR_ATOMS, _FOR_GAPS = 0.6, 0.2
#: In a column of many values, an atom occurs at least this often, and …
_FEWEST = 5
#: … has at least this share of the rows or is this many times as frequent as its neighbours.
_SHARE, _PROMINENCE = 1 / 2000, 5.0
#: A gap is at least this many times as wide as the mean distance on both sides.
_WIDTH = 20.0
#: The number of distinct values on each side that count as neighbours.
_AROUND = 10


def piecewise(
    positions: np.ndarray, counts: np.ndarray, half: float, fewest: int = 1, repeats: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """Return the knots of a piecewise linear cumulative distribution F.

    An atom a has the knots (a - half, F(a−)) and (a + half, F(a)). The rows between atoms and wide
    gaps are a *stretch*: it begins and ends at a mean of several rows near its ends, and has knots
    at local means of several rows; F is the share of the rows below a knot. A stretch of too few
    rows for that has no knots, and its rows count as the nearest atom. On an even grid, all knots
    lie half-way between neighbours.

    Parameters
    ----------
    positions : ndarray of float64, shape (k,)
        Sorted; distinct but for the ends, where values outside the grid are clipped.
    counts : ndarray of int64, shape (k,)
        The number of occurrences of each.
    half : float
        Half the distance of neighbours on an even grid, 0 where there is none.
    fewest : int
        The least count of an atom. If it is 1, a knot may be a single row's value.
    repeats : bool
        Whether all values that occur `fewest` times are atoms, not only outstanding ones.

    Returns
    -------
    knots, limits : ndarray of float64
        Both rising; `limits` are exact in float32.
    """
    room = min(_KNOTS, len(counts) // _VALUES_PER_KNOT)
    # Atoms: values kept exactly.
    atoms = (
        np.flatnonzero(counts >= fewest)
        if repeats
        else _atoms(counts, max(fewest, _FEWEST), int(room * _FOR_ATOMS) // 2)
    )
    # Between atoms and wide gaps: stretches, each of at least `together` rows.
    together = TOGETHER if fewest > 1 else 1
    gaps = _gaps(positions, int(room * _FOR_GAPS) // 4)
    column = _KnotColumn(np.repeat(positions, counts), half, together)
    ends = np.append(0, np.cumsum(counts))
    stretches = _stretches(ends, atoms, gaps, together)
    # Ranks of the atoms' knots; what is left of the budget goes to knots within stretches.
    jumps = _jumps(ends, atoms, stretches, positions)
    free = _KNOTS if repeats else max(room - 2 * len(atoms) - 2 * len(stretches), 2)
    wanted = _spread(counts, atoms, free)
    parts = [column.knots(first, last, wanted) for first, last in stretches]
    # All knots in order, with the share of rows below each.
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
        The number of rows whose mean is a knot.
    """

    rows: np.ndarray
    half: float
    together: int

    def knots(self, first: int, last: int, wanted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the knots of a stretch of rows, and the column's number of rows below each."""
        rows, apart_by = self.rows[first:last], self.together
        # Inner knots are means of disjoint windows of rows, apart from those of the two ends.
        inner = np.unique((wanted - first) // apart_by) * apart_by
        inner = inner[(inner >= apart_by) & (inner <= len(rows) - apart_by)]
        inner = inner[(inner > 0) & (inner < len(rows))]
        window = inner[:, None] + np.arange(apart_by) - apart_by // 2
        inner_knots = (rows[window] / apart_by).sum(axis=1)
        low, high = inner_ends(rows) if apart_by > 1 else (rows[0], rows[-1])
        # The ends of the column are those of its grid, which are trimmed already.
        low = self.rows[0] if first == 0 else low
        high = self.rows[-1] if last == len(self.rows) else high
        if self.half:
            # Knots lie between grid points, where the number of rows below is exact.
            inner_knots = np.floor(inner_knots) + self.half
            low, high = np.rint(low) - self.half, np.rint(high) + self.half
        elif apart_by > 1:
            low, high = apart(np.array([low, high]), rows)
            inner_knots = apart(inner_knots, rows)
        inner_knots = np.unique(inner_knots[(inner_knots > low) & (inner_knots < high)])
        if apart_by == 1 and not self.half:
            # A row's value has half its mass on either side; that of an end lies on one side.
            inner_knots = np.concatenate([[low], inner_knots, [high]])
        below = np.searchsorted(rows, inner_knots, "left")
        ranks = (below + np.searchsorted(rows, inner_knots, "right")) / 2
        knots = np.concatenate([[low], inner_knots, [high]])
        return knots, first + np.concatenate([[0], ranks, [len(rows)]])


def interpolated(x: np.ndarray, at: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Interpolate linearly, also where a slope overflows floats.

    Parameters
    ----------
    x : ndarray, shape (n,)
    at, values : ndarray, shape (knots,)
        Knots, rising; beyond them, the first or the last value holds.

    Returns
    -------
    ndarray, shape (n,)
    """
    with np.errstate(over="ignore", invalid="ignore"):
        result: np.ndarray = np.interp(x, at, values)
    lost = np.flatnonzero(~np.isfinite(result))
    if len(lost):  # halved, the differences of the largest floats stay finite
        left = np.clip(np.searchsorted(at, x[lost], side="right") - 1, 0, len(at) - 2)
        width = at[left + 1] / 2 - at[left] / 2
        inside = (x[lost] / 2 - at[left] / 2) / np.where(width > 0, width, 1.0)
        result[lost] = (1 - inside) * values[left] + inside * values[left + 1]
    return result


def _stretches(
    ends: np.ndarray, atoms: np.ndarray, gaps: np.ndarray, together: int
) -> list[tuple[int, int]]:
    """Return the first row of each stretch, and the row after its last.

    Parameters
    ----------
    ends : ndarray of int64, shape (k + 1,)
        The number of rows below each value.
    atoms, gaps : ndarray of int
        Indices of values; a gap follows a value.
    together : int
        The least number of rows of a stretch.
    """
    stretches: list[tuple[int, int]] = []
    for first, last in zip(np.append(-1, atoms) + 1, np.append(atoms, len(ends) - 1), strict=True):
        begin = int(ends[first])
        for gap in gaps[(gaps >= first) & (gaps < last - 1)]:
            stop = int(ends[gap + 1])
            # Both sides of a gap must have enough rows for a stretch.
            if stop - begin >= together and ends[last] - stop >= together:
                stretches.append((begin, stop))
                begin = stop
        if ends[last] - begin >= (together if len(atoms) else 1):
            stretches.append((begin, int(ends[last])))
    return stretches


def _jumps(
    ends: np.ndarray, atoms: np.ndarray, stretches: list[tuple[int, int]], positions: np.ndarray
) -> np.ndarray:
    """Return the number of rows below each atom, and up to and including it, shape (atoms, 2).

    Rows that belong to neither an atom nor a stretch count as the nearest atom's.
    """
    if len(atoms) == 0:
        return np.zeros((0, 2))
    below, through = ends[atoms].astype(float), ends[atoms + 1].astype(float)
    taken = {first for first, _ in stretches}
    for i in range(len(atoms) + 1):
        # The values between atom i - 1 and atom i, if they are not a stretch.
        first = int(atoms[i - 1]) + 1 if i else 0
        last = int(atoms[i]) if i < len(atoms) else len(positions)
        if first == last or int(ends[first]) in taken:
            continue
        # The rank at which they are split between the two atoms: half-way.
        rank = ends[first] if i == 0 else ends[last]
        if 0 < i < len(atoms):
            half_way = positions[atoms[i - 1]] / 2 + positions[atoms[i]] / 2
            rank = ends[first + int(np.searchsorted(positions[first:last], half_way))]
        if i:
            through[i - 1] = rank
        if i < len(atoms):
            below[i] = rank
    return np.stack([below, through], axis=1)


def _atoms(counts: np.ndarray, fewest: int, most: int) -> np.ndarray:
    """Return the indices of the values that are kept exactly."""
    around = np.convolve(counts, np.ones(2 * _AROUND + 1), "same") / (2 * _AROUND + 1)
    outstanding = (counts >= _SHARE * counts.sum()) | (counts >= _PROMINENCE * around)
    first = np.argsort(-counts, kind="stable")
    return np.sort(first[(outstanding & (counts >= fewest))[first]][:most])


def _gaps(positions: np.ndarray, most: int) -> np.ndarray:
    """Return the indices of the values that are followed by a wide gap."""
    scaled = positions / (np.abs(positions).max() or 1.0)
    before = scaled[_AROUND:] - scaled[:-_AROUND]  # at i: the width of [i, i + _AROUND]
    left, right = before[: -_AROUND - 1], before[_AROUND + 1 :]
    inner = np.arange(_AROUND, len(positions) - _AROUND - 1)
    # Numbers too close for floats, relative to the largest, have no gap.
    around = np.maximum(np.maximum(left, right), np.finfo(float).tiny)
    ratio = np.diff(scaled)[inner] * _AROUND / around
    widest = np.argsort(-ratio, kind="stable")[:most]
    return np.sort(inner[widest[ratio[widest] >= _WIDTH]])


def _spread(counts: np.ndarray, atoms: np.ndarray, most: int) -> np.ndarray:
    """Return at most `most` rows that belong to no atom: half even in rank, half even in z."""
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
