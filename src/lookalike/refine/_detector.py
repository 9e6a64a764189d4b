"""A fast boosted-tree detector between real and generated rows, in sampled form."""

from __future__ import annotations

from functools import partial

import numpy as np

from lookalike._core.numerics import auc
from lookalike._core.trees import grow_trees, log_odds
from lookalike._core.workers import in_parallel
from lookalike.encoding import SampledRows

__all__ = ["detectability"]

_SETTINGS = {
    "learning_rate": 0.15,
    "num_leaves": 31,
    "min_data_in_leaf": 20,
    "feature_fraction": 0.8,
    "max_bin": 127,
    "force_row_wise": True,
}
_TREES = 60


def detectability(real: SampledRows, fake: SampledRows, seed: int) -> float:
    """Return how well boosted trees separate unseen real and generated rows.

    Two-fold cross-validation: each half is scored by trees trained on the other.

    Parameters
    ----------
    real, fake : SampledRows
        Real and generated rows; equal numbers of both are used.
    seed : int
        The seed of the split and the trees.

    Returns
    -------
    float
        2·max(½, AUC) − 1: 0 if they are indistinguishable, 1 if they are perfectly separable.
    """
    rows = min(len(real.numbers), len(fake.numbers))
    x = np.concatenate([_features(part, rows) for part in (real, fake)])
    y = np.repeat([1, 0], rows).astype(np.int64)
    fold = np.tile(np.random.default_rng(seed).permutation(rows) % 2, 2)
    numeric = real.numbers.shape[1]

    def judged(k: int) -> np.ndarray:
        grown = grow_trees(x[fold != k], y[fold != k], numeric, _SETTINGS, _TREES, seed)
        return log_odds(grown, x[fold == k])

    scores = np.empty(2 * rows)
    scores[fold == 0], scores[fold == 1] = in_parallel(partial(judged, k) for k in (0, 1))
    return 2 * max(auc(scores[:rows], scores[rows:]), 0.5) - 1


def _features(drawn: SampledRows, rows: int) -> np.ndarray:
    return np.concatenate([drawn.numbers[:rows], drawn.levels[:rows]], axis=1, dtype=np.float32)
