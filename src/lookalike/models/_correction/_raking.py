"""Weights whose weighted marginals are those of the training table."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from lookalike.models._correction._cells import Codes
from lookalike.models._correction._choose import inclusion

__all__ = ["rake"]

_ROUNDS = 10
#: No cell's factor moves by more than this, up or down, in one round, …
_STEP = 5.0
#: … and no log factor ends further from 0 than this.
_LIMIT = 2.0


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
    due = [_shares_due(pool[:, j], real[:, j], size) for j, size in enumerate(sizes)]
    logs = [np.zeros(size) for size in sizes]
    for _ in range(_ROUNDS):
        for j, size in enumerate(sizes):
            chances = inclusion(weights, rows)
            share = np.bincount(pool[:, j], chances, minlength=size) / rows
            both = (share > 0) & (due[j] > 0)
            factor = np.divide(due[j], share, out=np.ones(size), where=both)
            step = np.log(np.clip(factor, 1 / _STEP, _STEP))
            after = np.clip(logs[j] + step, -_LIMIT, _LIMIT)
            weights = weights * np.exp(after - logs[j])[pool[:, j]]
            logs[j] = after
    return np.concatenate(logs)


def _shares_due(pool: np.ndarray, real: np.ndarray, size: int) -> np.ndarray:
    own = np.bincount(pool, minlength=size) / len(pool)
    return np.asarray((np.bincount(real, minlength=size) + size * own) / (len(real) + size))
