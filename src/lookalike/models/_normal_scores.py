"""The map between encoded rows and latent normal variables, one per block, for copulas."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float
from scipy.sparse import csr_array
from scipy.special import ndtr, ndtri
from scipy.stats import norm

from lookalike._core.errors import ModelFileError
from lookalike.encoding import Z_MAX, EncodedRows, Layout, Learned, RowCondition, SampledRows

__all__ = ["Intervals", "NormalScores"]

Scores = Float[np.ndarray, "rows blocks"]
#: The lower and upper limits of the intervals of a normal variable, shape (rows, intervals) each.
Intervals = tuple[np.ndarray, np.ndarray]

#: Intervals of probability narrower than this have the score of their midpoint.
_NARROW = 1e-7


@dataclass(frozen=True)
class NormalScores:
    """A map between encoded rows and standard normal variables.

    A number is Φ⁻¹ of its cumulative probability; a level is an interval of cumulative
    probability, as long as its share of the rows. Levels are ordered so that neighbours occur with
    similar values of other columns.

    Parameters
    ----------
    layout : Layout
        A layout whose blocks are levels, or numbers that are drawn within intervals.
    orders : mapping of int to ndarray of int32, shape (levels,)
        For the index of a block, its levels in order.
    cuts : mapping of int to ndarray, shape (levels + 1,)
        For the index of a block, the cumulative probabilities between which its levels lie.
    """

    layout: Layout
    orders: Mapping[int, np.ndarray]
    cuts: Mapping[int, np.ndarray]

    @classmethod
    def fit(cls, rows: EncodedRows, layout: Layout) -> NormalScores:
        """Learn the shares and the order of levels."""
        widths = {i: b.width for i, b in enumerate(layout.blocks) if b.head == "softmax"}
        orders = {i: np.arange(width, dtype=np.int32) for i, width in widths.items()}
        first = cls(layout, orders, {i: _cuts(rows, layout, i, orders[i]) for i in widths})
        scores, _ = first.of_rows(rows)
        for i, width in widths.items():
            if width > 2:
                codes = rows.codes[:, layout.blocks[i].source_start]
                orders[i] = _order(codes, np.delete(scores, i, axis=1), width)
        return cls(layout, orders, {i: _cuts(rows, layout, i, orders[i]) for i in widths})

    def of_rows(self, rows: EncodedRows) -> tuple[Scores, Bool[np.ndarray, "rows blocks"]]:
        """Return the mean of each normal variable given its cell, and the cells that are present.

        Parameters
        ----------
        rows : EncodedRows
            Rows to transform.
        """
        scores = np.zeros((len(rows.floats), len(self.layout.blocks)))
        present = np.ones(scores.shape, bool)
        for i in range(len(self.layout.blocks)):
            low, high, present[:, i] = self.cells(rows, i)
            scores[:, i] = np.where(present[:, i], _means(low, high), 0.0)
        return scores, present

    def cells(
        self, rows: EncodedRows, index: int
    ) -> tuple[Float[np.ndarray, " rows"], Float[np.ndarray, " rows"], Bool[np.ndarray, " rows"]]:
        """Return the cumulative probabilities between which cells lie, and which are present.

        Parameters
        ----------
        rows : EncodedRows
        index : int
            That of a block.
        """
        at = self.layout.blocks[index].source_start
        if self.layout.blocks[index].head == "softmax":
            rank = np.argsort(self.orders[index])[rows.codes[:, at]]
            low, high = self.cuts[index][rank], self.cuts[index][rank + 1]
        else:
            low, high = rows.floats[:, at : at + 2].T.astype(float)
        return low, high, _present(rows, self.layout, index)

    def to_rows(self, z: Scores) -> SampledRows:
        """Return the rows of normal variables; numbers of missing cells are 0."""
        layout, starts = self.layout, self.layout.drawn_starts
        numbers = np.empty((len(z), layout.numbers), np.float32)
        levels = np.empty((len(z), layout.softmaxes), np.int32)
        for i, order in self.orders.items():
            rank = np.searchsorted(self.cuts[i][1:-1], ndtr(z[:, i]), side="right")
            levels[:, starts[i]] = order[rank]
        for i, block in enumerate(layout.blocks):
            if block.head != "softmax":
                numbers[:, starts[i]] = np.clip(z[:, i], -Z_MAX, Z_MAX)
                if block.masked_by is not None:
                    numbers[levels[:, starts[block.masked_by]] == 1, starts[i]] = 0
        return SampledRows(numbers, levels)

    def intervals(self, condition: RowCondition) -> dict[int, Intervals]:
        """Return, by block, the intervals to which a condition restricts normal variables.

        An interval whose upper limit is below its lower one is ruled out.
        """
        limits: dict[int, Intervals] = {}
        for i, allowed in condition.allowed.items():
            limits[i] = _runs(allowed[:, self.orders[i]], ndtri(self.cuts[i]))
        for i, bounds in condition.bounds.items():
            low, high = ndtri(np.clip(bounds, 0.0, 1.0)).T
            limits[i] = low[:, None], high[:, None]
        return limits

    def state(self) -> Learned:
        """Return the learned arrays."""
        orders = {f"order {i}": order for i, order in self.orders.items()}
        return Learned({}, {**orders, **{f"cuts {i}": cuts for i, cuts in self.cuts.items()}})

    @classmethod
    def from_state(cls, state: Learned, layout: Layout) -> NormalScores:
        """Restore the map from its `state`.

        Raises
        ------
        ModelFileError
            If it does not fit the layout.
        """
        orders, cuts = {}, {}
        for i, block in enumerate(layout.blocks):
            if block.head == "softmax":
                orders[i], cuts[i] = state.arrays[f"order {i}"], state.arrays[f"cuts {i}"]
                whole = sorted(orders[i].tolist()) == list(range(block.width))
                rises = cuts[i].shape == (block.width + 1,) and (np.diff(cuts[i]) >= 0).all()
                if not whole or not rises or cuts[i][0] != 0 or cuts[i][-1] != 1:
                    raise ModelFileError(f"The levels of {block.column!r} are damaged.")
        return cls(layout, orders, cuts)


def _present(rows: EncodedRows, layout: Layout, index: int) -> np.ndarray:
    gate = layout.blocks[index].masked_by
    if gate is None:
        return np.ones(len(rows.codes), bool)
    return np.asarray(rows.codes[:, layout.blocks[gate].source_start] == 0)


def _cuts(rows: EncodedRows, layout: Layout, index: int, order: np.ndarray) -> np.ndarray:
    """Return the cumulative shares of levels in an order, from 0 to 1."""
    codes = rows.codes[_present(rows, layout, index), layout.blocks[index].source_start]
    shares = np.bincount(codes, minlength=len(order))[order] / max(len(codes), 1)
    cuts = np.concatenate([[0.0], np.cumsum(shares)])
    cuts[-1] = 1.0
    return cuts


def _order(codes: np.ndarray, others: Scores, levels: int) -> np.ndarray:
    """Return the levels of a column along the axis on which the means of the others differ most.

    Parameters
    ----------
    codes : ndarray of int, shape (rows,)
        The level of each row.
    others : ndarray, shape (rows, columns)
        The scores of the other columns.
    levels : int
    """
    if not others.shape[1]:
        return np.arange(levels, dtype=np.int32)
    of_level = csr_array(
        (np.ones(len(codes)), (codes, np.arange(len(codes)))), (levels, len(codes))
    )
    counts = np.maximum(of_level.sum(axis=1), 1.0)
    means = of_level @ (others - others.mean(axis=0)) / counts[:, None]
    # The first principal component of the means, each weighted by its number of rows.
    spread = means.T @ (counts[:, None] * means)
    axis = np.linalg.eigh(spread)[1][:, -1]
    return np.argsort(means @ axis, kind="stable").astype(np.int32)


def _runs(fits: np.ndarray, ends: np.ndarray) -> Intervals:
    """Return the pieces of neighbouring levels that fit, as many as the row with most has.

    Parameters
    ----------
    fits : ndarray of bool, shape (rows, levels)
    ends : ndarray, shape (levels + 1,)
        The values between which levels lie.
    """
    edges = np.diff(fits.astype(np.int8), axis=1, prepend=0, append=0)
    (row, first), (_, last) = np.nonzero(edges == 1), np.nonzero(edges == -1)
    # The number of each run within its row.
    count = np.bincount(row, minlength=len(fits))
    at = np.arange(len(row)) - (np.cumsum(count) - count)[row]
    low = np.ones((len(fits), max(count.max(), 1)))
    high = -low  # ruled out
    low[row, at], high[row, at] = ends[first], ends[last]
    return low, high


def _means(low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Return E[z | low ≤ Φ(z) ≤ high] of a standard normal z."""
    middle = ndtri(np.clip((low + high) / 2, _NARROW, 1 - _NARROW))
    wide = high - low > _NARROW
    density = norm.pdf(ndtri(low)) - norm.pdf(ndtri(high))
    return np.asarray(np.where(wide, density / np.where(wide, high - low, 1.0), middle))
