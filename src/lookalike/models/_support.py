"""Estimates of the number of training rows that fulfil a condition, from coarse counts.

No row is stored. Each column is divided into its levels, or by its encoding into parts with equal
numbers of rows, and rows are counted in the parts of each column and of each pair of columns.
Counts are rounded down to multiples of `min_category_count`, so that no smaller one can be
inferred; the limits of the parts follow from the encoding and are not stored.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

import numpy as np
from scipy.special import ndtr

from lookalike.encoding import Block, EncodedRows, Layout, Learned, RowCondition

__all__ = ["Count", "Support"]

#: For counts of pairs, the number of parts of a number and of single levels: the first that fit.
_SIZES = ((32, 64), (16, 32), (8, 16), (4, 8))
_MOST_CELLS = 2**18
#: The number of parts of a number in the counts of single columns.
_ALONE = 256

_Key = TypeVar("_Key")


class Count(NamedTuple):
    """The estimated number of rows that fulfil a condition.

    Parameters
    ----------
    about : float
        The estimate, for rows that are spread evenly within each part.
    most : int
        The upper limit.
    """

    about: float
    most: int


@dataclass(frozen=True)
class _Axis:
    """The division of one block into parts.

    Parameters
    ----------
    block : Block
    parts : int
        The number of parts: of a number, its intervals; of levels, the single ones and perhaps one
        for all others.
    at : ndarray of int or None, shape (width,)
        The part of each level; None for a number.
    """

    block: Block
    parts: int
    at: np.ndarray | None = None

    @property
    def cells(self) -> int:
        """The number of counts; for a number these are cumulative, one for each limit."""
        return self.parts + (self.at is None)

    def places(self, encoded: EncodedRows, layout: Layout) -> np.ndarray:
        """Return the part in which each row lies, `parts` where its cell is missing."""
        start = self.block.source_start
        if self.at is not None:
            found = self.at[encoded.codes[:, start]]
        else:
            values = encoded.floats[:, start].astype(float)
            if self.block.source == "interval":
                values = (values + encoded.floats[:, start + 1]) / 2
            shares = self.shares(values)
            found = np.minimum((shares * self.parts).astype(np.int64), self.parts - 1)
        if self.block.masked_by is not None:
            gate = layout.blocks[self.block.masked_by]
            found = np.where(encoded.codes[:, gate.source_start] == 1, self.parts, found)
        return np.asarray(found, np.int64)

    def shares(self, values: np.ndarray) -> np.ndarray:
        """Map encoded numbers monotonically to [0, 1]."""
        if self.block.source != "interval":
            values = (values + 1) / 2 if self.block.head == "tanh" else ndtr(values)
        return np.asarray(np.clip(values, 0, 1))

    def summed(self, counts: np.ndarray, axis: int) -> np.ndarray:
        """Return counts of parts, cumulative along an axis if it is of a number."""
        if self.at is not None:
            return counts
        before = [(0, 0)] * counts.ndim
        before[axis] = (1, 0)
        return np.pad(np.cumsum(counts, axis=axis), before)

    def weights(self, condition: RowCondition, index: int, *, whole: bool) -> np.ndarray:
        """Return the weight of each count in that of the rows that fulfil a condition.

        Parameters
        ----------
        condition : RowCondition
        index : int
            The index of the block in the layout.
        whole : bool
            Whether a part that fulfils the condition partially counts as a whole.

        Returns
        -------
        ndarray, shape (cells,)
        """
        if self.at is not None:
            allowed = condition.allowed[index][0].astype(float)
            share = np.bincount(self.at, allowed, self.parts)
            if whole:
                return np.asarray(share > 0, float)
            return share / np.maximum(np.bincount(self.at, minlength=self.parts), 1)
        limits = self.shares(condition.bounds[index]) * self.parts
        covered = self._touched(limits) if whole else self._covered(limits)
        return np.asarray(np.append(0.0, covered) - np.append(covered, 0.0))

    def _covered(self, limits: np.ndarray) -> np.ndarray:
        """Return the share of each part that lies within limits, shape (parts,)."""
        edges = np.arange(self.parts + 1.0)
        below = np.array([np.sum(np.clip(edge, *limits.T) - limits[:, 0]) for edge in edges])
        return np.minimum(np.diff(below), 1.0)

    def _touched(self, limits: np.ndarray) -> np.ndarray:
        """Return 1 for each part that overlaps with limits, else 0."""
        first = np.minimum(limits[:, 0].astype(int), self.parts - 1)
        last = np.clip(np.ceil(limits[:, 1]).astype(int) - 1, first, self.parts - 1)
        change = np.bincount(first, minlength=self.parts + 1)
        change = change - np.bincount(last + 1, minlength=self.parts + 1)
        return np.asarray(np.cumsum(change)[:-1] > 0, float)

    def terms(self, weights: np.ndarray) -> int:
        """Return the number of rounded counts, each of which may be too small."""
        return int(np.count_nonzero(weights > 0))


class Support:
    """Coarse counts of the training rows.

    Parameters
    ----------
    layout : Layout
    least : int
        The number of which all counts are multiples.
    singles : mapping of int to ndarray
        For the index of a block, the counts of its parts.
    pairs : mapping of tuple of int to ndarray
        For the indices of two blocks, the counts of their parts; empty if there would be too many.
    """

    def __init__(
        self,
        layout: Layout,
        least: int,
        singles: Mapping[int, np.ndarray],
        pairs: Mapping[tuple[int, int], np.ndarray],
    ) -> None:
        self.layout, self.least = layout, least
        self._singles, self._pairs = dict(singles), dict(pairs)
        self._alone = _alone(layout)
        self._axes = _axes(layout, self._singles)

    @classmethod
    def fit(cls, encoded: EncodedRows, layout: Layout, least: int) -> Support:
        """Count rows.

        Parameters
        ----------
        encoded : EncodedRows
            The training rows.
        layout : Layout
        least : int
            The smallest count that is not rounded to 0.
        """

        def rounded(counts: np.ndarray) -> np.ndarray:
            return (counts // least * least).astype(np.uint32)

        singles = {}
        for i, axis in _alone(layout).items():
            counts = np.bincount(axis.places(encoded, layout), minlength=axis.parts + 1)
            singles[i] = rounded(axis.summed(counts[: axis.parts], 0))
        pairs = {}
        axes = _axes(layout, singles)
        places = {i: axis.places(encoded, layout).astype(np.uint8) for i, axis in axes.items()}
        for i, j in itertools.combinations(axes, 2):
            one, other = axes[i], axes[j]
            shape = one.parts + 1, other.parts + 1
            counts = np.bincount(
                places[i].astype(np.intp) * shape[1] + places[j], minlength=shape[0] * shape[1]
            )
            counts = counts.reshape(shape)[: one.parts, : other.parts]
            pairs[i, j] = rounded(other.summed(one.summed(counts, 0), 1))
        return cls(layout, least, singles, pairs)

    def count(self, conditions: Sequence[RowCondition]) -> tuple[Count, tuple[int, ...]] | None:
        """Return the number of rows that fulfil the one or two most restrictive conditions.

        Parameters
        ----------
        conditions : sequence of RowCondition
            Conditions on one column each.

        Returns
        -------
        tuple of Count and tuple of int, or None
            The count, and the positions of its conditions; None if none can be counted.
        """
        at = [
            (k, index)
            for k, condition in enumerate(conditions)
            if (index := self._index(condition)) is not None
        ]
        counts: list[tuple[Count, tuple[int, ...]]]
        counts = [(self._one(conditions[k], i), (k,)) for k, i in at]
        for (k, i), (m, j) in itertools.combinations(at, 2):
            if (min(i, j), max(i, j)) in self._pairs:
                ordered = (k, i, m, j) if i < j else (m, j, k, i)
                counts.append((self._two(conditions, *ordered), (k, m)))
        return min(counts, key=lambda each: (each[0].about, each[0].most), default=None)

    def _index(self, condition: RowCondition) -> int | None:
        """Return the index of the block by which a condition is counted, or None."""
        known = [i for i in (*condition.bounds, *reversed(condition.allowed)) if i in self._alone]
        return known[0] if known else None

    def _one(self, condition: RowCondition, index: int) -> Count:
        axis, counts = self._alone[index], self._singles[index]
        part, whole = (axis.weights(condition, index, whole=which) for which in (False, True))
        lost = (self.least - 1) * axis.terms(whole)
        return Count(float(part @ counts), int(whole @ counts) + lost)

    def _two(self, conditions: Sequence[RowCondition], k: int, i: int, m: int, j: int) -> Count:
        one, other, counts = self._axes[i], self._axes[j], self._pairs[i, j].astype(float)
        parts, wholes = (
            (
                one.weights(conditions[k], i, whole=which),
                other.weights(conditions[m], j, whole=which),
            )
            for which in (False, True)
        )
        terms = one.terms(wholes[0]) * other.terms(wholes[1])
        if one.at is None and other.at is None:
            terms *= 2  # the count of a rectangle is a sum of four, two of them added
        most = int(wholes[0] @ counts @ wholes[1]) + (self.least - 1) * terms
        return Count(max(float(parts[0] @ counts @ parts[1]), 0.0), max(most, 0))

    def state(self) -> Learned:
        """Return the counts."""
        singles, pairs = (
            np.concatenate([np.zeros(0, np.uint32), *(part.ravel() for part in found)])
            for found in (self._singles.values(), self._pairs.values())
        )
        return Learned({"least": self.least}, {"singles": singles, "pairs": pairs})

    @classmethod
    def from_state(cls, state: Learned, layout: Layout) -> Support:
        """Restore the counts from `state`; raise ValueError if they do not fit the layout."""
        least = state.values["least"]
        if not isinstance(least, int) or isinstance(least, bool) or least < 1:
            raise ValueError(f"counts of training rows are multiples of {least!r}")
        alone = _alone(layout)
        sizes = {i: (axis.cells,) for i, axis in alone.items()}
        singles = _cut(state.arrays["singles"], sizes)
        axes = _axes(layout, singles)
        shapes = {
            (i, j): (axes[i].cells, axes[j].cells) for i, j in itertools.combinations(axes, 2)
        }
        return cls(layout, least, singles, _cut(state.arrays["pairs"], shapes))


def _cut(whole: np.ndarray, shapes: Mapping[_Key, tuple[int, ...]]) -> dict[_Key, np.ndarray]:
    """Cut an array into parts of given shapes."""
    ends = np.cumsum([int(np.prod(shape)) for shape in shapes.values()])
    if whole.dtype != np.uint32 or whole.shape != ((ends[-1] if len(ends) else 0),):
        raise ValueError("counts of training rows are not those of the columns")
    parts = np.split(whole, ends[:-1]) if len(ends) else []
    return {
        key: part.reshape(shape) for (key, shape), part in zip(shapes.items(), parts, strict=True)
    }


def _alone(layout: Layout) -> dict[int, _Axis]:
    """Return the divisions for counts of single blocks: of levels, and of numbers of width 1."""
    return {
        i: _Axis(block, block.width, np.arange(block.width))
        if block.source == "code"
        else _Axis(block, _ALONE)
        for i, block in enumerate(layout.blocks)
        if block.source == "code" or block.width == 1
    }


def _axes(layout: Layout, singles: Mapping[int, np.ndarray]) -> dict[int, _Axis]:
    """Return the divisions for counts of pairs of blocks, coarse enough for their total number."""
    for numbers, levels in _SIZES:
        axes = {
            i: _Axis(axis.block, numbers)
            if axis.at is None
            else _Axis(axis.block, min(axis.parts, levels), _pooled(singles[i], levels))
            for i, axis in _alone(layout).items()
        }
        cells = [axis.cells for axis in axes.values()]
        if (sum(cells) ** 2 - sum(n * n for n in cells)) // 2 <= _MOST_CELLS:
            return axes
    return {}


def _pooled(counts: np.ndarray, levels: int) -> np.ndarray:
    """Return the part of each level: its own for the most frequent, one for the others."""
    order = np.argsort(-counts.astype(np.int64), kind="stable")
    at = np.empty(len(counts), np.int64)
    at[order] = np.minimum(np.arange(len(counts)), levels - 1)
    return at
