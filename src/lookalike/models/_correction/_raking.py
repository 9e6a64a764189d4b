"""Weights whose weighted marginals are those of the training table."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from lookalike.models._correction._cells import Codes

__all__ = ["rake"]

_ROUNDS = 10
#: No cell's factor moves by more than this, up or down, in one round, …
_STEP = 5.0
#: … and no log factor ends further from 0 than this.
_LIMIT = 3.0


def rake(
    weights: Float[np.ndarray, " pool"],
    pool: Codes,
    real: Codes,
    sizes: Sequence[int],
) -> Float[np.ndarray, " cells"]:
    """Return log factors of cells that give a weighted pool the marginals of real rows.

    Iterative proportional fitting (Deming and Stephan 1940): feature after feature, each cell's
    factor is multiplied by its share due over its weighted share. The share due is that among
    real rows, held towards the pool's own as if there were one more real row for each cell, so
    that few real rows do not press their chance on the pool.

    Parameters
    ----------
    weights : ndarray of float, shape (pool rows,)
    pool, real : ndarray of uint8, shape (rows, features)
        Cells of generated and of real rows.
    sizes : sequence of int
        The cells of each feature.

    Returns
    -------
    ndarray of float, shape (sum of sizes,)
    """
    due = [_shares_due(pool[:, j], real[:, j], size) for j, size in enumerate(sizes)]
    logs = [np.zeros(size) for size in sizes]
    weights = weights / weights.sum()
    for _ in range(_ROUNDS):
        for j, size in enumerate(sizes):
            share = np.bincount(pool[:, j], weights, minlength=size)
            share = share / share.sum()
            both = (share > 0) & (due[j] > 0)
            factor = np.divide(due[j], share, out=np.ones(size), where=both)
            before = logs[j]
            logs[j] = np.clip(before + np.log(np.clip(factor, 1 / _STEP, _STEP)), -_LIMIT, _LIMIT)
            weights = weights * np.exp(logs[j] - before)[pool[:, j]]
    return np.concatenate(logs)


def _shares_due(pool: np.ndarray, real: np.ndarray, size: int) -> np.ndarray:
    own = np.bincount(pool, minlength=size) / len(pool)
    return np.asarray((np.bincount(real, minlength=size) + size * own) / (len(real) + size))
