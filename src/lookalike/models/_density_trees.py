"""Trees that divide rows into boxes in which discrete variables are independent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float, Int

from lookalike.models._state_trees import StateTree

__all__ = ["DensityTree", "ranked"]

#: The weight of a leaf or of a state without any row, in rows.
_LEAST = 1e-3


@dataclass(frozen=True)
class DensityTree:
    """A tree whose leaves are boxes, each with a product of distributions of variables.

    In a node with n rows of d different states of a variable, the share n / (n + strength · d) of
    the probability is that of their states, and the rest is the distribution of the node above it,
    as in `ColumnTrees`. That of a leaf is cut to its box.

    Parameters
    ----------
    tree : StateTree
        The splits, and the rows of each node; its states are those of no variable, but 0.
    cells : ndarray of uint16, shape (rows, variables)
        The states of rows in the order of leaves; those of each variable ascend within each leaf,
        which has several rows, so that none of them is kept.
    sizes : tuple of int
        The number of states of each variable.
    ranks : tuple of ndarray of int
        For each variable, the rank of each state, by which trees split it.
    strength : float
        The weight of the node above, in rows for each different state.
    """

    tree: StateTree
    cells: Int[np.ndarray, "rows variables"]
    sizes: tuple[int, ...]
    ranks: tuple[np.ndarray, ...]
    strength: float

    @classmethod
    def filled(
        cls,
        tree: StateTree,
        states: Int[np.ndarray, "rows variables"],
        sizes: tuple[int, ...],
        ranks: tuple[np.ndarray, ...],
        strength: float,
        fewest: int,
    ) -> DensityTree:
        """Return a tree with the splits of another and the states of rows.

        Parameters
        ----------
        tree : StateTree
        states : ndarray of int, shape (rows, variables)
        sizes, ranks, strength : object
            As of the class.
        fewest : int
            Splits that leave fewer rows than this on a side are undone: a leaf with one row would
            hold that row.
        """
        seen, none = ranked(states, ranks), np.zeros(len(states), np.uint16)
        kept = _pruned(tree.filled(seen, none), fewest)
        leaf = kept.leaves(seen)
        cells = [own[np.lexsort([own, leaf])] for own in states.T]
        return cls(kept, np.stack(cells, axis=1).astype(np.uint16), sizes, ranks, strength)

    @cached_property
    def leaves(self) -> Int[np.ndarray, " leaves"]:
        """The nodes that are leaves, in their order."""
        return np.flatnonzero(self.tree.splits < 0)

    @cached_property
    def shares(self) -> Float[np.ndarray, " leaves"]:
        """The probability of each leaf."""
        rows = np.diff(self.tree.ends[self.leaves], axis=1)[:, 0] + _LEAST
        return np.asarray(rows / rows.sum())

    @property
    def is_open(self) -> bool:
        """Whether every leaf has room for a state of each variable."""
        return all((low <= high).all() for low, high in self._boxes)

    @cached_property
    def tables(self) -> tuple[Float[np.ndarray, "leaves states"], ...]:
        """The probability of each state in each leaf, for each variable."""
        rows = np.diff(self.tree.ends[self.leaves], axis=1)[:, 0]
        leaf = np.repeat(np.arange(len(rows)), rows)
        tables = []
        for v, (size, rank) in enumerate(zip(self.sizes, self.ranks, strict=True)):
            counts = np.bincount(leaf * size + self.cells[:, v], minlength=len(rows) * size)
            smooth = self._smoothed(counts.reshape(len(rows), size))
            low, high = self._boxes[v]
            inside = (rank >= low[:, None]) & (rank <= high[:, None])
            cut = np.where(inside, smooth, 0.0)
            tables.append((cut / cut.sum(axis=1, keepdims=True)).astype(np.float32))
        return tuple(tables)

    def _smoothed(
        self, counts: Float[np.ndarray, "leaves states"]
    ) -> Float[np.ndarray, "leaves states"]:
        """Return the distributions of leaves from their counts and those of the nodes above."""
        first, last = self._spans
        # The leaves of a node are neighbours: its counts are a difference of running totals.
        totals = np.concatenate([np.zeros((1, counts.shape[1])), np.cumsum(counts, axis=0)])
        own = totals[last + 1] - totals[first]
        above = self.strength * np.maximum((own > 0).sum(axis=1, keepdims=True), 1)
        rows, parents = own.sum(axis=1, keepdims=True), self.tree.parents
        chances = np.empty(own.shape)
        marginal = (own[0] + _LEAST) / (own[0] + _LEAST).sum()
        for nodes in self._levels:
            before = chances[parents[nodes]] if nodes[0] else marginal
            chances[nodes] = (own[nodes] + above[nodes] * before) / (rows[nodes] + above[nodes])
        return np.asarray(chances[self.leaves])

    @cached_property
    def _levels(self) -> list[np.ndarray]:
        """The nodes of each depth, from the root on."""
        levels, nodes = [], np.zeros(1, np.int64)
        while len(nodes):
            levels.append(nodes)
            inner = nodes[self.tree.splits[nodes] >= 0]
            nodes = np.concatenate([inner + 1, self.tree.right[inner]])
        return levels

    @cached_property
    def _spans(self) -> tuple[np.ndarray, np.ndarray]:
        """The first and the last leaf below each node."""
        first: np.ndarray = np.cumsum(self.tree.splits < 0) - (self.tree.splits < 0)
        last: np.ndarray = first.copy()
        for nodes in self._levels[::-1]:
            inner = nodes[self.tree.splits[nodes] >= 0]
            last[inner] = last[self.tree.right[inner]]
        return first, last

    @cached_property
    def _boxes(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """The least and the greatest rank in each leaf, for each variable."""
        nodes, width = len(self.tree.splits), len(self.sizes)
        low = np.zeros((nodes, width), np.int32)
        high = np.tile(np.array(self.sizes, np.int32) - 1, (nodes, 1))
        for at in self._levels[:-1]:
            inner = at[self.tree.splits[at] >= 0]
            left, right, v = inner + 1, self.tree.right[inner], self.tree.splits[inner]
            for child in (left, right):
                low[child], high[child] = low[inner], high[inner]
            high[left, v] = np.minimum(high[left, v], self.tree.limits[inner])
            low[right, v] = np.maximum(low[right, v], self.tree.limits[inner] + 1)
        return list(zip(low[self.leaves].T, high[self.leaves].T, strict=True))

    def log_probabilities(
        self, states: Int[np.ndarray, "rows variables"]
    ) -> Float[np.ndarray, " rows"]:
        """Return the logarithm of the probability of each row, which lies in one leaf."""
        place = np.searchsorted(self.leaves, self.tree.leaves(ranked(states, self.ranks)))
        logs = np.log(self.shares[place])
        for table, own in zip(self.tables, states.T, strict=True):
            logs += np.log(table[place, own])
        return np.asarray(logs)


def _pruned(tree: StateTree, fewest: int) -> StateTree:
    """Return a tree without the splits that leave fewer rows than `fewest` on a side."""
    rows = np.diff(tree.ends, axis=1)[:, 0]
    splits, reached = tree.splits.copy(), np.zeros(len(rows), bool)
    reached[0] = True
    # Each node comes before those below it.
    for node in np.flatnonzero(splits >= 0):
        children = [node + 1, tree.right[node]]
        if reached[node] and rows[children].min() >= fewest:
            reached[children] = True
        else:
            splits[node] = -1
    number = np.cumsum(reached) - 1
    inner = splits[reached] >= 0
    return StateTree(
        splits[reached],
        np.where(inner, tree.limits[reached], 0),
        np.where(inner, number[tree.right[reached]], 0).astype(tree.right.dtype),
        tree.ends[reached],
        tree.states,
    )


def ranked(
    states: Int[np.ndarray, "rows variables"], ranks: Sequence[np.ndarray]
) -> Int[np.ndarray, "rows variables"]:
    """Return the rank of each state.

    Parameters
    ----------
    states : ndarray of int, shape (rows, variables)
    ranks : sequence of ndarray of int
        For each variable, the rank of each state.
    """
    return np.stack([rank[own] for rank, own in zip(ranks, states.T, strict=True)], axis=1)
