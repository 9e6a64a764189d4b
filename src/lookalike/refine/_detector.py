"""A quick boosted-tree detector between real and generated rows, in drawn form."""

from __future__ import annotations

from functools import partial

import numpy as np

from lookalike._core.workers import in_parallel
from lookalike.encoding import SampledRows

__all__ = ["detectability"]

_PARAMETERS = {
    "objective": "binary",
    "learning_rate": 0.15,
    "num_leaves": 31,
    "min_data_in_leaf": 20,
    "feature_fraction": 0.8,
    "max_bin": 127,
    "verbosity": -1,
    "deterministic": True,
    "force_row_wise": True,
    "num_threads": 1,
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
    import lightgbm  # noqa: PLC0415 - half a second that other models need not pay
    from sklearn.metrics import roc_auc_score  # noqa: PLC0415

    rows = min(len(real.numbers), len(fake.numbers))
    x = np.concatenate([_features(part, rows) for part in (real, fake)])
    y = np.repeat([1, 0], rows)
    fold = np.tile(np.random.default_rng(seed).permutation(rows) % 2, 2)
    # What the trees are told are categories are the levels; with few of them nothing is lost.
    categories = list(range(real.numbers.shape[1], x.shape[1]))

    def judged(k: int) -> np.ndarray:
        grown = lightgbm.train(
            {**_PARAMETERS, "seed": seed},
            lightgbm.Dataset(x[fold != k], y[fold != k], categorical_feature=categories),
            num_boost_round=_TREES,
        )
        return np.asarray(grown.predict(x[fold == k], num_threads=1))

    scores = np.empty(2 * rows)
    scores[fold == 0], scores[fold == 1] = in_parallel(partial(judged, k) for k in (0, 1))
    return float(2 * max(roc_auc_score(y, scores), 0.5) - 1)


def _features(drawn: SampledRows, rows: int) -> np.ndarray:
    return np.concatenate([drawn.numbers[:rows], drawn.levels[:rows]], axis=1, dtype=np.float32)
