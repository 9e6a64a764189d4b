"""Trees over cells as plain arrays, evaluated without branches on any device.

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

__all__ = ["LEAVES", "UNIT", "CellForest"]

#: The maximum number of leaves of a tree, one bit each.
LEAVES = 32
#: Values are stored as integer multiples of 1 / UNIT, so that their sums are the same everywhere.
UNIT = 2**20
#: Rows are padded to multiples of this, so that few programs are compiled.
_PADDED = 8_192
#: The maximum number of joint cells of features that are looked up together.
_JOINT = 128
#: Trees are padded to multiples of this, so that their words are aligned with cache lines.
_ALIGNED = 16
_ALL = np.uint32(2**32 - 1)


@dataclass(frozen=True)
class CellForest:
    """An additive model of trees and of one term for each cell, with one or several outputs.

    A tree's leaves are the bits of a word. For each tree, each cell of each feature has a mask of
    the leaves that can still be reached; the leaf of a row is the lowest bit of the conjunction of
    all its cells' masks (after QuickScorer: Lucchese et al. 2015).

    Parameters
    ----------
    sizes : tuple of int
        The number of cells of each feature.
    masks : ndarray of uint32, shape (all cells, trees)
    values : ndarray of int32, shape (trees, LEAVES)
        The values of leaves, in units of 1 / UNIT.
    terms : ndarray of int32, shape (all cells,)
        The term of each cell, in units of 1 / UNIT.
    outputs : int
        The number of outputs; tree t adds to output t modulo this.
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
    ) -> CellForest:
        """Convert trees from LightGBM's description.

        Parameters
        ----------
        trees : sequence of mapping
            ``"tree_structure"`` of each, as in ``Booster.dump_model()["tree_info"]``; at most
            LEAVES leaves each; features hold cells.
        sizes : tuple of int
            The number of cells of each feature.
        outputs : int
            The number of outputs.
        """
        masks = np.full((sum(sizes), len(trees)), _ALL, np.uint32)
        values = np.zeros((len(trees), LEAVES), np.int32)
        cells = [slice(a, b) for a, b in pairwise(np.cumsum([0, *sizes]))]
        for t, tree in enumerate(trees):
            leaves = _grow(tree["tree_structure"], [masks[part, t] for part in cells])
            values[t, : len(leaves)] = np.rint(np.array(leaves) * UNIT)
        return cls(sizes, masks, values, np.zeros(sum(sizes), np.int32), outputs)

    @classmethod
    def joined(cls, forests: Sequence[CellForest]) -> CellForest:
        """Return the sum of one or more forests over the same cells and outputs."""
        return cls(
            forests[0].sizes,
            np.concatenate([f.masks for f in forests], axis=1),
            np.concatenate([f.values for f in forests]),
            np.stack([f.terms for f in forests]).sum(axis=0, dtype=np.int32),
            forests[0].outputs,
        )

    def scaled(self, factor: float) -> CellForest:
        """Return the forest with the values of its leaves multiplied."""
        return replace(self, values=np.rint(self.values * factor).astype(np.int32))

    def arrays(self) -> dict[str, np.ndarray]:
        """Return the trees as plain arrays."""
        return {"masks": self.masks, "values": self.values}

    def __len__(self) -> int:
        return len(self.values)

    def sums(self, codes: Codes) -> tuple[np.ndarray, np.ndarray]:
        """Return the sums of each row's trees and of its terms, as float64.

        The sums of trees have the shape (rows,), or (rows, outputs) if there are several.

        Parameters
        ----------
        codes : ndarray of uint8, shape (rows, features)
            The cells of rows; a number beyond a feature's last cell counts as that.
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
        """Return the groups of features for joint lookup, and their masks, values and terms."""
        # Reorder trees so that those of each output are contiguous, padded to cache lines.
        rounds = len(self) // self.outputs
        shape, short = (rounds, self.outputs), -rounds % _ALIGNED
        turned = self.masks.reshape(-1, *shape).swapaxes(1, 2)
        filled = np.pad(turned, [(0, 0), (0, 0), (0, short)], constant_values=_ALL)
        masks = filled.reshape(len(self.masks), -1)
        leaves = self.values.reshape(*shape, LEAVES).swapaxes(0, 1)
        values = np.pad(leaves, [(0, 0), (0, short), (0, 0)]).reshape(-1, LEAVES)
        # The mask of a joint cell is the conjunction of its features' masks, its term their sum.
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
    """Return groups of features with at most `_JOINT` joint cells, the largest first.

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
    """Clear the leaves that a tree's decisions rule out from masks; return the leaves' values.

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
