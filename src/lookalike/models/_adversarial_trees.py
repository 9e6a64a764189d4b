"""The growth of an adversarial forest: trees that tell rows from those of the forest before."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from jaxtyping import Int

from lookalike._core.seeds import generator
from lookalike._core.workers import in_parallel
from lookalike.encoding import EncodedRows
from lookalike.models._density_forest import DensityForest
from lookalike.models._density_trees import DensityTree, ranked
from lookalike.models._normal_scores import NormalScores
from lookalike.models._state_trees import StateTree
from lookalike.models._states import States

__all__ = ["AdversarialGrowth", "Round", "ranks_of"]

#: The weights of a node's parent that are tried, in rows for each different state.
_STRENGTHS = (0.25, 1.0, 4.0, 16.0, 64.0)
#: The greatest number of real rows by which a tree chooses its splits, and by which it is judged.
_MOST_ROWS, _MOST_JUDGED = 16_384, 4_096
#: The accuracy of trees that cannot tell rows apart, with a margin.
_GUESS = 0.51


@dataclass(frozen=True)
class Round:
    """A round of an adversarial forest.

    Parameters
    ----------
    forest : DensityForest
    accuracy : float
        The share of left-out rows, half of them real, that its trees took for what they are.
    likelihood : float
        The mean log-probability of left-out real rows.
    """

    forest: DensityForest
    accuracy: float
    likelihood: float


@dataclass(frozen=True)
class AdversarialGrowth:
    """The growth of an adversarial forest (Watson et al. 2023, arXiv 2205.09435).

    Trees learn to tell real rows from rows with independent columns. In every next round they learn
    to tell real rows from those that are drawn from the leaves of the trees before. The rounds end
    when trees only guess, or when left-out rows become less likely.

    Parameters
    ----------
    trees : int
    leaf : int
        The least number of rows of a leaf, real and generated, by which a tree is grown.
    fewest : int
        The least number of real rows of a leaf in the end.
    rounds : int
        The greatest number of rounds.
    sizes : tuple of int
        The number of states of each variable.
    ranks : tuple of ndarray of int
        For each variable, the rank of each state.
    seed : int
    """

    trees: int
    leaf: int
    fewest: int
    rounds: int
    sizes: tuple[int, ...]
    ranks: tuple[np.ndarray, ...]
    seed: int

    def grown(
        self, states: Int[np.ndarray, "rows variables"], report: Callable[[Round], None]
    ) -> DensityForest:
        """Return the forest of the best round, with all rows in its leaves.

        Parameters
        ----------
        states : ndarray of int, shape (rows, variables)
        report : callable
            Takes each round.
        """
        order = generator(self.seed, "judged").permutation(len(states))
        others, judging = np.split(order, [len(states) - min(len(states) // 4, _MOST_JUDGED)])
        real, judged = states[others], states[judging]
        best, fake = None, self._independent(real)
        for number in range(self.rounds):
            found = self._round(real, fake, judged, number)
            report(found)
            if best is not None and found.likelihood <= best.likelihood:
                break
            best = found
            if found.accuracy <= _GUESS:
                break
            rng = generator(self.seed, "drawn", number)
            fake = found.forest.drawn({}, rng.random((len(real), 1 + len(self.sizes))))
        assert best is not None
        return best.forest.filled(states, self.fewest)

    def _independent(self, states: np.ndarray) -> np.ndarray:
        rng = generator(self.seed, "independent")
        return np.stack([rng.permutation(own) for own in states.T], axis=1)

    def _round(self, real: np.ndarray, fake: np.ndarray, judged: np.ndarray, number: int) -> Round:
        rows = np.concatenate([ranked(real, self.ranks), ranked(fake, self.ranks)])

        def grow(tree: int) -> tuple[StateTree, float]:
            rng = generator(self.seed, "tree", number, tree)
            return _grown(rows, self.leaf, rng)

        grown = list(in_parallel(partial(grow, tree) for tree in range(self.trees)))
        structures, hits = zip(*grown, strict=True)
        first = DensityForest(
            tuple(
                DensityTree.filled(tree, real, self.sizes, self.ranks, 1.0, self.fewest)
                for tree in structures
            )
        )
        # The weight of the nodes above is that which makes left-out rows most likely.
        tried = [_with_strength(first, strength) for strength in _STRENGTHS]
        likely = [_mean_log(forest, judged) for forest in tried]
        at = int(np.argmax(likely))
        return Round(tried[at], float(np.mean(hits)), likely[at])


def ranks_of(rows: EncodedRows, states: States) -> tuple[np.ndarray, ...]:
    """Return the rank of each state of each variable, by which trees split it.

    Numbers have their order, *missing* last; levels are ordered so that neighbours occur with
    similar values of other columns.

    Parameters
    ----------
    rows : EncodedRows
    states : States
    """
    scores, found = NormalScores.fit(rows, states.layout), []
    for variable in states.variables:
        if variable.groups is None or variable.shares is None:
            found.append(np.arange(variable.states))
            continue
        rank = np.argsort(scores.orders[variable.block])
        # Levels that share a state have their mean rank.
        mean = np.bincount(variable.groups, rank * variable.shares)
        found.append(np.argsort(np.argsort(mean, kind="stable")))
    return tuple(found)


def _grown(
    rows: Int[np.ndarray, "rows variables"], leaf: int, rng: np.random.Generator
) -> tuple[StateTree, float]:
    """Grow a tree on two thirds of rows, half of them real; return it, and its accuracy on others.

    The first half of the rows is real.
    """
    from sklearn.tree import DecisionTreeClassifier  # noqa: PLC0415 - slow to import

    count = len(rows) // 2
    order, some = rng.permutation(count), min(max(2 * count // 3, 1), _MOST_ROWS)
    learned = np.concatenate([order[:some], count + order[:some]])
    model = DecisionTreeClassifier(
        criterion="entropy",
        min_samples_leaf=min(leaf, len(learned) // 2),
        max_features="sqrt",
        random_state=int(rng.integers(2**31)),
    )
    model.fit(rows[learned].astype(np.float32), learned < count)
    rest = order[some : some + _MOST_JUDGED]
    asked = np.concatenate([rest, count + rest])
    if not len(asked):
        return StateTree.of(model.tree_), 0.5
    told = model.predict(rows[asked].astype(np.float32))
    return StateTree.of(model.tree_), float((told == (asked < count)).mean())


def _with_strength(forest: DensityForest, strength: float) -> DensityForest:
    return DensityForest(tuple(replace(tree, strength=strength) for tree in forest.trees))


def _mean_log(forest: DensityForest, judged: Int[np.ndarray, "rows variables"]) -> float:
    return float(forest.log_probabilities(judged).mean()) if len(judged) else 0.0
