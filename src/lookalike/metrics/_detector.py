"""Detectors: models that try to tell the rows of two tables apart."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import StratifiedKFold

from lookalike._core.numerics import auc
from lookalike._core.seeds import generator
from lookalike._core.trees import grow_trees
from lookalike._core.workers import in_parallel
from lookalike.metrics._codebook import Floats
from lookalike.metrics._rare import PooledLevels
from lookalike.metrics._view import View

if TYPE_CHECKING:
    import lightgbm

__all__ = [
    "FOLDS",
    "MOST_ROWS",
    "Labels",
    "TreeInputs",
    "Unlike",
    "indistinguishable",
    "trees",
]

Labels = npt.NDArray[np.int64]

FOLDS = 3
#: The largest number of rows on a side; of more, a sample is drawn from the seed.
MOST_ROWS = 100_000

#: XGBoost's defaults, as in published figures, in LightGBM's terms: 100 trees of
#: depth 6, rate 0.3, L2 1, a leaf for any sum of Hessians of 1; categories are split one against
#: the rest, as if they were one-hot.
_SETTINGS: dict[str, Any] = {
    "learning_rate": 0.3,
    "max_depth": 6,
    "num_leaves": 63,
    "min_data_in_leaf": 1,
    "min_sum_hessian_in_leaf": 1.0,
    "lambda_l2": 1.0,
    "max_cat_to_onehot": 64,
    "max_bin": 255,
    "min_data_in_bin": 1,
    "force_col_wise": True,
}
_TREES = 100


class TreeInputs:
    """Rows as inputs of trees: numbers with NaN, levels as numbers, frequencies of rare levels.

    Parameters
    ----------
    *views : View
        The tables that are compared; levels are learned from all rows alike.
    """

    def __init__(self, *views: View) -> None:
        book = views[0].codebook
        self._levels = PooledLevels.of(*views)
        #: The number of numeric features; they come first.
        self.numeric = len(book.numeric) + len(self._levels.wide)
        #: The column of each feature.
        self.columns = (
            *book.numeric,
            *(book.discrete[place] for place in self._levels.wide),
            *book.discrete,
        )

    def of(self, *views: View) -> Floats:
        """Stack tables; shape (rows, features)."""
        parts = [
            (v.numbers, self._levels.frequencies(v.codes), self._levels.codes(v.codes))
            for v in views
        ]
        return np.concatenate([np.concatenate(part, axis=1) for part in parts])


def trees(inputs: Floats, labels: Labels, numeric: int, seed: int) -> lightgbm.Booster:
    """Fit boosted trees that tell label 1 from label 0; see `grow_trees`."""
    return grow_trees(inputs, labels, numeric, _SETTINGS, _TREES, seed)


def _split(labels: Labels, seed: int) -> list[tuple[Labels, Labels]]:
    """Return the rows of three stratified, shuffled folds: to fit on, to judge on."""
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=seed)
    return [(fit, judge) for fit, judge in folds.split(np.zeros((len(labels), 1)), labels)]


def indistinguishable(
    labels: Labels, seed: int, judged: Callable[[Labels, Labels, int], Floats]
) -> Unlike:
    """Score how badly a detector does, by its AUC on rows that it was not fitted on.

    Parameters
    ----------
    labels : ndarray of int, shape (n,)
        1 for real rows, 0 for synthetic ones.
    seed : int
        The seed of the folds and of the detector.
    judged : callable
        Takes the rows to fit on, the rows to judge and the number of the fold; returns a score for
        each row to judge, higher for rows that look real.

    Returns
    -------
    Unlike
        The score: 1 where the detector guesses, 0 where it is always right.
    """
    drawn = int(generator(seed, "metrics", "folds").integers(2**31))
    folds = _split(labels, drawn)

    def area(place: int) -> float:
        fit, judge = folds[place]
        scores, real = judged(fit, judge, place), labels[judge] == 1
        return auc(scores[real], scores[~real])

    work = [partial(area, place) for place in range(FOLDS)]
    # A linear detector stops after a fixed number of steps, converged or not, as published.
    return Unlike(tuple(in_parallel(work, ignore=ConvergenceWarning)))


@dataclass(frozen=True)
class Unlike:
    """The AUC of a detector on three folds.

    Parameters
    ----------
    aucs : tuple of float
        Its area under the curve on each.
    """

    aucs: tuple[float, ...]

    @property
    def value(self) -> float:
        """1 − max(0, 2 AUC − 1) of the mean AUC: guessing to both sides cancels out."""
        return 1 - max(2 * float(np.mean(self.aucs)) - 1, 0.0)

    @property
    def raw(self) -> float:
        """As published: 1 − mean(2 max(½, AUC) − 1), less than 1 by chance on few rows."""
        return 1 - float(np.mean([2 * max(0.5, auc) - 1 for auc in self.aucs]))
