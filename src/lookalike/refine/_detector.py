"""A quick boosted-tree detector between real and generated rows, in drawn form."""

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
    """Return how well trees tell real from generated rows they have not seen.

    Two-fold: each half of both kinds is judged by trees grown on the other.

    Parameters
    ----------
    real, fake : SampledRows
        Of `fake`, as many rows are used as there are real ones.
    seed : int
        Of the split and the trees.

    Returns
    -------
    float
        2·max(½, AUC) − 1: 0 where they cannot tell, 1 where they always can.
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
