"""Jointly normal variables, some of which are known to lie in intervals."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from jaxtyping import Float
from scipy.special import ndtr, ndtri

from lookalike.models._normal_scores import Intervals

__all__ = ["draw_within"]

#: The sweeps of the Gibbs sampler, and the number of draws from which its start is chosen.
_SWEEPS, _DRAWS = 16, 16
#: The least probability that is distinguished from 0.
_LEAST = 1e-12
#: The most numbers of a temporary array.
_MOST = 4_000_000


def draw_within(
    correlation: Float[np.ndarray, "variables variables"],
    intervals: Mapping[int, Intervals],
    rows: int,
    rng: np.random.Generator,
) -> Float[np.ndarray, "rows variables"]:
    """Draw standard normal variables with a correlation matrix, given intervals of some of them.

    The bound variables of a row are first drawn in sequence, each given the previous ones,
    `_DRAWS` times; one of these draws is chosen by its weight (the GHK simulator: Hajivassiliou and
    Ruud 1994) and improved by Gibbs sampling (Geweke 1991). Then the free variables of an
    unconditional draw are moved by their regression on the bound ones, which is exact (Matheron's
    rule: Doucet 2010). No row depends on another.

    Parameters
    ----------
    correlation : ndarray, shape (d, d)
        Positive definite.
    intervals : mapping of int to tuple of ndarray, shape (rows or 1, pieces)
        The lower and upper ends of the pieces in which a variable may lie, by its index. Pieces
        with an upper end below the lower one are ruled out; a variable without any other piece in a
        row is free there.
    rows : int
    rng : numpy.random.Generator

    Returns
    -------
    ndarray, shape (rows, d)
    """
    # Each variable has a random stream of its own, so that a row does not depend on other rows.
    ours, choice, *streams = rng.spawn(2 + len(correlation))
    normal = ours.standard_normal((rows, len(correlation)))
    # Unlike those of BLAS, these sums do not depend on the number of rows.
    z = np.einsum("rs,os->ro", normal, np.linalg.cholesky(correlation))
    if not intervals:
        return np.asarray(z)
    names = np.array(sorted(intervals))
    uniform = [streams[i].random((rows, _DRAWS + _SWEEPS)) for i in names]
    chosen = choice.random(rows)
    pieces = [[np.broadcast_to(a, (rows, a.shape[1])) for a in intervals[i]] for i in names]
    bound = np.stack([_is_bound(low, high) for low, high in pieces], axis=1)
    for at, patterns, of_row in _groups(bound, max(low.shape[1] for low, _ in pieces)):
        # Free variables are set apart, so that all rows have matrices of one size.
        both = patterns[:, :, None] & patterns[:, None, :]
        among = np.where(both, correlation[np.ix_(names, names)], np.eye(len(names)))
        precision, some = np.linalg.inv(among), bound[at]
        own = [_of_rows(low, high, at, some[:, k]) for k, (low, high) in enumerate(pieces)]
        random = [u[at] for u in uniform]
        inside = _start(np.linalg.cholesky(among), of_row, some, own, random, chosen[at])
        _sweep(inside, precision, of_row, some, own, random)
        # Matheron's rule: the bound variables go where they were drawn, the free ones with them.
        off = np.where(some, inside - z[np.ix_(at, names)], 0.0)
        pulls = [(precision[of_row, k] * off).sum(axis=1) for k in range(len(names))]
        pull = np.where(some, np.stack(pulls, axis=1), 0.0)
        z[at] += np.einsum("rk,dk->rd", pull, correlation[:, names])
        z[np.ix_(at, names)] = np.where(some, inside, z[np.ix_(at, names)])
    return np.asarray(z)


def _of_rows(
    low: np.ndarray, high: np.ndarray, at: np.ndarray, bound: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the pieces of some rows; a free variable has one that is everything."""
    low, high = low[at], high[at]
    low[~bound], high[~bound] = 1.0, -1.0
    low[~bound, 0], high[~bound, 0] = -np.inf, np.inf
    return low, high


def _is_bound(low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Return whether a variable is kept from a part of its values, for each row."""
    open_ = high >= low
    share = np.where(open_, ndtr(high) - ndtr(low), 0.0).sum(axis=1)
    return np.asarray(open_.any(axis=1) & (share < 1 - _LEAST))


def _groups(bound: np.ndarray, pieces: int) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Yield rows of few patterns of bound variables, the patterns, and that of each row."""
    patterns, of_row = np.unique(bound, axis=0, return_inverse=True)
    of_row = of_row.reshape(-1)
    together = max(_MOST // bound.shape[1] ** 2, 1)
    at_once = max(_MOST // (_DRAWS * max(pieces, bound.shape[1])), 1)
    for first in range(0, len(patterns), together):
        at = np.flatnonzero((of_row >= first) & (of_row < first + together))
        for begin in range(0, len(at), at_once):
            some = at[begin : begin + at_once]
            yield some, patterns[first : first + together], of_row[some] - first


def _start(
    factors: np.ndarray,
    of_row: np.ndarray,
    bound: np.ndarray,
    pieces: list[tuple[np.ndarray, np.ndarray]],
    uniform: list[np.ndarray],
    chosen: np.ndarray,
) -> np.ndarray:
    """Return one of several sequential draws of variables within their pieces, by its weight."""
    rows, count = bound.shape
    innovations = np.zeros((rows * _DRAWS, count))
    weights = np.zeros(rows * _DRAWS)  # logarithms
    for k, (low, high) in enumerate(pieces):
        row = np.repeat(factors[of_row, k], _DRAWS, axis=0)
        mean = (innovations[:, :k] * row[:, :k]).sum(axis=1)
        least, most = (np.repeat(edge, _DRAWS, axis=0) for edge in (low, high))
        drawn, mass = _within(mean, row[:, k], least, most, uniform[k][:, :_DRAWS].reshape(-1))
        some = np.repeat(bound[:, k], _DRAWS)
        innovations[:, k] = np.where(some, (drawn - mean) / row[:, k], 0.0)
        weights += np.where(some, np.log(mass), 0.0)
    logs = weights.reshape(rows, _DRAWS)
    totals = np.cumsum(np.exp(logs - logs.max(axis=1, keepdims=True)), axis=1)
    best = (totals <= chosen[:, None] * totals[:, -1:]).sum(axis=1)
    taken = innovations[np.arange(rows) * _DRAWS + np.minimum(best, _DRAWS - 1)]
    return np.stack([(taken * factors[of_row, k]).sum(axis=1) for k in range(count)], axis=1)


def _sweep(
    inside: np.ndarray,
    precision: np.ndarray,
    of_row: np.ndarray,
    bound: np.ndarray,
    pieces: list[tuple[np.ndarray, np.ndarray]],
    uniform: list[np.ndarray],
) -> None:
    """Draw the bound variables of rows again, each given the others, in place."""
    for sweep in range(_DRAWS, _DRAWS + _SWEEPS):
        for k, (low, high) in enumerate(pieces):
            own = precision[of_row, k]
            mean = inside[:, k] - (inside * own).sum(axis=1) / own[:, k]
            drawn, _ = _within(mean, own[:, k] ** -0.5, low, high, uniform[k][:, sweep])
            inside[:, k] = np.where(bound[:, k], drawn, inside[:, k])


def _within(
    mean: np.ndarray,
    spread: np.ndarray,
    low: np.ndarray,
    high: np.ndarray,
    uniform: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Draw a normal variable within its intervals; return it and their total probability."""
    # The probability of each interval, 0 for those that are ruled out.
    begin, end = (ndtr((edge - mean[:, None]) / spread[:, None]) for edge in (low, high))
    mass = np.where(high >= low, np.maximum(end - begin, _LEAST), 0.0)
    total = np.cumsum(mass, axis=1)
    # Inverse transform: choose an interval by its mass, then a position within it.
    wanted = uniform * total[:, -1]
    piece = np.minimum((total <= wanted[:, None]).sum(axis=1), mass.shape[1] - 1)
    at = np.arange(len(mean)), piece
    within = np.clip((wanted - (total[at] - mass[at])) / mass[at], 0.0, 1.0)
    drawn = mean + spread * ndtri(np.clip(begin[at] + within * mass[at], _LEAST, 1 - _LEAST))
    return np.clip(drawn, low[at], high[at]), total[:, -1]
