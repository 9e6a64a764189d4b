"""A cumulative distribution as few straight pieces: jumps, gaps and tails kept."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr, ndtri

from lookalike.encoding._limits import LEAST

__all__ = ["piecewise"]

#: The most knots that are kept, …
_KNOTS = 1000
#: … for each of so many distinct values one.
_VALUES_PER_KNOT = 4
#: What part of the knots atoms may take, two each, and gaps, four each.
_FOR_ATOMS, _FOR_GAPS = 0.6, 0.2
#: An atom occurs so often, and …
_FEWEST = 5
#: … has at least this share of the rows or is so many times as frequent as the values around it.
_SHARE, _PROMINENCE = 1 / 2000, 5.0
#: A gap is so many times as wide as the mean distance on both sides.
_WIDTH = 20.0
#: Distinct values on each side that count as the surroundings.
_AROUND = 10


def piecewise(
    positions: np.ndarray, counts: np.ndarray, half: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return the knots of a piecewise linear cumulative distribution F.

    An atom a has the knots (a - half, F(a−)) and (a + half, F(a)); a gap between the neighbours
    v and w the knots (v + half, F(v)) and (w - half, F(v)); any other knot v stands at
    (v, (F(v−) + F(v)) / 2); the ends are (least - half, 0) and (greatest + half, 1).

    Parameters
    ----------
    positions : ndarray of float64, shape (k,)
        Sorted and distinct, k > 100.
    counts : ndarray of int64, shape (k,)
        How often each occurs.
    half : float
        Half the distance of neighbours on an even grid, 0 where there is none.

    Returns
    -------
    knots, limits : ndarray of float64, shape (at most 1000 and k / 4,)
        Both rising; `limits` are numbers that float32 holds exactly.
    """
    upto = np.cumsum(counts) / counts.sum()
    below = np.append(0.0, upto[:-1])
    room = min(_KNOTS, len(counts) // _VALUES_PER_KNOT)
    atoms = _atoms(counts, int(room * _FOR_ATOMS) // 2)
    gaps = _gaps(positions, int(room * _FOR_GAPS) // 4)
    plain = np.delete(np.arange(len(counts)), atoms)
    plain = plain[_spread(counts[plain], room - 2 * len(atoms) - 4 * len(gaps) - 2)]
    # a value at the edge of a gap has half its mass at the edge and half on its other side
    plain = np.setdiff1d(np.concatenate([plain, gaps, gaps + 1]), atoms)
    knots = np.concatenate(
        [
            [positions[0] - half, positions[-1] + half],
            positions[atoms] - half,
            positions[atoms] + half,
            positions[gaps] + half,
            positions[gaps + 1] - half,
            positions[plain],
        ]
    )
    middle = (below[plain] + upto[plain]) / 2
    limits = np.concatenate([[0.0, 1.0], below[atoms], upto[atoms], upto[gaps], upto[gaps], middle])
    order = np.lexsort([limits, knots])
    return knots[order], limits[order].astype(np.float32).astype(np.float64)


def _atoms(counts: np.ndarray, most: int) -> np.ndarray:
    """Return the indices of the values that are kept exactly."""
    around = np.convolve(counts, np.ones(2 * _AROUND + 1), "same") / (2 * _AROUND + 1)
    outstanding = (counts >= _SHARE * counts.sum()) | (counts >= _PROMINENCE * around)
    first = np.argsort(-counts, kind="stable")
    return np.sort(first[(outstanding & (counts >= _FEWEST))[first]][:most])


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


def _spread(counts: np.ndarray, most: int) -> np.ndarray:
    """Return indices of at most so many values: half even in probability, half even in z."""
    upto = np.cumsum(counts) / counts.sum()
    edge = -ndtri(max(1 / counts.sum(), LEAST))
    even = np.linspace(0, 1, most - most // 2)
    tails = ndtr(np.linspace(-edge, edge, most // 2))
    at = np.searchsorted(upto, np.concatenate([even, tails]))
    return np.unique(np.minimum(at, len(upto) - 1))
