"""Trees over cells as plain arrays, evaluated without a branch on any device.

Any content of the arrays is safe to evaluate: every index is bounded by construction.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
from jaxtyping import Int32, UInt32

from lookalike.refine._binning import Codes, JointFeatures

__all__ = ["LEAVES", "UNIT", "Forest"]

#: The most leaves of a tree: one bit each.
LEAVES = 32
#: Values are stored as whole multiples of 1 / UNIT, so that their sums are the same everywhere.
UNIT = 2**20
#: Rows are padded to multiples of this, so that few programs are compiled.
_PADDED = 8_192
#: Features of few cells are looked up as one of so many joint cells at most.
_JOINT = 128
#: Trees are padded to multiples of this, so that their words begin where cache lines do.
_ALIGNED = 16
_ALL = np.uint32(2**32 - 1)


@dataclass(frozen=True)
class Forest:
    """A sum of trees and of one term for each feature's cell, or several sums of other trees.

    A tree's leaves are the bits of a word. Each cell of each feature keeps, for each tree, the
    leaves that can still be reached from there; the row's leaf is the lowest bit left
    when the words of all its cells are combined (after QuickScorer: Lucchese et al. 2015).

    Parameters
    ----------
    sizes : tuple of int
        The cells of each feature.
    masks : ndarray of uint32, shape (all cells, trees)
    values : ndarray of int32, shape (trees, LEAVES)
        The values of leaves, in units of 1 / UNIT.
    terms : ndarray of int32, shape (all cells,)
        What a row gets for each of its cells, in units of 1 / UNIT.
    outputs : int
        How many sums there are: tree t adds to sum t modulo this.
    """

    sizes: tuple[int, ...]
    masks: UInt32[np.ndarray, "cells trees"]
    values: Int32[np.ndarray, "trees leaves"]
    terms: Int32[np.ndarray, " cells"]
    outputs: int = 1

    @classmethod
    def of_trees(
        cls,
        trees: Sequence[Mapping[str, Any]],
        sizes: tuple[int, ...],
        outputs: int = 1,
    ) -> Forest:
        """Make a forest of trees as LightGBM describes them.

        Parameters
        ----------
        trees : sequence of mapping
            ``"tree_structure"`` of each, as in ``Booster.dump_model()["tree_info"]``; at most
            LEAVES leaves each; features hold cells.
        sizes : tuple of int
            The cells of each feature.
        outputs : int
            How many sums there are.
        """
        masks = np.full((sum(sizes), len(trees)), _ALL, np.uint32)
        values = np.zeros((len(trees), LEAVES), np.int32)
        cells = [slice(a, b) for a, b in pairwise(np.cumsum([0, *sizes]))]
        for t, tree in enumerate(trees):
            leaves = _grow(tree["tree_structure"], [masks[part, t] for part in cells])
            values[t, : len(leaves)] = np.rint(np.array(leaves) * UNIT)
        return cls(sizes, masks, values, np.zeros(sum(sizes), np.int32), outputs)

    @classmethod
    def joined(cls, forests: Sequence[Forest]) -> Forest:
        """Return the sum of forests over the same cells and of as many outputs; one at least."""
        return cls(
            forests[0].sizes,
            np.concatenate([f.masks for f in forests], axis=1),
            np.concatenate([f.values for f in forests]),
            np.stack([f.terms for f in forests]).sum(axis=0, dtype=np.int32),
            forests[0].outputs,
        )

    def scaled(self, factor: float) -> Forest:
        """Return the forest with the values of its leaves multiplied."""
        return replace(self, values=np.rint(self.values * factor).astype(np.int32))

    def arrays(self) -> dict[str, np.ndarray]:
        """Return the trees as plain arrays."""
        return {"masks": self.masks, "values": self.values}

    def __len__(self) -> int:
        return len(self.values)

    def sums(self, codes: Codes) -> tuple[np.ndarray, np.ndarray]:
        """Return of each row what its trees and what its terms sum to, as float64.

        The sums of trees have the shape (rows,), or (rows, outputs) if there are several.

        Parameters
        ----------
        codes : ndarray of uint8, shape (rows, features)
            The cells of rows; those that a feature does not have count as its last.
        """
        rows = len(codes)
        if not len(self):
            shape = rows if self.outputs == 1 else (rows, self.outputs)
            return np.zeros(shape), self.terms[codes + self._starts].sum(axis=1) / UNIT
        padded = -(-rows // _PADDED) * _PADDED
        if padded != rows:
            codes = np.pad(codes, [(0, padded - rows), (0, 0)])
        trees, terms = self._evaluate(codes)
        return tuple(np.asarray(part)[:rows] / UNIT for part in (trees, terms))  # type: ignore[return-value]

    @cached_property
    def _evaluate(self) -> Callable[[Codes], tuple[Any, Any]]:
        # JAX is loaded only where trees are evaluated.
        from lookalike.refine._forest_sums import evaluator  # noqa: PLC0415

        joint, arrays = self._joined_features()
        return evaluator(joint, self.outputs, *arrays)

    @cached_property
    def _starts(self) -> np.ndarray:
        return np.cumsum(self.sizes) - self.sizes

    def _joined_features(self) -> tuple[JointFeatures, tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """Return how features are looked up together, and masks, values and terms of that."""
        # The trees of each sum stand together.
        rounds = len(self) // self.outputs
        shape, short = (rounds, self.outputs), -rounds % _ALIGNED
        turned = self.masks.reshape(-1, *shape).swapaxes(1, 2)
        filled = np.pad(turned, [(0, 0), (0, 0), (0, short)], constant_values=_ALL)
        masks = filled.reshape(len(self.masks), -1)
        leaves = self.values.reshape(*shape, LEAVES).swapaxes(0, 1)
        values = np.pad(leaves, [(0, 0), (0, short), (0, 0)]).reshape(-1, LEAVES)
        plan, words, terms, begin = [], [], [], 0
        for group in _grouped(self.sizes):
            word, term = np.full((1, len(values)), _ALL), np.zeros(1, np.int32)
            parts, step = [], int(np.prod([self.sizes[j] for j in group]))
            for j in group:
                own = slice(self._starts[j], self._starts[j] + self.sizes[j])
                word = (word[:, None] & masks[own]).reshape(-1, len(values))
                term = (term[:, None] + self.terms[own]).reshape(-1)
                step //= self.sizes[j]
                parts.append((j, self.sizes[j] - 1, step))
            plan.append((begin, tuple(parts)))
            words.append(word)
            terms.append(term)
            begin += len(word)
        arrays = np.concatenate(words), values, np.concatenate(terms)
        return tuple(plan), arrays


def _grouped(sizes: tuple[int, ...]) -> list[list[int]]:
    """Return groups of features with no more than so many joint cells, the largest first.

    Examples
    --------
    >>> _grouped((2, 100, 60, 2, 300))
    [[4], [1], [2, 0], [3]]
    """
    groups: list[list[int]] = []
    cells: list[int] = []
    for j in sorted(range(len(sizes)), key=lambda j: -sizes[j]):
        fits = [g for g, count in enumerate(cells) if count * sizes[j] <= _JOINT]
        if fits:
            groups[fits[0]].append(j)
            cells[fits[0]] *= sizes[j]
        else:
            groups.append([j])
            cells.append(sizes[j])
    return groups


def _grow(node: Mapping[str, Any], masks: list[np.ndarray], first: int = 0) -> list[float]:
    """Take from the masks what a tree's decisions rule out; return the values of its leaves.

    Parameters
    ----------
    node : mapping
        The root of a tree, or of a branch whose leaves are numbered from `first`.
    masks : list of ndarray of uint32, each of shape (cells,)
        One tree's column for each feature, changed in place.
    """
    if "left_child" not in node:
        return [float(node["leaf_value"])]
    left = _grow(node["left_child"], masks, first)
    right = _grow(node["right_child"], masks, first + len(left))
    words = [
        np.uint32(((1 << len(part)) - 1) << at)
        for part, at in ((left, first), (right, first + len(left)))
    ]
    own = masks[node["split_feature"]]
    goes_left = _goes_left(node, len(own))
    own[goes_left] &= ~words[1]
    own[~goes_left] &= ~words[0]
    return left + right


def _goes_left(node: Mapping[str, Any], cells: int) -> np.ndarray:
    if node["decision_type"] == "==":
        chosen = [int(cell) for cell in str(node["threshold"]).split("||")]
        return np.isin(np.arange(cells), chosen)
    return np.arange(cells) <= float(node["threshold"])
