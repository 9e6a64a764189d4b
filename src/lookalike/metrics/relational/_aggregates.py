"""Detection on aggregates: can trees tell parent rows by their children?

The features are those of SyntheRela's C2ST-Agg (Hudovernik et al. 2024, arXiv 2410.03411): the
parent's columns, and for each key the number of children, the mean of each number and the number of
different levels of each other column.
"""

from __future__ import annotations

import numpy as np

from lookalike._core.numerics import auc
from lookalike._core.seeds import generator
from lookalike._core.trees import grow_trees, log_odds
from lookalike.databases import ForeignKey
from lookalike.metrics.relational._arrays import Arrays

__all__ = ["aggregated", "indistinguishable"]

_SETTINGS = {"learning_rate": 0.1, "num_leaves": 31, "min_data_in_leaf": 10, "max_bin": 255}
_ROUNDS, _FOLDS, _MOST_ROWS = 80, 3, 20_000


def aggregated(arrays: Arrays, parent: str, keys: list[ForeignKey]) -> np.ndarray:
    """Return the features of each row of a parent table, numbers and counts first."""
    own = arrays.cells[parent]
    numeric = np.array(own.numeric, bool)
    features = [own.numbers[:, numeric]]
    for key in keys:
        features.append(_of_children(arrays, key, len(own)))
    return np.concatenate([*features, own.levels[:, ~numeric].astype(float)], axis=1)


def _of_children(arrays: Arrays, key: ForeignKey, parents: int) -> np.ndarray:
    rows, child = arrays.rows[key], arrays.cells[key.table]
    there = rows >= 0
    to = rows[there]
    columns = [np.bincount(to, minlength=parents).astype(float)]
    for c, numeric in enumerate(child.numeric):
        if numeric:
            numbers = child.numbers[there, c]
            known = ~np.isnan(numbers)
            count = np.bincount(to[known], minlength=parents)
            sums = np.bincount(to[known], numbers[known], parents)
            columns.append(np.where(count > 0, sums / np.maximum(count, 1), np.nan))
        else:
            missing = child.sizes[c] - 1
            levels = child.levels[there, c].astype(np.int64)
            pairs = np.unique((to * (missing + 1) + levels)[levels != missing])
            columns.append(np.bincount(pairs // (missing + 1), minlength=parents).astype(float))
    return np.stack(columns, axis=1)


def indistinguishable(real: np.ndarray, other: np.ndarray, levels: int, seed: int) -> float | None:
    """Return 1 − max(0, 2 AUC − 1) of trees in three folds; None for too few rows.

    Parameters
    ----------
    real, other : ndarray, shape (n, features)
    levels : int
        The number of last features that are levels.
    seed : int
    """
    rng = generator(seed, "aggregates")
    rows = min(len(real), len(other), _MOST_ROWS)
    if rows < 20 or not real.shape[1]:
        return None
    parts = [part[rng.permutation(len(part))[:rows]] for part in (real, other)]
    inputs = np.concatenate(parts)
    labels = np.repeat([1, 0], rows).astype(np.int64)
    fold = np.tile(rng.permutation(rows) % _FOLDS, 2)
    aucs = []
    for k in range(_FOLDS):
        train = fold != k
        trees = grow_trees(
            inputs[train], labels[train], inputs.shape[1] - levels, _SETTINGS, _ROUNDS, seed
        )
        scores = log_odds(trees, inputs[~train])
        aucs.append(auc(scores[labels[~train] == 1], scores[labels[~train] == 0]))
    return 1 - max(0.0, 2 * float(np.mean(aucs)) - 1)
