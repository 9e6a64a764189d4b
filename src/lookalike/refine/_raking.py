"""Weights whose weighted marginals are those of the training table."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, UInt8

from lookalike._core.numerics import raking_factors
from lookalike.refine._binning import Codes
from lookalike.refine._choose import inclusion

__all__ = ["balanced", "rake", "shares_due"]

#: Rounds; where they would take more steps than this, one for each feature, fewer, but not so few.
_ROUNDS = 10
_MOST_STEPS, _FEWEST_ROUNDS = 3_000, 3
#: No cell's factor moves by more than this, up or down, in one round, …
_STEP = 5.0
#: … and no log factor ends further from 0 than this.
_LIMIT = 2.0
#: Of a block, the marginals of cells that are due so many rows are met, in so many rounds, …
_FREQUENT, _BLOCK_ROUNDS = 30, 3
#: … by factors within this, up or down.
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
    factor is multiplied by its share due over its share among the chosen. The share due is that
    among real rows, held towards the pool's own as if there were one more real row for each cell,
    so that few real rows do not press their chance on the pool.

    NOTE: differs from the source in that shares are those of chances to be chosen, which no weight
    can raise above 1, not those of weights.

    Parameters
    ----------
    weights : ndarray of float, shape (pool rows,)
        Before raking.
    rows : int
        How many rows are chosen.
    pool, real : ndarray of uint8, shape (any rows, features)
        Cells of generated and of real rows.
    sizes : sequence of int
        The cells of each feature.

    Returns
    -------
    ndarray of float, shape (sum of sizes,)
    """
    due = shares_due(pool, real, sizes)
    logs = [np.zeros(size) for size in sizes]
    rounds = max(min(_ROUNDS, _MOST_STEPS // max(len(sizes), 1)), _FEWEST_ROUNDS)
    for _ in range(rounds):
        for j, size in enumerate(sizes):
            chances = inclusion(weights, rows)
            share = np.bincount(pool[:, j], chances, minlength=size) / rows
            step = np.log(raking_factors(due[j], share, _STEP))
            after = np.clip(logs[j] + step, -_LIMIT, _LIMIT)
            weights = weights * np.exp(after - logs[j])[pool[:, j]]
            logs[j] = after
    return np.concatenate(logs)


def shares_due(pool: Codes, real: Codes, sizes: Sequence[int]) -> list[Float[np.ndarray, " cells"]]:
    """Return for each feature the shares of its cells that chosen rows should have; see `rake`.

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
    """Return weights so changed that the rows expected of this very pool have the marginals due.

    A pool has more of one cell and fewer of another by chance; rows that are chosen from it need
    not. Cells that are due few rows are taken together, since how many of them a pool has is
    mostly chance.

    Parameters
    ----------
    weights : ndarray of float, shape (pool rows,)
    rows : int
        How many rows are chosen.
    pool : ndarray of uint8, shape (pool rows, features)
    due : sequence of ndarray
        For each feature the shares due.
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
    """Return each row's group, 0 for all cells that are due few rows, and what groups are due."""
    frequent = due >= _FREQUENT
    group = np.where(frequent, np.cumsum(frequent), 0)
    return group[cells], np.bincount(group, due, minlength=frequent.sum() + 1)
