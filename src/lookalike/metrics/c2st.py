"""`Detection`: boosted trees that try to tell synthetic rows from real ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

import numpy as np

from lookalike._core.seeds import generator
from lookalike._core.trees import log_odds
from lookalike.metrics._base import Metric
from lookalike.metrics._codebook import Floats
from lookalike.metrics._details import ColumnShare, Details
from lookalike.metrics._detector import (
    FOLDS,
    MOST_ROWS,
    Labels,
    TreeInputs,
    Unlike,
    indistinguishable,
    trees,
)
from lookalike.metrics._pair import Pair
from lookalike.metrics._result import Measured
from lookalike.metrics._view import View

__all__ = ["Detection", "detect", "shares_of", "told_apart"]


class Detection(Metric):
    """Let gradient-boosted trees tell the synthetic rows from the training rows.

    A classifier two-sample test (Lopez-Paz & Oquab 2017, arXiv 1610.06545): three stratified
    folds, score 1 − max(0, 2 AUC − 1) of the mean AUC, all columns, missing cells as they are. The
    headline of all scores: the others compare columns and pairs, and saturate. Of a column of many
    levels the trees see the frequent ones, and how often each one occurs (see `Levels`).

    The trees have XGBoost's default settings in LightGBM, so that values can be compared with the
    boosted-tree figures of arXiv 2603.23016: `raw` in the details is their form of the score,
    1 − mean over folds of (2 max(½, AUC) − 1). Both tables are cut to the same number of rows (at
    most 100,000, drawn from the seed), for a detector gets better with more of them; published
    figures are from as many synthetic rows as there are training rows. A copy of the
    training rows scores 1: see `HoldoutDetection`.
    """

    name: ClassVar[str] = "c2st"
    title: ClassVar[str] = "Detection by trees"
    subject: ClassVar[str] = "detection by trees"
    meaning: ClassVar[str] = (
        "How badly boosted trees tell synthetic rows from real ones. The strictest score: it "
        "sees all columns at once."
    )
    role: ClassVar[Literal["headline", "judged", "reference"]] = "headline"
    tolerance: ClassVar[float] = 0.04
    noise: ClassVar[float] = 0.8
    fewest_rows: ClassVar[int] = FOLDS

    def _measure(self, pair: Pair) -> Measured:
        return detect(*pair.equal_views(MOST_ROWS), pair.seed)


def detect(real: View, synthetic: View, seed: int) -> Measured:
    """Let boosted trees tell two tables apart.

    Parameters
    ----------
    real, synthetic : View
        Equally many rows.
    seed : int
        The seed of folds and trees.

    Returns
    -------
    Measured
        Its `importances` are the share of each column in the detector's gain.
    """
    features = TreeInputs(real, synthetic)
    labels = np.repeat([1, 0], [len(real), len(synthetic)]).astype(np.int64)
    unlike, gains = told_apart(features.of(real, synthetic), labels, features.numeric, seed)
    shares = shares_of(gains, features.columns)
    details = Details(raw=unlike.raw, rows=len(real), importances=shares)
    return Measured(unlike.value, details=details)


def told_apart(inputs: Floats, labels: Labels, numeric: int, seed: int) -> tuple[Unlike, Floats]:
    """Let boosted trees tell label 1 from label 0 in three folds.

    Parameters
    ----------
    inputs : ndarray of float, shape (n, features)
        Numbers first, then levels.
    labels : ndarray of int, shape (n,)
        1 for real rows, 0 for synthetic ones.
    numeric : int
        The number of features that are numbers.
    seed : int
        The seed of folds and trees.

    Returns
    -------
    unlike : Unlike
        The detector's success.
    gains : ndarray of float, shape (features,)
        The share of each feature in its gain.
    """
    drawn = int(generator(seed, "metrics", "trees").integers(2**31))
    gains = np.zeros((FOLDS, inputs.shape[1]))

    def judged(fit: Labels, judge: Labels, place: int) -> Floats:
        model = trees(inputs[fit], labels[fit], numeric, drawn)
        gains[place] = model.feature_importance("gain")
        return log_odds(model, inputs[judge])

    unlike = indistinguishable(labels, seed, judged)
    total = np.maximum(gains.sum(axis=1, keepdims=True), 1e-300)
    return unlike, (gains / total).mean(axis=0)


def shares_of(gains: Floats, names: Sequence[str]) -> tuple[ColumnShare, ...]:
    """Add up the shares of features by name, the largest first."""
    shares = dict.fromkeys(names, 0.0)
    for name, share in zip(names, gains, strict=True):
        shares[name] += float(share)
    ranked = sorted(shares.items(), key=lambda entry: -entry[1])
    return tuple(ColumnShare(name, share) for name, share in ranked)
