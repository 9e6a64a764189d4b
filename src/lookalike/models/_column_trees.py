"""Trees that give the distribution of one discrete variable given others."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from lookalike._core.errors import ModelFileError
from lookalike.encoding import Learned
from lookalike.models._state_trees import StateTree, chances, is_whole

__all__ = ["ColumnTrees", "Growth"]

#: The weights of a node's parent that are tried, in rows for each different state.
_STRENGTHS = np.array([0.125, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0])
#: The weight of a state without any row, in rows.
_LEAST = 1e-3
#: The steps of a sequence that fills the unit square evenly.
_EVEN = 1.324717957244746 ** -np.array([1.0, 2.0])
#: The greatest number of rows by which a tree chooses its splits by default, and by which it is
#: judged.
_MOST_ROWS = 16_384


@dataclass(frozen=True)
class Growth:
    """The settings by which trees grow.

    Parameters
    ----------
    trees : int
        The number of trees of a column.
    leaf : int
        The least number of rows of a leaf.
    rows : int
        The greatest number of rows by which a tree chooses its splits.
    """

    trees: int
    leaf: int
    rows: int = _MOST_ROWS


@dataclass(frozen=True)
class ColumnTrees:
    """The distribution of a variable given others: that of one of several trees, drawn at random.

    In a node with n rows of d different states, the share n / (n + strength · d) of the probability
    is that of their states, and the rest is the distribution of the node above it (as Witten and
    Bell 1991 smooth n-grams).

    Parameters
    ----------
    marginal : ndarray, shape (states,)
        The distribution above the root: positive, with the sum 1.
    strength : float
        The weight of the node above, in rows for each different state.
    inputs : tuple of int
        The indices of the other variables.
    ranks : tuple of ndarray of int, shape (states,)
        For each input, the rank of each state, by which trees split it.
    trees : tuple of StateTree
    """

    marginal: Float[np.ndarray, " states"]
    strength: float
    inputs: tuple[int, ...]
    ranks: tuple[np.ndarray, ...]
    trees: tuple[StateTree, ...]

    @classmethod
    def fit(
        cls,
        states: Int[np.ndarray, "rows variables"],
        variable: int,
        inputs: Sequence[int],
        sizes: Sequence[int],
        ordered: Sequence[bool],
        growth: Growth,
        rng: np.random.Generator,
        strength: float | None = None,
    ) -> ColumnTrees:
        """Grow trees.

        Parameters
        ----------
        states : ndarray of int, shape (rows, variables)
        variable : int
        inputs : sequence of int
            The other variables.
        sizes : sequence of int
            The number of states of each variable.
        ordered : sequence of bool
            Whether the states of each variable are in order: whether it is a number.
        growth : Growth
        rng : numpy.random.Generator
        strength : float, optional
            The weight of a node's parent; by default that which makes a quarter of the rows most
            likely, given the others.
        """
        own = states[:, variable]
        marginal = np.bincount(own, minlength=sizes[variable]) + _LEAST
        marginal = marginal / marginal.sum()
        if not inputs or len(own) < 2 * growth.leaf or len(np.unique(own)) < 2:
            return cls(marginal, 1.0, (), (), ())
        ranks = tuple(
            np.arange(sizes[i])
            if ordered[i]
            else _ranked(states[:, i], own, sizes[i], sizes[variable])
            for i in inputs
        )
        seen = _seen(states, inputs, ranks)
        # A quarter of the rows judges trees that grow on random parts of the others.
        order = rng.permutation(len(own))
        others, judging = np.split(order, [len(own) - min(len(own) // 4, _MOST_ROWS)])
        trees, likely = [], np.zeros((len(_STRENGTHS), len(judging)))
        for _ in range(growth.trees):
            some = rng.permutation(others)[: min(2 * len(others) // 3, growth.rows)]
            tree = StateTree.grown(seen[some], own[some], growth.leaf, int(rng.integers(2**31)))
            if strength is None:
                known, asked = ((seen[at], own[at]) for at in (others, judging))
                likely += chances(tree, known, asked, _STRENGTHS, marginal)
            trees.append(tree.filled(seen, own))
        if strength is None:
            strength = float(_STRENGTHS[np.log(likely).mean(axis=1).argmax()])
        return cls(marginal, strength, tuple(inputs), ranks, tuple(trees))

    def log_probabilities(
        self,
        known: Int[np.ndarray, "known variables"],
        asked: Int[np.ndarray, "rows variables"],
        variable: int,
    ) -> Float[np.ndarray, " rows"]:
        """Return the logarithm of the probability of each row's state of a variable.

        Parameters
        ----------
        known : ndarray of int, shape (known, variables)
            The rows of the fit.
        asked : ndarray of int, shape (rows, variables)
        variable : int
            The variable that was fitted.
        """
        own = asked[:, variable]
        if not self.trees:
            return np.asarray(np.log(self.marginal[own]))
        of_known = _seen(known, self.inputs, self.ranks), known[:, variable]
        of_asked = _seen(asked, self.inputs, self.ranks), own
        strength = np.array([self.strength])
        each = [chances(t, of_known, of_asked, strength, self.marginal)[0] for t in self.trees]
        return np.asarray(np.log(np.mean(each, axis=0)))

    def drawn(
        self, states: Int[np.ndarray, "rows variables"], uniforms: Float[np.ndarray, "rows 3"]
    ) -> Int[np.ndarray, " rows"]:
        """Draw the state of each row, given those of the inputs.

        Parameters
        ----------
        states : ndarray of int, shape (rows, variables)
        uniforms : ndarray, shape (rows, 3)
            Numbers in [0, 1) that choose a tree, a node and a state.
        """
        reached = np.cumsum(self.marginal)
        result = np.searchsorted(reached[:-1], uniforms[:, 2] * reached[-1], side="right")
        if not self.trees:
            return np.asarray(result)
        which = (uniforms[:, 0] * len(self.trees)).astype(np.int64)
        seen = _seen(states, self.inputs, self.ranks)
        for t, tree in enumerate(self.trees):
            rows = np.flatnonzero(which == t)
            found = tree.drawn(seen[rows], self.strength, uniforms[rows, 1:])
            result[rows] = np.where(found >= 0, found, result[rows])
        return np.asarray(result)

    def balanced(
        self, states: Int[np.ndarray, "rows variables"], rng: np.random.Generator
    ) -> Int[np.ndarray, " rows"]:
        """Draw as `drawn` does, but so that shares of states are nearer to their expectation.

        Rows of one leaf are drawn by points that fill the unit square evenly (the additive
        sequence of Roberts 2018), in a random order, and so are neighbouring leaves. Each row has
        the same distribution as with `drawn`; rows depend on each other, as those of a sample
        without replacement do.

        Parameters
        ----------
        states : ndarray of int, shape (rows, variables)
        rng : numpy.random.Generator
        """
        n, order = len(states), rng.permutation(len(states))
        reached = np.cumsum(self.marginal)
        even = np.empty(n)
        even[order] = (np.arange(n) + rng.random()) / max(n, 1)
        result = np.searchsorted(reached[:-1], even * reached[-1], side="right")
        if not self.trees:
            return np.asarray(result)
        which, leaf = np.empty(n, np.int64), np.zeros(n, np.int64)
        which[order] = (np.arange(n) + rng.integers(len(self.trees))) % len(self.trees)
        seen = _seen(states, self.inputs, self.ranks)
        for t, tree in enumerate(self.trees):
            rows = which == t
            leaf[rows] = tree.leaves(seen[rows])
        order = order[np.lexsort((leaf[order], which[order]))]
        points = np.empty((n, 2))
        points[order] = (np.arange(n)[:, None] * _EVEN + rng.random(2)) % 1
        for t, tree in enumerate(self.trees):
            rows = np.flatnonzero(which == t)
            found = tree.drawn_from(leaf[rows], self.strength, points[rows])
            result[rows] = np.where(found >= 0, found, result[rows])
        return np.asarray(result)

    def expected(self, states: Int[np.ndarray, "rows variables"]) -> Float[np.ndarray, " rows"]:
        """Return the mean of each row's distribution of states, as numbers."""
        mean = float(np.arange(len(self.marginal)) @ self.marginal)
        if not self.trees:
            return np.full(len(states), mean)
        seen = _seen(states, self.inputs, self.ranks)
        each = [tree.means(self.strength, mean)[tree.leaves(seen)] for tree in self.trees]
        return np.asarray(np.mean(each, axis=0))

    def state(self) -> Learned:
        """Return the trees as plain values and arrays."""
        arrays = {"marginal": self.marginal, "inputs": np.array(self.inputs, np.int32)}
        if self.trees:
            arrays["ranks"] = np.concatenate(self.ranks).astype(np.int32)
            arrays["nodes"] = np.array([len(tree.splits) for tree in self.trees], np.int32)
            for name in ("splits", "limits", "right", "ends", "states"):
                arrays[name] = np.concatenate([getattr(tree, name) for tree in self.trees])
        return Learned({"strength": self.strength}, arrays)

    @classmethod
    def from_state(
        cls, state: Learned, variable: int, sizes: Sequence[int], before: Collection[int]
    ) -> ColumnTrees:
        """Restore the trees of a variable from their `state`.

        Parameters
        ----------
        state : Learned
        variable : int
        sizes : sequence of int
            The number of states of each variable.
        before : collection of int
            The variables that may be inputs.

        Raises
        ------
        ModelFileError
            If they do not fit the variables.
        """
        arrays, strength = state.arrays, float(state.values["strength"])
        marginal, inputs = np.asarray(arrays["marginal"], float), arrays["inputs"].tolist()
        positive = marginal.shape == (sizes[variable],) and (marginal > 0).all()
        if not positive or not np.isclose(marginal.sum(), 1.0) or not 0 < strength < np.inf:
            raise _damaged()
        if "nodes" not in arrays:
            return cls(marginal, strength, (), (), ())
        if not inputs or not set(inputs) <= set(before):
            raise _damaged()
        ranks, nodes = np.asarray(arrays["ranks"]), np.asarray(arrays["nodes"])
        widths = np.array([sizes[i] for i in inputs])
        parts = [np.asarray(arrays[name]) for name in ("splits", "limits", "right", "ends")]
        fits = (
            ranks.shape == (widths.sum(),)
            and nodes.ndim == 1
            and len(nodes) > 0
            and (nodes > 0).all()
            and all(len(part) == nodes.sum() and part.dtype.kind == "i" for part in parts)
            and len(arrays["states"]) % len(nodes) == 0
        )
        if not fits:
            raise _damaged()
        cuts, states = np.cumsum(nodes)[:-1], np.split(arrays["states"], len(nodes))
        trees = [
            StateTree(*each)
            for each in zip(*(np.split(p, cuts) for p in parts), states, strict=True)
        ]
        if not all(is_whole(tree, len(inputs), sizes[variable]) for tree in trees):
            raise _damaged()
        of_inputs = tuple(np.split(ranks, np.cumsum(widths)[:-1]))
        return cls(marginal, strength, tuple(inputs), of_inputs, tuple(trees))


def _damaged() -> ModelFileError:
    return ModelFileError(
        "The trees of a forest must fit its columns, but they do not: the file is damaged."
    )


def _seen(
    states: np.ndarray, inputs: Sequence[int], ranks: Sequence[np.ndarray]
) -> Int[np.ndarray, "rows inputs"]:
    """Return the ranks of the inputs of each row."""
    return np.stack([rank[states[:, i]] for i, rank in zip(inputs, ranks, strict=True)], axis=1)


def _ranked(
    levels: Int[np.ndarray, " rows"], states: Int[np.ndarray, " rows"], width: int, count: int
) -> Int[np.ndarray, " levels"]:
    """Return the rank of each level on the axis on which their distributions of states differ most.

    For two states that is the order by the share of one of them (Breiman et al. 1984); for more,
    the first principal component of the shares (Coppersmith et al. 1999).
    """
    joint = np.zeros((width, count))
    np.add.at(joint, (levels, states), 1.0)
    rows = joint.sum(axis=1, keepdims=True)
    shares = (joint + joint.sum(axis=0) / len(levels)) / (rows + 1.0)
    centred = shares - joint.sum(axis=0) / len(levels)
    axis = np.linalg.eigh(centred.T @ (rows * centred))[1][:, -1]
    return np.argsort(np.argsort(centred @ axis, kind="stable"))
