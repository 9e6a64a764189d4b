"""Resampling of levels, column after column, given all other cells of a row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from lookalike._core.numerics import raking_factors
from lookalike.encoding import Layout, Learned, Rows, SampledRows
from lookalike.refine._arrays import cells_of, damaged, taken, trees_of
from lookalike.refine._binning import Binning, Codes
from lookalike.refine._forest import CellForest

__all__ = [
    "MOST_LEVELS",
    "GibbsSweep",
    "LevelConditional",
    "balanced",
    "chances_of",
    "logits_of",
    "systematic",
]

#: The maximum number of levels of a column that is resampled.
MOST_LEVELS = 64
#: The number of rounds of balancing, and the maximum factor in each, up or down.
_ROUNDS, _STEP = 3, 2.0
_LEAST = 1e-30
#: The maximum number of boosting rounds of a column in a model file: five folds of 200.
_MOST_ROUNDS = 1_000


@dataclass(frozen=True)
class LevelConditional:
    """The distribution of one column's levels, given all other cells.

    Parameters
    ----------
    feature : int
        The column's position among the features of the binning.
    forest : CellForest
        The log odds of its second level, if it has two; else the logits of all levels.
    due : ndarray of float32, shape (levels,)
        The target share of each level: its share among all real rows.
    """

    feature: int
    forest: CellForest
    due: Float[np.ndarray, " levels"]

    def chances(self, codes: Codes) -> Float[np.ndarray, "rows levels"]:
        """Return the probabilities of levels for the rows of a block, near their target shares."""
        return balanced(chances_of(self.forest, codes), self.due)


def chances_of(forest: CellForest, codes: Codes) -> Float[np.ndarray, "rows levels"]:
    """Return the probabilities of levels given the other cells of each row."""
    logits, _ = forest.sums(codes)
    if forest.outputs == 1:
        logits = np.stack([np.zeros_like(logits), logits], axis=1)
    mass = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(mass / mass.sum(axis=1, keepdims=True))


def balanced(
    chances: Float[np.ndarray, "rows levels"], due: Float[np.ndarray, " levels"]
) -> Float[np.ndarray, "rows levels"]:
    """Return probabilities scaled per level so that their means are near the target shares."""
    for _ in range(_ROUNDS):
        chances = chances * raking_factors(due, chances.mean(axis=0), _STEP)
        chances /= np.maximum(chances.sum(axis=1, keepdims=True), _LEAST)
    return chances


def systematic(
    chances: Float[np.ndarray, "rows levels"], starts: Float[np.ndarray, " levels"]
) -> Int[np.ndarray, " rows"]:
    """Draw a level for each row, so that the count of each level is nearly what is expected.

    Level after level, by systematic sampling (Madow 1949) among the rows that have none yet: their
    number differs from the sum of their probabilities by less than one. Rows must be in random
    order.

    Parameters
    ----------
    chances : ndarray of float, shape (rows, levels)
        The probabilities of levels.
    starts : ndarray of float, shape (levels,)
        Random numbers in [0, 1).

    Returns
    -------
    ndarray of int, shape (rows,)
    """
    last = chances.shape[1] - 1
    drawn = np.full(len(chances), last)
    open_rows = np.arange(len(chances))
    remaining = np.ones(len(chances))
    for level in range(last):
        # The probability of the level given that the row has none of the levels before it.
        mass = chances[open_rows, level]
        share = np.divide(mass, remaining, out=np.zeros_like(mass), where=remaining > 0)
        # A row is hit where the cumulative sum, randomly shifted, passes an integer.
        reached = np.floor(np.cumsum(np.minimum(share, 1.0)) + starts[level])
        hit = np.diff(reached, prepend=np.floor(starts[level])) > 0
        drawn[open_rows[hit]] = level
        open_rows, remaining = open_rows[~hit], (remaining - mass)[~hit]
    return drawn


@dataclass(frozen=True)
class GibbsSweep:
    """One Gibbs sweep (Geman and Geman 1984) over columns of few levels.

    With the conditional distributions of real rows, a sweep leaves the distribution of real rows
    invariant, and corrects columns whose dependence on the others was not learned well. No rows are
    discarded.

    Parameters
    ----------
    cells : Binning
        The discretisation of rows for the trees.
    conditionals : tuple of LevelConditional
        The conditional distributions, in the order in which columns are resampled.
    """

    cells: Binning
    conditionals: tuple[LevelConditional, ...]

    def applied(
        self,
        rows: SampledRows,
        seed: int,
        number: int,
        impossible: Callable[[SampledRows], Bool[np.ndarray, " rows"]] | None = None,
    ) -> SampledRows:
        """Return the rows of a block with resampled levels.

        Parameters
        ----------
        rows : SampledRows
            Rows in random order.
        seed, number : int
            The seed of the sample, and the block's number: the result depends on them and the rows
            alone.
        impossible : callable, optional
            From rows to those with structural zeros; these keep their levels.
        """
        codes, levels = self.cells.of_drawn(rows), rows.levels.copy()
        first = len(self.cells.edges)
        random = Rows(number * MOST_LEVELS, seed).of("redraw")
        for one in self.conditionals:
            chances = one.chances(codes)
            starts = random.of(str(one.feature)).uniforms(np.arange(chances.shape[1]))
            codes[:, one.feature] = levels[:, one.feature - first] = systematic(chances, starts)
        if impossible is not None:
            kept = impossible(SampledRows(rows.numbers, levels))
            levels[kept] = rows.levels[kept]
        return SampledRows(rows.numbers, levels)

    def state(self) -> Learned:
        """Return the sweep as plain arrays."""
        forests = [one.forest for one in self.conditionals]
        arrays = {
            **self.cells.arrays(),
            **CellForest.joined(forests).arrays(),
            "features": np.array([one.feature for one in self.conditionals], np.int32),
            "trees": np.array([len(forest) for forest in forests], np.int32),
            "due": np.concatenate([one.due for one in self.conditionals]),
        }
        return Learned({}, arrays)

    @classmethod
    def from_state(cls, state: Learned, layout: Layout) -> GibbsSweep:
        """Restore a sweep from its `state`.

        Raises
        ------
        ModelFileError
            If an array is missing, or not of the kind and size that the layout needs.
        """
        cells = cells_of(state, layout)
        masks, values = trees_of(state, cells)
        features = taken(state, "features", np.int32, (None,))
        if len(features) == 0 or not np.isin(features, cells.categories).all():
            raise damaged("features")
        outputs = [logits_of(cells.sizes[feature]) for feature in features]
        trees = taken(state, "trees", np.int32, (len(features),))
        if max(outputs) > MOST_LEVELS or (trees < 0).any() or (trees % outputs).any():
            raise damaged("trees")
        if (
            len(set(features.tolist())) < len(features)
            or (trees > np.multiply(outputs, _MOST_ROUNDS)).any()
        ):
            raise damaged("trees")
        if trees.sum(dtype=np.int64) != len(values):
            raise damaged("trees")
        widths = np.array(cells.sizes)[features]
        due = taken(state, "due", np.float32, (int(widths.sum()),))
        if due.min() < 0 or due.max() > 1:
            raise damaged("due")
        none, cuts = np.zeros(sum(cells.sizes), np.int32), np.cumsum(trees)[:-1]
        parts = zip(np.split(masks, cuts, axis=1), np.split(values, cuts), strict=True)
        forests = [
            CellForest(cells.sizes, *part, none, count)
            for part, count in zip(parts, outputs, strict=True)
        ]
        shares = np.split(due, np.cumsum(widths)[:-1])
        return cls(cells, tuple(map(LevelConditional, features.tolist(), forests, shares)))


def logits_of(levels: int) -> int:
    """Return the number of logits of a distribution over levels: one for two levels."""
    return 1 if levels == 2 else levels
