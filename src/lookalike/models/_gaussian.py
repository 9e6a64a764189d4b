"""Jointly normal variables, some of which are known to lie in intervals."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from jaxtyping import Float
from scipy.special import ndtr, ndtri

from lookalike.models._normal_scores import Intervals

__all__ = ["draw_within"]

#: Gibbs sweeps over the variables that have intervals, and the draws of which each begins with one.
_SWEEPS, _DRAWS = 16, 16
#: The least probability that is told from 0.
_LEAST = 1e-12


def draw_within(
    correlation: Float[np.ndarray, "variables variables"],
    intervals: Mapping[int, Intervals],
    rows: int,
    rng: np.random.Generator,
) -> Float[np.ndarray, "rows variables"]:
    """Draw standard normal variables of a correlation matrix, given intervals of some of them.

    Those with intervals are drawn one after the other, each given those before it, as often as
    `_DRAWS`; one of these is taken by its weight (the GHK simulator: Hajivassiliou and Ruud 1994),
    and brought nearer to the joint distribution by Gibbs sampling (Geweke 1991). Then the others
    are drawn, exactly. Rows in which other variables are known are drawn apart.

    Parameters
    ----------
    correlation : ndarray, shape (d, d)
    intervals : mapping of int to tuple of ndarray, shape (rows or 1, pieces)
        By variable: the least and greatest values of the pieces in which it may lie. Pieces whose
        greatest value is below their least are ruled out; a variable with none in a row is free.
    rows : int
    rng : numpy.random.Generator

    Returns
    -------
    ndarray, shape (rows, d)
    """
    names = sorted(intervals)
    # Each variable has random numbers of its own, so that a row is the same whatever stands beside.
    ours, choice, *streams = rng.spawn(2 + len(correlation))
    normal = ours.standard_normal((rows, len(correlation)))
    uniform = {i: streams[i].random((rows, _DRAWS + _SWEEPS)) for i in names}
    chosen = choice.random(rows)
    pieces = [[np.broadcast_to(a, (rows, a.shape[1])) for a in intervals[i]] for i in names]
    bound = np.zeros((rows, len(names)), bool)
    for k, (low, high) in enumerate(pieces):
        open_ = high >= low
        share = np.where(open_, ndtr(high) - ndtr(low), 0.0).sum(axis=1)
        bound[:, k] = open_.any(axis=1) & (share < 1 - _LEAST)
    z = np.empty_like(normal)
    patterns, of_row = np.unique(bound, axis=0, return_inverse=True)
    for number, pattern in enumerate(patterns):
        at = np.flatnonzero(of_row.reshape(-1) == number)
        known = [(names[k], pieces[k][0][at], pieces[k][1][at]) for k in np.flatnonzero(pattern)]
        own = {i: u[at] for i, u in uniform.items()}
        z[at] = _drawn(correlation, known, normal[at], own, chosen[at])
    return z


def _drawn(
    correlation: np.ndarray,
    known: list[tuple[int, np.ndarray, np.ndarray]],
    normal: np.ndarray,
    uniform: Mapping[int, np.ndarray],
    chosen: np.ndarray,
) -> np.ndarray:
    """Draw rows in which the same variables have intervals."""
    some = np.array([i for i, _, _ in known], int)
    others = np.setdiff1d(np.arange(len(correlation)), some)
    z = np.zeros_like(normal)
    precision = np.linalg.inv(correlation[np.ix_(some, some)])
    if len(some):
        inside = _begun(np.linalg.cholesky(correlation[np.ix_(some, some)]), known, uniform, chosen)
        for sweep in range(_SWEEPS):
            for k, (i, low, high) in enumerate(known):
                spread = precision[k, k] ** -0.5
                mean = inside[:, k] - (inside * precision[:, k]).sum(axis=1) / precision[k, k]
                inside[:, k], _ = _within(mean, spread, low, high, uniform[i][:, _DRAWS + sweep])
        z[:, some] = inside
    # The others are normal given these.
    across = correlation[np.ix_(others, some)] @ precision
    left = correlation[np.ix_(others, others)] - across @ correlation[np.ix_(some, others)]
    factor = np.linalg.cholesky(left + 1e-9 * np.eye(len(others)))
    # Sums that do not depend on how many rows there are, unlike those of BLAS.
    z[:, others] = np.einsum("rs,os->ro", z[:, some], across)
    z[:, others] += np.einsum("rs,os->ro", normal[:, others], factor)
    return z


def _begun(
    factor: np.ndarray,
    known: list[tuple[int, np.ndarray, np.ndarray]],
    uniform: Mapping[int, np.ndarray],
    chosen: np.ndarray,
) -> np.ndarray:
    """Return one of several sequential draws of variables within their pieces, by its weight."""
    rows = len(chosen)
    innovations = np.zeros((rows * _DRAWS, len(known)))
    weights = np.ones(rows * _DRAWS)
    for k, (i, low, high) in enumerate(known):
        mean = (innovations[:, :k] * factor[k, :k]).sum(axis=1)
        least, most = (np.repeat(edge, _DRAWS, axis=0) for edge in (low, high))
        random = uniform[i][:, :_DRAWS].reshape(-1)
        drawn, mass = _within(mean, factor[k, k], least, most, random)
        innovations[:, k] = (drawn - mean) / factor[k, k]
        weights *= mass
    totals = np.cumsum(weights.reshape(rows, _DRAWS), axis=1)
    best = (totals <= chosen[:, None] * totals[:, -1:]).sum(axis=1)
    at = np.arange(rows) * _DRAWS + np.minimum(best, _DRAWS - 1)
    return np.stack([(innovations[at] * row).sum(axis=1) for row in factor], axis=1)


def _within(
    mean: np.ndarray, spread: float, low: np.ndarray, high: np.ndarray, uniform: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Draw one normal variable within pieces, and return the probability of all of these too."""
    begin, end = (ndtr((edge - mean[:, None]) / spread) for edge in (low, high))
    mass = np.where(high >= low, np.maximum(end - begin, _LEAST), 0.0)
    total = np.cumsum(mass, axis=1)
    wanted = uniform * total[:, -1]
    piece = np.minimum((total <= wanted[:, None]).sum(axis=1), mass.shape[1] - 1)
    at = np.arange(len(mean)), piece
    within = np.clip((wanted - (total[at] - mass[at])) / mass[at], 0.0, 1.0)
    drawn = mean + spread * ndtri(np.clip(begin[at] + within * mass[at], _LEAST, 1 - _LEAST))
    return np.clip(drawn, low[at], high[at]), total[:, -1]
