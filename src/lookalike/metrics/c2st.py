"""`Detection`: can boosted trees tell synthetic rows from real ones?"""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from lookalike._core.seeds import generator
from lookalike.metrics._base import Measured, Metric
from lookalike.metrics._codebook import Codebook, Floats
from lookalike.metrics._detector import (
    FOLDS,
    MOST_ROWS,
    Labels,
    indistinguishable,
    suspicion,
    tree_inputs,
    trees,
)
from lookalike.metrics._pair import Pair
from lookalike.metrics._view import View

__all__ = ["Detection", "detect"]


class Detection(Metric):
    """Let gradient-boosted trees tell the synthetic rows from the training rows.

    A classifier two-sample test (Lopez-Paz & Oquab 2017, arXiv 1610.06545): three stratified
    folds, score 1 − mean(2 max(½, AUC) − 1), all columns, missing cells as they are. The headline
    of all scores: the others look at columns and pairs, and saturate.

    The trees have XGBoost's default settings in LightGBM, so that values can be compared with the
    boosted-tree figures of arXiv 2603.23016. Both tables are cut to the same count of rows (at
    most 100,000, drawn from the seed), for a detector gets better with more of them; published
    figures are made from as many synthetic rows as there are training rows. A copy of the
    training rows scores 1: see `HoldoutDetection`.
    """

    name: ClassVar[str] = "c2st"
    fewest_rows: ClassVar[int] = FOLDS

    def _measure(self, pair: Pair) -> Measured:
        return detect(*pair.equal_views(MOST_ROWS), pair.codebook, pair.seed)


def detect(real: View, synthetic: View, book: Codebook, seed: int) -> Measured:
    """Let boosted trees tell two tables apart.

    Parameters
    ----------
    real, synthetic : View
        Equally many rows.
    book : Codebook
        What the views are relative to.
    seed : int
        The seed of folds and trees.

    Returns
    -------
    Measured
        Its columns hold the share of each in the detector's gain, the most telling first.
    """
    inputs = tree_inputs(real, synthetic)
    labels = np.repeat([1, 0], [len(real), len(synthetic)]).astype(np.int64)
    drawn = int(generator(seed, "metrics", "trees").integers(2**31))
    gains = np.zeros((FOLDS, inputs.shape[1]))

    def judged(fit: Labels, judge: Labels, place: int) -> Floats:
        model = trees(inputs[fit], labels[fit], len(book.numeric), drawn)
        gains[place] = model.feature_importance("gain")
        return suspicion(model, inputs[judge])

    value = indistinguishable(labels, seed, judged)
    total = np.maximum(gains.sum(axis=1, keepdims=True), 1e-300)
    shares = (gains / total).mean(axis=0)
    names = (*book.numeric, *book.discrete)
    columns = tuple(
        {"column": names[place], "value": float(shares[place])}
        for place in np.argsort(-shares, kind="stable")
    )
    return Measured(value, columns=columns, extra={"rows": len(real), "auc": 1 - value / 2})
