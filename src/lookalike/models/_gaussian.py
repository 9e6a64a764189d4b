"""Sampling of jointly normal variables, some of which are restricted to intervals."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from jaxtyping import Float
from scipy.special import ndtr, ndtri

from lookalike.models._normal_scores import Intervals

__all__ = ["draw_within"]

#: Gibbs sweeps over the restricted variables, and sequential draws to choose their start from.
_SWEEPS, _DRAWS = 16, 16
#: The smallest probability that is distinguished from 0.
_LEAST = 1e-12


def draw_within(
    correlation: Float[np.ndarray, "variables variables"],
    intervals: Mapping[int, Intervals],
    rows: int,
    rng: np.random.Generator,
) -> Float[np.ndarray, "rows variables"]:
    """Sample correlated standard normal variables, some of them restricted to intervals.

    The restricted variables are drawn sequentially, each given those before it, `_DRAWS` times; one
    of the draws is selected by its importance weight (the GHK simulator: Hajivassiliou and Ruud
    1994) and moved towards the joint distribution by Gibbs sampling (Geweke 1991). The other
    variables are then drawn from their exact conditional distribution. Rows are grouped by the
    variables that are restricted in them.

    Parameters
    ----------
    correlation : ndarray, shape (d, d)
    intervals : mapping of int to tuple of ndarray, shape (rows or 1, intervals)
        For each restricted variable, the lower and upper limits of the intervals in which it may
        lie. Intervals whose upper limit is below the lower one are ruled out; a variable without
        any in a row is free there.
    rows : int
    rng : numpy.random.Generator

    Returns
    -------
    ndarray, shape (rows, d)
    """
    names = sorted(intervals)
    # Each variable has a random stream of its own, so that a row does not depend on other rows.
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
    """Draw rows in which the same variables are restricted."""
    some = np.array([i for i, _, _ in known], int)
    others = np.setdiff1d(np.arange(len(correlation)), some)
    z = np.zeros_like(normal)
    precision = np.linalg.inv(correlation[np.ix_(some, some)])
    if len(some):
        inside = _begun(np.linalg.cholesky(correlation[np.ix_(some, some)]), known, uniform, chosen)
        for sweep in range(_SWEEPS):
            for k, (i, low, high) in enumerate(known):
                # Given all others, variable k has variance 1 / P_kk, P the precision matrix.
                spread = precision[k, k] ** -0.5
                mean = inside[:, k] - (inside * precision[:, k]).sum(axis=1) / precision[k, k]
                inside[:, k], _ = _within(mean, spread, low, high, uniform[i][:, _DRAWS + sweep])
        z[:, some] = inside
    # The others given these: mean Σ₂₁ Σ₁₁⁻¹ z₁, covariance Σ₂₂ − Σ₂₁ Σ₁₁⁻¹ Σ₁₂.
    slopes = correlation[np.ix_(others, some)] @ precision
    covariance = correlation[np.ix_(others, others)] - slopes @ correlation[np.ix_(some, others)]
    factor = np.linalg.cholesky(covariance + 1e-9 * np.eye(len(others)))
    # einsum, since BLAS may sum in an order that depends on the number of rows.
    z[:, others] = np.einsum("rs,os->ro", z[:, some], slopes)
    z[:, others] += np.einsum("rs,os->ro", normal[:, others], factor)
    return z


def _begun(
    factor: np.ndarray,
    known: list[tuple[int, np.ndarray, np.ndarray]],
    uniform: Mapping[int, np.ndarray],
    chosen: np.ndarray,
) -> np.ndarray:
    """Return one of several sequential draws of restricted variables, selected by its weight.

    With z = L·e for the Cholesky factor L, variable k given those before it is normal with mean
    Σ_{j<k} L_kj·e_j and deviation L_kk; a draw's weight is the product of its intervals' masses.
    """
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
    """Draw a normal variable within its intervals; return it and their total probability."""
    # The probability of each interval, 0 for those that are ruled out.
    begin, end = (ndtr((edge - mean[:, None]) / spread) for edge in (low, high))
    mass = np.where(high >= low, np.maximum(end - begin, _LEAST), 0.0)
    total = np.cumsum(mass, axis=1)
    # Inverse transform: choose an interval by its mass, then a position within it.
    wanted = uniform * total[:, -1]
    piece = np.minimum((total <= wanted[:, None]).sum(axis=1), mass.shape[1] - 1)
    at = np.arange(len(mean)), piece
    within = np.clip((wanted - (total[at] - mass[at])) / mass[at], 0.0, 1.0)
    drawn = mean + spread * ndtri(np.clip(begin[at] + within * mass[at], _LEAST, 1 - _LEAST))
    return np.clip(drawn, low[at], high[at]), total[:, -1]
