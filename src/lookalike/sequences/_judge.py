"""A judge of generated windows: boosted trees that tell them from held-out ones."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from jaxtyping import Float, Int

from lookalike._core.numerics import auc
from lookalike._core.seeds import generator
from lookalike._core.trees import grow_trees, log_odds

__all__ = ["told_apart_by"]

#: The trees of the judge: few and small, since held-out windows are few.
_SETTINGS = {"num_leaves": 8, "min_data_in_leaf": 5, "learning_rate": 0.1, "feature_fraction": 0.5}
_ROUNDS, _FOLDS = 60, 3
#: The most pairs of channels whose correlations are seen.
_PAIRS = 30


def told_apart_by(
    real: Float[np.ndarray, "n window channels"],
    groups: Int[np.ndarray, " n"],
    made: Float[np.ndarray, "m window channels"],
    seed: int,
) -> float:
    """Return how well trees tell generated windows from real ones, from 0 (not) to 1 (always).

    It is 2·AUC − 1 by the features of all channels, averaged with its mean over single channels:
    the second still compares generators that the first tells apart from real windows entirely.

    Parameters
    ----------
    real : ndarray, shape (n, window, channels)
        Windows that no generator has learned.
    groups : ndarray of int, shape (n,)
        Windows of one group may overlap: they are never on both sides of a fold.
    made : ndarray, shape (m, window, channels)
    seed : int
    """
    rng = generator(seed, "judge")
    parts = rng.permutation(groups.max() + 1)
    folds = np.concatenate([parts[groups] % _FOLDS, rng.integers(0, _FOLDS, len(made))])
    labels = np.repeat([1, 0], [len(real), len(made)]).astype(np.int64)
    both = np.concatenate([real, made])
    each = [_features(both[..., k : k + 1]) for k in range(both.shape[2])]
    crossed = _crossed(both)
    found = [_success(features, labels, folds, seed) for features in each]
    joint = found[0]
    if len(each) > 1:
        joint = _success(np.concatenate([*each, crossed], axis=1), labels, folds, seed)
    return float(0.5 * joint + 0.5 * np.mean(found))


def _success(inputs: np.ndarray, labels: np.ndarray, folds: np.ndarray, seed: int) -> float:
    odds = np.zeros(len(labels))
    scores = []
    for fold in range(_FOLDS):
        judge = folds == fold
        if min(len(np.unique(labels[judge])), len(np.unique(labels[~judge]))) < 2:
            continue
        numeric, drawn = inputs.shape[1], seed % 2**31
        trees = grow_trees(inputs[~judge], labels[~judge], numeric, _SETTINGS, _ROUNDS, drawn)
        odds[judge] = log_odds(trees, inputs[judge])
        scores.append(auc(odds[judge & (labels == 1)], odds[judge & (labels == 0)]))
    return max(2 * float(np.mean(scores)) - 1, 0.0) if scores else 1.0


def _features(cells: Float[np.ndarray, "n window one"]) -> Float[np.ndarray, "n features"]:
    """Return values, changes, correlations in time and the spectrum of a channel."""
    values = cells[..., 0]
    moves = np.diff(values, axis=1)
    centred = values - values.mean(axis=1, keepdims=True)
    spread = centred.std(axis=1)
    power = np.log10(np.abs(np.fft.rfft(centred, axis=1)[:, 1:]) ** 2 + 1e-12)
    size = np.maximum(spread**2, 1e-12)
    lags = [(centred[:, k:] * centred[:, :-k]).mean(axis=1) / size for k in (1, 2, 3)]
    sizes = [np.abs(moves).mean(axis=1), moves.std(axis=1), np.abs(moves).max(axis=1)]
    still = (moves == 0).mean(axis=1)
    ends = [values.min(axis=1), values.max(axis=1), values.mean(axis=1), spread, still]
    return np.concatenate([values, power, np.stack([*lags, *sizes, *ends], axis=1)], axis=1)


def _crossed(both: Float[np.ndarray, "n window channels"]) -> Float[np.ndarray, "n features"]:
    """Return correlations between channels, of values and of changes."""
    found = []
    for a, b in list(combinations(range(both.shape[2]), 2))[:_PAIRS]:
        for cells in (both[..., [a, b]], np.diff(both[..., [a, b]], axis=1)):
            x, y = np.moveaxis(cells - cells.mean(axis=1, keepdims=True), 2, 0)
            size = np.sqrt((x**2).sum(axis=1) * (y**2).sum(axis=1))
            found.append((x * y).sum(axis=1) / np.maximum(size, 1e-12))
    return np.stack(found, axis=1) if found else np.zeros((len(both), 0))
