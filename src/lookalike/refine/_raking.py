"""Raking: weights that give a pool of rows the marginals of the training table."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, UInt8

from lookalike._core.numerics import raking_factors
from lookalike.refine._binning import Codes
from lookalike.refine._choose import inclusion

__all__ = ["balanced", "rake", "shares_due"]

#: The number of rounds; fewer if rounds × features would exceed the maximum number of steps.
_ROUNDS = 10
_MOST_STEPS, _FEWEST_ROUNDS = 3_000, 3
#: The maximum factor by which a cell's weight changes in one round, up or down, …
_STEP = 5.0
#: … and the maximum magnitude of its final logarithm.
_LIMIT = 2.0
#: Within a block, the minimum expected number of rows of a cell that is balanced, the number of
#: rounds, …
_FREQUENT, _BLOCK_ROUNDS = 30, 3
#: … and the maximum factor in one round, up or down.
_BLOCK_STEP = 1.5


def rake(
    weights: Float[np.ndarray, " pool"],
    rows: int,
    pool: Codes,
    real: Codes,
    sizes: Sequence[int],
) -> Float[np.ndarray, " cells"]:
    """Return log factors of cells that give rows chosen from a pool the marginals of real rows.

    Iterative proportional fitting (Deming and Stephan 1940): feature after feature, each cell's
    factor is multiplied by its target share over its share among the chosen rows. The target is the
    share among real rows, smoothed towards that of the pool by one pseudo-row per cell, so that the
    sampling noise of few real rows is not imposed on the pool.

    NOTE: differs from the source in that shares are of inclusion probabilities, which are at most
    1, not of weights.

    Parameters
    ----------
    weights : ndarray of float, shape (pool rows,)
        Weights before raking.
    rows : int
        The number of rows to choose.
    pool, real : ndarray of uint8, shape (any rows, features)
        Cells of generated and of real rows.
    sizes : sequence of int
        The cells of each feature.

    Returns
    -------
    ndarray of float, shape (sum of sizes,)
    """
    targets = shares_due(pool, real, sizes)
    logs = [np.zeros(size) for size in sizes]
    rounds = max(min(_ROUNDS, _MOST_STEPS // max(len(sizes), 1)), _FEWEST_ROUNDS)
    for _ in range(rounds):
        for j, size in enumerate(sizes):
            chances = inclusion(weights, rows)
            share = np.bincount(pool[:, j], chances, minlength=size) / rows
            step = np.log(raking_factors(targets[j], share, _STEP))
            after = np.clip(logs[j] + step, -_LIMIT, _LIMIT)
            weights = weights * np.exp(after - logs[j])[pool[:, j]]
            logs[j] = after
    return np.concatenate(logs)


def shares_due(pool: Codes, real: Codes, sizes: Sequence[int]) -> list[Float[np.ndarray, " cells"]]:
    """Return the target shares of each feature's cells among chosen rows; see `rake`.

    Parameters
    ----------
    pool, real : ndarray of uint8, shape (any rows, features)
        Cells of generated and of real rows.
    sizes : sequence of int
        The cells of each feature.
    """
    shares = []
    for j, size in enumerate(sizes):
        own = np.bincount(pool[:, j], minlength=size) / len(pool)
        counts = np.bincount(real[:, j], minlength=size)
        shares.append((counts + size * own) / (len(real) + size))
    return shares


def balanced(
    weights: Float[np.ndarray, " pool"],
    rows: int,
    pool: Codes,
    due: Sequence[Float[np.ndarray, " cells"]],
) -> Float[np.ndarray, " pool"]:
    """Return weights with which the rows chosen from this pool have the target marginals.

    The marginals of a pool deviate by chance; those of the rows chosen from it need not. Rare cells
    are pooled, since their counts in a single pool are mostly noise.

    Parameters
    ----------
    weights : ndarray of float, shape (pool rows,)
    rows : int
        The number of rows to choose.
    pool : ndarray of uint8, shape (pool rows, features)
    due : sequence of ndarray
        The target shares of each feature's cells.
    """
    features = zip(np.ascontiguousarray(pool.T), due, strict=True)
    groups = [_grouped(cells, shares * rows) for cells, shares in features]
    chances = inclusion(weights, rows)
    for _ in range(_BLOCK_ROUNDS):
        for of_row, wanted in groups:
            share = np.bincount(of_row, chances, minlength=len(wanted))
            factor = raking_factors(wanted, share, _BLOCK_STEP)
            factor[wanted < _FREQUENT] = 1
            chances *= factor[of_row]
            np.minimum(chances, 1.0, out=chances)
    return chances


def _grouped(
    cells: UInt8[np.ndarray, " pool"], due: Float[np.ndarray, " cells"]
) -> tuple[np.ndarray, np.ndarray]:
    """Return each row's group, 0 for all rare cells, and the expected number of rows of groups."""
    frequent = due >= _FREQUENT
    group = np.where(frequent, np.cumsum(frequent), 0)
    return group[cells], np.bincount(group, due, minlength=frequent.sum() + 1)
