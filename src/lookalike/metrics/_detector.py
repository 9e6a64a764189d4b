"""Detectors: models that try to tell the rows of two tables apart."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import lightgbm
import numpy as np
import numpy.typing as npt
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold

from lookalike._core.seeds import generator
from lookalike._core.workers import in_parallel
from lookalike.metrics._codebook import Floats
from lookalike.metrics._view import View

__all__ = ["FOLDS", "MOST_ROWS", "Labels", "indistinguishable", "suspicion", "tree_inputs", "trees"]

Labels = npt.NDArray[np.int64]

FOLDS = 3
#: More rows than that on a side are a sample, drawn from the seed.
MOST_ROWS = 100_000

#: XGBoost's defaults, by which published figures are made, in LightGBM's words: 100 trees of
#: depth 6, rate 0.3, L2 1, a leaf for any sum of Hessians of 1; categories are split one against
#: the rest, as if they were one-hot.
_SETTINGS: dict[str, Any] = {
    "objective": "binary",
    "learning_rate": 0.3,
    "max_depth": 6,
    "num_leaves": 63,
    "min_data_in_leaf": 1,
    "min_sum_hessian_in_leaf": 1.0,
    "lambda_l2": 1.0,
    "max_cat_to_onehot": 64,
    "max_bin": 255,
    "min_data_in_bin": 1,
    "deterministic": True,
    "force_col_wise": True,
    "num_threads": 1,
    "verbosity": -1,
}
_TREES = 100


def tree_inputs(*views: View) -> Floats:
    """Stack tables for a tree model: numbers with NaN, then levels as numbers; shape (n, p + q)."""
    return np.concatenate([np.concatenate([v.numbers, v.codes], axis=1) for v in views])


def trees(inputs: Floats, labels: Labels, numeric: int, seed: int) -> lightgbm.Booster:
    """Fit boosted trees that tell label 1 from label 0.

    Parameters
    ----------
    inputs : ndarray of float, shape (n, p + q)
        As of `tree_inputs`.
    labels : ndarray of int, shape (n,)
        0 or 1.
    numeric : int
        p, how many of the columns are numbers; the others are categories.
    seed : int
        The seed of the trees.

    Returns
    -------
    lightgbm.Booster
        The fitted trees.
    """
    categories = list(range(numeric, inputs.shape[1]))
    data = lightgbm.Dataset(inputs, labels, categorical_feature=categories, params=_SETTINGS)
    return lightgbm.train({**_SETTINGS, "seed": seed}, data, _TREES)


def suspicion(model: lightgbm.Booster, inputs: Floats) -> Floats:
    """Return how much each row looks as if it had label 1, in log-odds; shape (n,)."""
    return np.asarray(model.predict(inputs, raw_score=True, num_threads=1), dtype=np.float64)


def _split(labels: Labels, seed: int) -> list[tuple[Labels, Labels]]:
    """Return the rows of three stratified, shuffled folds: to fit on, to judge on."""
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=seed)
    return [(fit, judge) for fit, judge in folds.split(np.zeros((len(labels), 1)), labels)]


def indistinguishable(
    labels: Labels, seed: int, judged: Callable[[Labels, Labels, int], Floats]
) -> float:
    """Score how badly a detector does: 1 − mean over folds of (2 max(½, AUC) − 1).

    Parameters
    ----------
    labels : ndarray of int, shape (n,)
        1 for real rows, 0 for synthetic ones.
    seed : int
        The seed of the folds and of the detector.
    judged : callable
        Takes the rows to fit on, the rows to judge and the fold's number; gives a number for each
        row to judge, the higher the more it looks real.

    Returns
    -------
    float
        1 where the detector guesses, 0 where it is always right.
    """
    drawn = int(generator(seed, "metrics", "folds").integers(2**31))
    folds = _split(labels, drawn)

    def auc(place: int) -> float:
        fit, judge = folds[place]
        return float(roc_auc_score(labels[judge], judged(fit, judge, place)))

    work = [partial(auc, place) for place in range(FOLDS)]
    # A linear detector stops after a set count of steps, converged or not, as published.
    found = in_parallel(work, ignore=ConvergenceWarning)
    return 1 - float(np.mean([2 * max(0.5, value) - 1 for value in found]))
