"""Selection of the columns to resample, and fit of their conditional distributions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float

from lookalike._core.workers import in_parallel
from lookalike.encoding import Layout
from lookalike.refine._binning import Binning, Codes
from lookalike.refine._density_ratio import Cancelled, leaves
from lookalike.refine._forest import CellForest
from lookalike.refine._gibbs import (
    MOST_LEVELS,
    GibbsSweep,
    LevelConditional,
    chances_of,
    logits_of,
)

__all__ = ["fit_sweep"]

#: The maximum of levels × rows over all columns tried, beginning with those of fewest levels.
_MOST_WORK = 1_500_000
#: The maximum number of boosting rounds, and the number of rounds without gain that ends them.
_ROUNDS, _PATIENCE = 200, 15
#: The learning rate for two levels, and for more, where each round grows a tree for each level.
_OF_TWO, _OF_MANY = 0.1, 0.2
#: The gain, in nats per row, that must be exceeded by this number of standard errors.
_WORTH, _SURE = 0.002, 2.0
_LEAST_CHANCE = 1e-6
_PARAMETERS: dict[str, Any] = {
    "min_data_in_leaf": 20,
    "feature_fraction": 0.7,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "lambda_l2": 1.0,
    "max_bin": 255,
    "min_data_in_bin": 1,
    "use_missing": False,
    "feature_pre_filter": False,
    "deterministic": True,
    "force_col_wise": True,
    "num_threads": 1,
    "verbosity": -1,
}

_CodeSplit = tuple[Codes, Codes]


class _FittedConditional(NamedTuple):
    """A conditional distribution, and the log loss of each validation row."""

    forest: CellForest
    losses: Float[np.ndarray, " rows"]


def fit_sweep(
    folds: Sequence[_CodeSplit],
    made: Codes,
    known: Codes,
    cells: Binning,
    layout: Layout,
    rng: np.random.Generator,
    cancelled: Callable[[], bool],
) -> GibbsSweep | None:
    """Select the columns whose dependence on all others trees predict better than the generator.

    Trees trained to predict a column from real rows are compared with trees trained on generated
    rows, by the log loss of real validation rows. Where the former are significantly better, the
    column is resampled.

    Parameters
    ----------
    folds : sequence of tuple of two ndarray
        For each fold the cells of the real training rows and of the real validation rows.
    made : ndarray of uint8, shape (rows, features)
        Cells of generated rows, as they would be sampled.
    known : ndarray of uint8, shape (rows, features)
        Cells of all real rows, for the frequencies of levels.
    cells : Binning
    layout : Layout
    rng : numpy.random.Generator
        The source of the trees' seeds.
    cancelled : callable
        Returns whether to give up; called after each tree.

    Returns
    -------
    GibbsSweep or None
        None if no column is to be resampled.

    Raises
    ------
    Cancelled
        If it was cancelled.
    """
    judging = np.concatenate([judging for _, judging in folds])
    splits = [*folds, (made, judging)]
    features = _candidates(cells, layout, sum(len(training) for training, _ in splits))
    work = [
        partial(_learn, feature, split, cells, int(rng.integers(2**31)), cancelled)
        for feature in features
        for split in splits
    ]
    fitted = in_parallel(work)
    conditionals = []
    for k, feature in enumerate(features):
        # One fit per fold of real rows, then one of generated rows, validated on the same rows.
        *real, generated = fitted[k * len(splits) : (k + 1) * len(splits)]
        gains = generated.losses - np.concatenate([one.losses for one in real])
        if gains.mean() > _WORTH + _SURE * gains.std() / len(gains) ** 0.5:
            mean = CellForest.joined([one.forest.scaled(1 / len(real)) for one in real])
            shares = np.bincount(known[:, feature], minlength=cells.sizes[feature]) / len(known)
            conditionals.append(LevelConditional(feature, mean, shares.astype(np.float32)))
    # Columns of two levels, such as a class to predict, are resampled last: only the last column
    # is drawn given the final values of all others.
    return GibbsSweep(cells, tuple(reversed(conditionals))) if conditionals else None


def _candidates(cells: Binning, layout: Layout, rows: int) -> list[int]:
    """Return columns of levels, those of fewest levels first, up to the maximum work."""
    gates = {block.masked_by for block in layout.blocks}
    blocks = [k for k, block in enumerate(layout.blocks) if block.head == "softmax"]
    parts = [block.column for block in layout.blocks]
    alone = [
        feature
        for feature, k in zip(cells.categories, blocks, strict=True)
        # Levels that mask a number, or are a part of its encoding, must not change without it.
        if k not in gates and parts.count(parts[k]) == 1
        if 2 <= layout.blocks[k].width <= MOST_LEVELS
    ]
    alone.sort(key=lambda feature: cells.sizes[feature])
    work = np.cumsum([cells.sizes[feature] * rows for feature in alone])
    return alone[: int((work <= _MOST_WORK).sum())]


def _learn(
    feature: int, split: _CodeSplit, cells: Binning, seed: int, cancelled: Callable[[], bool]
) -> _FittedConditional:
    """Fit the levels of a feature to the training part, stopped early by the validation part."""
    import lightgbm  # noqa: PLC0415 - takes half a second, which other models are spared

    levels = cells.sizes[feature]
    kind = (
        {"objective": "binary", "metric": "binary_logloss", "learning_rate": _OF_TWO}
        if levels == 2
        else {
            "objective": "multiclass",
            "metric": "multi_logloss",
            "num_class": levels,
            "learning_rate": _OF_MANY,
        }
    )
    training, judging = (_data(lightgbm, codes, feature, cells) for codes in split)

    def check(_: Any) -> None:
        if cancelled():
            raise Cancelled

    grown = lightgbm.train(
        {**_PARAMETERS, **kind, "num_leaves": leaves(len(split[0])), "seed": seed},
        training,
        num_boost_round=_ROUNDS,
        valid_sets=[judging.set_reference(training)],
        callbacks=[lightgbm.early_stopping(_PATIENCE, verbose=False), check],
    )
    described = grown.dump_model(num_iteration=grown.best_iteration)["tree_info"]
    forest = CellForest.of_trees(described, cells.sizes, logits_of(levels))
    real = split[1]
    chances = chances_of(forest, real)
    own = chances[np.arange(len(real)), real[:, feature]]
    return _FittedConditional(forest, -np.log(np.maximum(own, _LEAST_CHANCE)))


def _data(lightgbm: Any, codes: Codes, feature: int, cells: Binning) -> Any:
    """Return rows labelled by one of their features, which is hidden."""
    shown = codes.astype(np.float32)
    shown[:, feature] = 0
    others = [k for k in cells.categories if k != feature]
    return lightgbm.Dataset(shown, label=codes[:, feature], categorical_feature=others)
