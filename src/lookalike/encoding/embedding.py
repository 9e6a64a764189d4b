"""Columns of many levels as a few numbers, without the width of a one-hot encoding."""

from __future__ import annotations

from typing import ClassVar, Self

import numpy as np
import pyarrow as pa
from scipy.sparse import csr_array
from scipy.special import ndtr

from lookalike._core.bounds import whole
from lookalike._core.learned import Learned
from lookalike._core.rows import Rows
from lookalike.encoding._base import ComparingEncoding, Context
from lookalike.encoding._layout import Block, EncodedRows, SampledRows
from lookalike.encoding._limits import limits_of
from lookalike.tables import Column, Kind
from lookalike.tables.values.levels import Levels

__all__ = ["Embedding"]

#: The prior of a level's mean of another column: this many rows at the overall mean.
_PRIOR_ROWS = 5.0
#: The greatest number of levels for one axis, and for two; more levels get three.
_ONE_AXIS, _TWO_AXES, _MOST_AXES = 64, 4096, 3
#: The greatest probability: added to an index up to 2**22 it does not round up to the next.
_BELOW_ONE = 1 - 1e-9


class Embedding(ComparingEncoding):
    """Levels placed along a few axes of association, each axis exactly N(0, 1).

    Levels associated with similar values of the other columns lie near each other: their means of
    the other columns' encoded numbers (shrunk towards the overall mean) are projected on the
    leading principal components, weighted by frequency. Along the first component the levels are
    cut into groups of nearly equal mass, each group along the second, and so on (a discrete
    Rosenblatt transform). A level's position on an axis is the interval of its group's cumulative
    probability within the group before, drawn as in `Quantile`; so every axis is N(0, 1),
    independent of the others where nothing else is known, and decoding is an exact lookup. State
    and time grow with the number of levels alone.

    Parameters
    ----------
    min_count : int, default 2
        Rarer levels share one position; where that is decoded, a kept level is drawn by frequency.
        1 keeps all.

    Examples
    --------
    >>> from lookalike.encoding import sample_encoded
    >>> values = pa.array(["a", "b", "c", "a", "b", "c"])
    >>> encoding = Embedding().fit(values, Column("code", Kind.CATEGORICAL, "string"))
    >>> drawn = sample_encoded(encoding.encode(values), encoding.layout, np.random.default_rng(0))
    >>> encoding.decode(drawn).to_pylist()
    ['a', 'b', 'c', 'a', 'b', 'c']
    """

    name: ClassVar[str] = "embedding"
    kinds: ClassVar[frozenset[Kind]] = frozenset(kind for kind in Kind if kind.is_learned)
    pools: ClassVar[bool] = True

    def __init__(self, min_count: int = 2) -> None:
        self.min_count = min_count

    def fit(self, values: pa.Array, column: Column, context: Context | None = None) -> Self:
        """Learn the levels and their positions.

        Parameters
        ----------
        values : pyarrow.Array, shape (n,)
            The present cells.
        column : Column
            The column of the cells.
        context : Context, optional
            A sample of cells and the other columns' numbers in the same rows; without it,
            levels are ordered by frequency.
        """
        self._column = column.name
        self._levels = Levels.of(values, column.kind, self.min_count)
        axes = 1 + (self._levels.count > _ONE_AXIS) + (self._levels.count > _TWO_AXES)
        points = _points(self._levels, axes, context)
        self._places, self._limits = _place(self._levels.masses, points)
        return self

    @property
    def _axes(self) -> int:
        return int(self._limits.shape[1]) // 2

    @property
    def blocks(self) -> tuple[Block, ...]:
        return tuple(
            Block(self._column, f"axis {axis}", "interval", 2 * axis, axis, 1, "linear")
            for axis in range(self._axes)
        )

    @property
    def known(self) -> pa.Array:
        return self._levels.values

    def encode(self, values: pa.Array) -> EncodedRows:
        place_of = np.empty(len(self._places), np.int64)
        place_of[self._places] = np.arange(len(self._places))
        floats = self._limits[place_of[self._levels.codes(values)]]
        return EncodedRows(floats, np.zeros((len(values), 0), np.int32))

    def decode_rows(self, drawn: SampledRows, rows: Rows) -> pa.Array:
        at = np.zeros(len(drawn.numbers), np.int64)
        for axis, edges in enumerate(_edges(self._limits)):
            u = np.minimum(ndtr(drawn.numbers[:, axis].astype(np.float64)), _BELOW_ONE)
            at = np.searchsorted(edges, at + u, side="right") - 1
        return self._levels.array(self._levels.settle(self._places[at], rows))

    def state(self) -> Learned:
        arrays = {"shares": self._levels.shares, "places": self._places, "limits": self._limits}
        return Learned({"min_count": self.min_count} | self._levels.to_dict(), arrays)

    @classmethod
    def from_state(cls, state: Learned, column: Column) -> Self:
        self = cls(int(state.values["min_count"]))
        self._column = column.name
        self._levels = Levels.from_dict(state.values, state.arrays["shares"])
        self._places, self._limits = state.arrays["places"], state.arrays["limits"]
        count = self._levels.count
        axes = whole(self._axes, 1, _MOST_AXES, "the number of axes")
        if self._limits.shape != (count, 2 * axes) or not np.isfinite(self._limits).all():
            raise ValueError("the limits of levels do not belong to them")
        if not np.array_equal(np.sort(self._places), np.arange(count)):
            raise ValueError("each level must have one position")
        return self


def _points(levels: Levels, axes: int, context: Context | None) -> np.ndarray:
    """Return the coordinates of each level, shape (levels, axes)."""
    points = np.zeros((levels.count, axes))
    if context is None:
        return points
    # Means of the other columns by level, shrunk to the overall mean, shape (levels, d).
    codes = levels.codes(context.cells)
    rows = np.flatnonzero(codes >= 0)
    member = csr_array((np.ones(len(rows)), (codes[rows], rows)), (levels.count, len(codes)))
    numbers = context.numbers - context.numbers.mean(axis=0)
    counts = np.bincount(codes[rows], minlength=levels.count)
    means = (member @ numbers) / (counts + _PRIOR_ROWS)[:, None]
    # Their leading principal components, weighted by frequency.
    _, vectors = np.linalg.eigh((means * levels.masses[:, None]).T @ means)
    leading = vectors[:, ::-1][:, :axes]
    # An eigenvector's sign is arbitrary: its greatest component is made positive.
    greatest = np.abs(leading).argmax(axis=0)
    leading = leading * np.sign(leading[greatest, np.arange(leading.shape[1])])
    points[:, : leading.shape[1]] = means @ leading
    return points


def _place(masses: np.ndarray, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Cut levels into nested groups of nearly equal mass, along one axis after another.

    Parameters
    ----------
    masses : ndarray, shape (levels,)
    points : ndarray, shape (levels, axes)

    Returns
    -------
    places : ndarray of int64, shape (levels,)
        The code of the level at each position.
    limits : ndarray of float32, shape (levels, 2 * axes)
        The limits of the interval on each axis, for the level at each position.
    """
    count, axes = points.shape
    groups_per_axis = int(np.ceil(count ** (1 / axes)))
    limits = np.empty((count, 2 * axes), np.float32)
    cell = np.zeros(count, np.int64)
    for axis in range(axes):
        # Groups of the axes before, each sorted along this axis.
        order = np.lexsort([points[:, axis], cell])
        cells = np.split(order, np.flatnonzero(np.diff(cell[order])) + 1)
        cells_so_far = 0
        for members in cells:
            group = np.arange(len(members))
            if axis < axes - 1:
                group = _equal_masses(masses[members], groups_per_axis)
            # Cumulative probabilities of the new groups within their parent group.
            edges = limits_of(np.bincount(group, masses[members]))
            limits[members, 2 * axis] = edges[group]
            limits[members, 2 * axis + 1] = edges[group + 1]
            cell[members] = cells_so_far + group
            cells_so_far += int(group[-1]) + 1
    places = np.argsort(cell)
    return places, limits[places]


def _equal_masses(masses: np.ndarray, groups: int) -> np.ndarray:
    """Return the group number of each level, in order: 0, …, without gaps."""
    middle = (np.cumsum(masses) - masses / 2) / masses.sum()
    group = np.minimum((middle * groups).astype(np.int64), groups - 1)
    return np.unique(group, return_inverse=True)[1]


def _edges(limits: np.ndarray) -> list[np.ndarray]:
    """Return the start of each group, by axis: the index of its parent plus its lower limit."""
    edges = []
    parent = np.zeros(len(limits), np.int64)
    for axis in range(limits.shape[1] // 2):
        low = limits[:, 2 * axis].astype(np.float64)
        begins = np.flatnonzero(np.append(True, (np.diff(parent) != 0) | (np.diff(low) != 0)))
        edges.append(parent[begins] + low[begins])
        parent = np.searchsorted(begins, np.arange(len(limits)), side="right") - 1
    return edges
