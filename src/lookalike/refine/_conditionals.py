"""Learn which columns are worth drawing anew, and their conditional distributions."""

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
from lookalike.refine._forest import Forest
from lookalike.refine._gibbs import (
    MOST_LEVELS,
    GibbsSweep,
    LevelConditional,
    chances_of,
    logits_of,
)

__all__ = ["fit_sweep"]

#: Columns are tried, those of fewest levels first, up to so many levels times rows for all trees.
_MOST_WORK = 1_500_000
#: Rounds at most, and rounds without a gain after which they are enough.
_ROUNDS, _PATIENCE = 200, 15
#: What each round adds of what is left to learn: more where it takes a tree for each level.
_OF_TWO, _OF_MANY = 0.1, 0.2
#: The gain must be above so many nats a row by this many standard errors.
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
    """A conditional distribution, and the log loss of each row that judged it."""

    forest: Forest
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
    """Find the columns whose relation to all others trees know better than the generator.

    Trees that learned a column of real rows are compared with trees that learned it of generated
    ones: by the log loss of real rows that trained neither. Where the former are clearly better,
    the column is drawn anew.

    Parameters
    ----------
    folds : sequence of tuple of two ndarray
        For each fold the cells of the real rows that train, and of those that judge.
    made : ndarray of uint8, shape (rows, features)
        Cells of generated rows, as they would be sampled.
    known : ndarray of uint8, shape (rows, features)
        Cells of all real rows, which say how frequent levels are.
    cells : Binning
    layout : Layout
    rng : numpy.random.Generator
        Of the trees' seeds.
    cancelled : callable
        Asked after each tree whether to give up.

    Returns
    -------
    Redraw or None
        None where no column is worth it.

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
    learned = in_parallel(work)
    found = []
    for k, feature in enumerate(features):
        *real, other = learned[k * len(splits) : (k + 1) * len(splits)]
        gains = other.losses - np.concatenate([one.losses for one in real])
        if gains.mean() > _WORTH + _SURE * gains.std() / len(gains) ** 0.5:
            mean = Forest.joined([one.forest.scaled(1 / len(real)) for one in real])
            shares = np.bincount(known[:, feature], minlength=cells.sizes[feature]) / len(known)
            found.append(LevelConditional(feature, mean, shares.astype(np.float32)))
    # Columns of two levels, such as a class to be predicted, come last: what is drawn last has its
    # distribution given all that a row ends with.
    return GibbsSweep(cells, tuple(reversed(found))) if found else None


def _candidates(cells: Binning, layout: Layout, rows: int) -> list[int]:
    """Return columns of levels, those of few first, as many as there is time for."""
    gates = {block.masked_by for block in layout.blocks}
    blocks = [k for k, block in enumerate(layout.blocks) if block.head == "softmax"]
    parts = [block.column for block in layout.blocks]
    alone = [
        feature
        for feature, k in zip(cells.categories, blocks, strict=True)
        # What silences a number, or says which of its values it is, goes with that number.
        if k not in gates and parts.count(parts[k]) == 1
        if 2 <= layout.blocks[k].width <= MOST_LEVELS
    ]
    alone.sort(key=lambda feature: cells.sizes[feature])
    work = np.cumsum([cells.sizes[feature] * rows for feature in alone])
    return alone[: int((work <= _MOST_WORK).sum())]


def _learn(
    feature: int, split: _CodeSplit, cells: Binning, seed: int, cancelled: Callable[[], bool]
) -> _FittedConditional:
    """Learn the levels of a feature from one part of the rows, for as long as the other gains."""
    import lightgbm  # noqa: PLC0415 - half a second that other models need not pay

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
    forest = Forest.of_trees(described, cells.sizes, logits_of(levels))
    real = split[1]
    chances = chances_of(forest, real)
    own = chances[np.arange(len(real)), real[:, feature]]
    return _FittedConditional(forest, -np.log(np.maximum(own, _LEAST_CHANCE)))


def _data(lightgbm: Any, codes: Codes, feature: int, cells: Binning) -> Any:
    """Return rows labelled by one of their features, which is not shown."""
    shown = codes.astype(np.float32)
    shown[:, feature] = 0
    others = [k for k in cells.categories if k != feature]
    return lightgbm.Dataset(shown, label=codes[:, feature], categorical_feature=others)
