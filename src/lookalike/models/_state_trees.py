"""A classification tree whose nodes hold the states of a discrete variable."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from jaxtyping import Float, Int

__all__ = ["StateTree", "chances", "is_whole"]


@dataclass(frozen=True)
class StateTree:
    """A binary tree, and the states of the rows in each of its nodes.

    Nodes are numbered from the root on, each before those below it, the left ones first: the rows
    of every node are neighbours in the order of leaves.

    Parameters
    ----------
    splits : ndarray of int, shape (nodes,)
        The input by which a node is split; -1 for a leaf.
    limits : ndarray of int, shape (nodes,)
        The rows whose rank is at most this go to the left.
    right : ndarray of int, shape (nodes,)
        The right child; the left one is the next node.
    ends : ndarray of int, shape (nodes, 2)
        The first row of each node in the order of leaves, and the one after its last.
    states : ndarray of uint16, shape (rows,)
        The states of rows in the order of leaves, ascending within each.
    """

    splits: Int[np.ndarray, " nodes"]
    limits: Int[np.ndarray, " nodes"]
    right: Int[np.ndarray, " nodes"]
    ends: Int[np.ndarray, "nodes 2"]
    states: Int[np.ndarray, " rows"]

    @cached_property
    def parents(self) -> Int[np.ndarray, " nodes"]:
        """The parent of each node; the root is its own."""
        parents = np.zeros(len(self.splits), np.int64)
        inner = np.flatnonzero(self.splits >= 0)
        parents[inner + 1] = inner
        parents[self.right[inner]] = inner
        return parents

    @cached_property
    def distinct(self) -> Int[np.ndarray, " nodes"]:
        """The number of different states of each node, at least 1."""
        occurs = np.zeros((len(self.splits), int(self.states.max(initial=0)) + 1), bool)
        leaves = np.flatnonzero(self.splits < 0)
        sizes = np.diff(self.ends[leaves], axis=1)[:, 0]
        occurs[np.repeat(leaves, sizes), self.states] = True
        for node in np.flatnonzero(self.splits >= 0)[::-1]:
            occurs[node] = occurs[node + 1] | occurs[self.right[node]]
        return np.asarray(np.maximum(occurs.sum(axis=1), 1))

    def leaves(self, ranks: Int[np.ndarray, "rows inputs"]) -> Int[np.ndarray, " rows"]:
        """Return the leaf of each row."""
        node, rows = np.zeros(len(ranks), np.int64), np.arange(len(ranks))
        while len(rows):
            at = node[rows]
            rows, at = rows[self.splits[at] >= 0], at[self.splits[at] >= 0]
            left = ranks[rows, self.splits[at]] <= self.limits[at]
            node[rows] = np.where(left, at + 1, self.right[at])
        return node

    def filled(self, ranks: Int[np.ndarray, "rows inputs"], states: np.ndarray) -> StateTree:
        """Return the same tree with other rows."""
        leaf = self.leaves(ranks)
        order = np.lexsort([states, leaf])
        begin = np.searchsorted(leaf[order], np.arange(len(self.splits)), side="left")
        end = np.searchsorted(leaf[order], np.arange(len(self.splits)), side="right")
        for node in np.flatnonzero(self.splits >= 0)[::-1]:
            begin[node], end[node] = begin[node + 1], end[self.right[node]]
        ends = np.stack([begin, end], axis=1)
        kept = states[order].astype(np.uint16)
        return StateTree(self.splits, self.limits, self.right, ends, kept)

    def drawn(
        self, ranks: Int[np.ndarray, "rows inputs"], strength: float, uniforms: np.ndarray
    ) -> Int[np.ndarray, " rows"]:
        """Draw a state for each row from its leaf or a node above it; -1 above the root.

        Parameters
        ----------
        ranks : ndarray of int, shape (rows, inputs)
        strength : float
            The weight of a node's parent, in rows for each different state.
        uniforms : ndarray, shape (rows, 2)
            Numbers in [0, 1): the first chooses a node, the second a state.
        """
        return self.drawn_from(self.leaves(ranks), strength, uniforms)

    def drawn_from(
        self, leaves: Int[np.ndarray, " rows"], strength: float, uniforms: np.ndarray
    ) -> Int[np.ndarray, " rows"]:
        """Draw as `drawn` does, for rows whose leaves are known."""
        node, which = leaves.copy(), uniforms[:, 0].copy()
        result, rows = np.full(len(leaves), -1), np.arange(len(leaves))
        sizes = np.diff(self.ends, axis=1)[:, 0]
        while len(rows):
            at = node[rows]
            share = sizes[at] / (sizes[at] + strength * self.distinct[at])
            stays = which[rows] < share
            chosen, of = rows[stays], at[stays]
            place = self.ends[of, 0] + (uniforms[chosen, 1] * sizes[of]).astype(np.int64)
            result[chosen] = self.states[np.minimum(place, self.ends[of, 1] - 1)]
            # A row that goes up has a fresh uniform number above the share.
            goes = ~stays & (at > 0)
            rows, share = rows[goes], share[goes]
            which[rows] = (which[rows] - share) / (1 - share)
            node[rows] = self.parents[at[goes]]
        return result

    def means(self, strength: float, above: float) -> Float[np.ndarray, " nodes"]:
        """Return the mean state that is drawn from each node, `above` being that above the root."""
        sums = np.concatenate([[0.0], np.cumsum(self.states, dtype=float)])
        totals, sizes = (sums[self.ends[:, 1]] - sums[self.ends[:, 0]], np.diff(self.ends)[:, 0])
        weights = strength * self.distinct
        result = np.empty(len(self.splits))
        for node, parent in enumerate(self.parents):
            up = result[parent] if node else above
            result[node] = (totals[node] + weights[node] * up) / (sizes[node] + weights[node])
        return result

    def paths(
        self, ranks: Int[np.ndarray, "rows inputs"]
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield rows and their nodes, level by level from the root to the leaves."""
        node, rows = np.zeros(len(ranks), np.int64), np.arange(len(ranks))
        while len(rows):
            yield rows, node
            inner = self.splits[node] >= 0
            rows, node = rows[inner], node[inner]
            left = ranks[rows, self.splits[node]] <= self.limits[node]
            node = np.where(left, node + 1, self.right[node])

    @classmethod
    def grown(
        cls,
        ranks: Int[np.ndarray, "rows inputs"],
        labels: Int[np.ndarray, " rows"],
        leaf: int,
        seed: int,
    ) -> StateTree:
        """Choose splits that tell labels apart; no rows are kept."""
        from sklearn.tree import DecisionTreeClassifier  # noqa: PLC0415 - slow to import

        model = DecisionTreeClassifier(
            criterion="entropy",
            min_samples_leaf=min(leaf, max(len(ranks) // 2, 1)),
            random_state=seed,
        )
        return cls.of(model.fit(ranks.astype(np.float32), labels).tree_)

    @classmethod
    def of(cls, tree: Any) -> StateTree:
        """Return the splits of a fitted tree of scikit-learn; no rows are kept.

        Parameters
        ----------
        tree : sklearn.tree._tree.Tree
        """
        inner = tree.children_left >= 0
        return cls(
            np.where(inner, tree.feature, -1).astype(np.int32),
            np.where(inner, np.floor(tree.threshold), 0).astype(np.int32),
            np.where(inner, tree.children_right, 0).astype(np.int32),
            np.zeros((len(inner), 2), np.int64),
            np.zeros(0, np.uint16),
        )


def chances(
    tree: StateTree,
    known: tuple[np.ndarray, np.ndarray],
    asked: tuple[np.ndarray, np.ndarray],
    strengths: Float[np.ndarray, " strengths"],
    marginal: Float[np.ndarray, " states"],
) -> Float[np.ndarray, "strengths rows"]:
    """Return the probability of each row's own state, for several weights of parents.

    Parameters
    ----------
    tree : StateTree
    known, asked : tuple of ndarray
        The ranks and the states of the rows in the tree, and of those whose probability is wanted.
    strengths : ndarray, shape (strengths,)
    marginal : ndarray, shape (states,)
        The distribution above the root.
    """
    states, width = asked[1], len(marginal)
    result = np.tile(marginal[states], (len(strengths), 1))
    for (own, of_own), (rows, node) in zip(
        tree.paths(known[0]), tree.paths(asked[0]), strict=False
    ):
        cells, counts = np.unique(of_own * width + known[1][own], return_counts=True)
        sizes = np.bincount(of_own, minlength=len(tree.splits))[node]
        # The weight of the node above grows with the number of different states, as they are
        # what others are to be expected from.
        above = strengths[:, None] * np.bincount(cells // width, minlength=len(tree.splits))[node]
        above = np.maximum(above, strengths[:, None])
        wanted = node * width + states[rows]
        at = np.minimum(np.searchsorted(cells, wanted), len(cells) - 1)
        found = np.where(cells[at] == wanted, counts[at], 0)
        result[:, rows] = (found + above * result[:, rows]) / (sizes + above)
    return result


def is_whole(tree: StateTree, inputs: int, count: int) -> bool:
    """Return whether every row finds a leaf, and every leaf states."""
    nodes, rows = np.arange(len(tree.splits)), len(tree.states)
    inner = tree.splits >= 0
    if tree.ends.shape != (len(nodes), 2) or inner[-1]:
        return False
    first, after = tree.ends.T
    reached = np.concatenate([[0], after[~inner]])
    return bool(
        tree.states.dtype == np.uint16
        and (tree.states < count).all()
        and ((tree.splits >= -1) & (tree.splits < inputs)).all()
        and ((tree.right > nodes + 1) & (tree.right < len(nodes)))[inner].all()
        # The rows of leaves follow each other, and those of a node are those of its children.
        and (np.diff(reached) >= 0).all()
        and reached[-1] == rows
        and np.array_equal(first[~inner], reached[:-1])
        and np.array_equal(first[inner], first[nodes[inner] + 1])
        and np.array_equal(after[inner], after[tree.right[inner]])
    )
