"""The mean of several density trees: its probabilities, its rows given evidence, its file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float, Int

from lookalike._core.errors import ModelFileError
from lookalike.encoding import Learned
from lookalike.models._density_trees import DensityTree
from lookalike.models._state_trees import StateTree, is_whole
from lookalike.models._states import StateWeights

__all__ = ["DensityForest"]

#: The number of rows whose leaves are weighed together.
_TOGETHER = 256


@dataclass(frozen=True)
class DensityForest:
    """The mean of the distributions of several trees.

    Parameters
    ----------
    trees : tuple of DensityTree
        Of the same variables.
    """

    trees: tuple[DensityTree, ...]

    @cached_property
    def _shares(self) -> Float[np.ndarray, " leaves"]:
        """The probability of each leaf of each tree."""
        return np.concatenate([tree.shares for tree in self.trees]) / len(self.trees)

    @cached_property
    def _tables(self) -> tuple[Float[np.ndarray, "leaves states"], ...]:
        """The probability of each state in each leaf of each tree, for each variable."""
        return tuple(
            np.concatenate(tables) for tables in zip(*(t.tables for t in self.trees), strict=True)
        )

    def log_probabilities(
        self, states: Int[np.ndarray, "rows variables"]
    ) -> Float[np.ndarray, " rows"]:
        """Return the logarithm of the probability of each row."""
        each = [tree.log_probabilities(states) for tree in self.trees]
        return np.asarray(np.logaddexp.reduce(each, axis=0) - np.log(len(self.trees)))

    def filled(self, states: Int[np.ndarray, "rows variables"], fewest: int) -> DensityForest:
        """Return trees of the same splits and strength with other rows.

        Parameters
        ----------
        states : ndarray of int, shape (rows, variables)
        fewest : int
            As of `DensityTree.filled`.
        """
        return DensityForest(
            tuple(
                DensityTree.filled(t.tree, states, t.sizes, t.ranks, t.strength, fewest)
                for t in self.trees
            )
        )

    def drawn(
        self, evidence: StateWeights, uniforms: Float[np.ndarray, "rows _"]
    ) -> Int[np.ndarray, "rows variables"]:
        """Draw rows of states given evidence, exactly.

        Parameters
        ----------
        evidence : mapping of int to ndarray, shape (rows or 1, states)
            The weight of each state, by the variable; empty for ordinary rows.
        uniforms : ndarray, shape (rows, 1 + variables)
            Numbers in [0, 1) that choose a leaf and the state of each variable.
        """
        if all(len(w) == 1 for w in evidence.values()):
            return self._within(self._leaf(evidence, uniforms[:, 0]), evidence, uniforms[:, 1:])
        result = []
        for first in range(0, len(uniforms), _TOGETHER):
            part = slice(first, first + _TOGETHER)
            some = {v: w if len(w) == 1 else w[part] for v, w in evidence.items()}
            leaf = self._leaf(some, uniforms[part, 0])
            result.append(self._within(leaf, some, uniforms[part, 1:]))
        return np.concatenate(result)

    def _leaf(
        self, evidence: StateWeights, uniforms: Float[np.ndarray, " rows"]
    ) -> Int[np.ndarray, " rows"]:
        """Draw the leaf of each row by its probability given the evidence."""
        weights = np.log(self._shares)[:, None]
        with np.errstate(divide="ignore"):
            for v, given in evidence.items():
                weights = weights + np.log(_expected(self._tables[v], given))
        most = weights.max(axis=0)
        # Evidence that no leaf allows says nothing of it.
        weights = np.where(np.isfinite(most), weights, np.log(self._shares)[:, None])
        reached = np.cumsum(np.exp(weights - weights.max(axis=0)), axis=0)
        if reached.shape[1] == 1:
            wanted = uniforms * reached[-1, 0]
            return np.asarray(np.searchsorted(reached[:-1, 0], wanted, side="right"))
        return np.asarray((reached[:-1] <= uniforms * reached[-1]).sum(axis=0))

    def _within(
        self,
        leaf: Int[np.ndarray, " rows"],
        evidence: StateWeights,
        uniforms: Float[np.ndarray, "rows variables"],
    ) -> Int[np.ndarray, "rows variables"]:
        """Draw the states of rows whose leaf is known, and those of variables given evidence."""
        result = np.empty(uniforms.shape, np.int64)
        for v, table in enumerate(self._tables):
            chances = table[leaf].astype(float)
            if v in evidence:
                told = chances * evidence[v]
                chances = np.where(told.any(axis=1, keepdims=True), told, chances)
            reached = np.cumsum(chances, axis=1)
            wanted = uniforms[:, v, None] * reached[:, -1:]
            result[:, v] = (reached[:, :-1] <= wanted).sum(axis=1)
        return result

    def state(self) -> Learned:
        """Return the trees as plain values and arrays."""
        first = self.trees[0]
        trees = [tree.tree for tree in self.trees]
        arrays = {
            name: np.concatenate([getattr(tree, name) for tree in trees])
            for name in ("splits", "limits", "right", "ends")
        }
        arrays["nodes"] = np.array([len(tree.splits) for tree in trees], np.int32)
        arrays["cells"] = np.stack([tree.cells for tree in self.trees])
        arrays["ranks"] = np.concatenate(first.ranks).astype(np.int32)
        return Learned({"strength": first.strength}, arrays)

    @classmethod
    def from_state(cls, state: Learned, sizes: Sequence[int]) -> DensityForest:
        """Restore the trees from their `state`.

        Parameters
        ----------
        state : Learned
        sizes : sequence of int
            The number of states of each variable.

        Raises
        ------
        ModelFileError
            If they do not fit the variables.
        """
        arrays, strength = state.arrays, float(state.values["strength"])
        nodes, cells, ranks = (np.asarray(arrays[name]) for name in ("nodes", "cells", "ranks"))
        parts = [np.asarray(arrays[name]) for name in ("splits", "limits", "right", "ends")]
        each = np.split(ranks, np.cumsum(sizes)[:-1])
        whole = (
            0 < strength < np.inf
            and nodes.ndim == 1
            and len(nodes) > 0
            and (nodes > 0).all()
            and all(len(part) == nodes.sum() and part.dtype.kind == "i" for part in parts)
            and cells.dtype == np.uint16
            and cells.ndim == 3
            and cells.shape[::2] == (len(nodes), len(sizes))
            and (cells < np.array(sizes)).all()
            and len(ranks) == sum(sizes)
            and all(np.array_equal(np.sort(r), np.arange(len(r))) for r in each)
        )
        if not whole:
            raise _damaged()
        cuts, none = np.cumsum(nodes)[:-1], np.zeros(cells.shape[1], np.uint16)
        structures = [
            StateTree(splits, limits, right, ends, none)
            for splits, limits, right, ends in zip(
                *(np.split(part, cuts) for part in parts), strict=True
            )
        ]
        if not all(is_whole(tree, len(sizes), 1) for tree in structures):
            raise _damaged()
        found = cls(
            tuple(
                DensityTree(tree, own, tuple(sizes), tuple(each), strength)
                for tree, own in zip(structures, cells, strict=True)
            )
        )
        if not all(tree.is_open for tree in found.trees):
            raise _damaged()
        return found


def _expected(
    table: Float[np.ndarray, "leaves states"], weights: Float[np.ndarray, "rows states"]
) -> Float[np.ndarray, "leaves rows"]:
    """Return the mean weight of a state in each leaf, for each row's weights."""
    if (np.count_nonzero(weights, axis=1) == 1).all():
        known = weights.argmax(axis=1)
        return np.asarray(table[:, known] * weights[np.arange(len(known)), known])
    # Unlike those of BLAS, these sums do not depend on the number of rows.
    return np.asarray(np.einsum("ls,rs->lr", table.astype(float), weights))


def _damaged() -> ModelFileError:
    return ModelFileError(
        "The trees of a forest must fit its columns, but they do not: the file is damaged."
    )
