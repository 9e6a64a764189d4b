"""Discretisation of rows: cells that distinguish only values that decode differently."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float, UInt8
from scipy.special import ndtri

from lookalike.encoding import Z_MAX, Block, EncodedRows, Layout, SampledRows

__all__ = ["Binning", "Codes", "JointFeatures", "centres"]

#: The maximum number of cells of a number, besides that for missing, …
_MOST = 128
#: … and of all numbers together; …
_MOST_OF_ALL = 6_000
#: … the minimum number, and the average number of rows that a cell should have.
_FEWEST = 8
_ROWS = 20
#: The levels from this code on, the rarest, share a cell.
_LAST_LEVEL = 255

Codes = UInt8[np.ndarray, "rows features"]
#: For each joint feature, the start of its cells, and its features as (position, last cell, step).
JointFeatures = tuple[tuple[int, tuple[tuple[int, int, int], ...]], ...]


@dataclass(frozen=True)
class Binning:
    """A partition of every number and level into at most 256 cells.

    A number with repeated values has a cell for each value, or for each frequent one: all numbers
    within the interval of a value are decoded to that value, and trees must not distinguish them.
    Features are the numbers in sampled order, then the levels in sampled order.

    Parameters
    ----------
    layout : Layout
        The blocks of an encoded row.
    edges : tuple of ndarray of float32
        The inner edges of each number, ascending; a cell includes its lower edge. One more cell is
        for missing.
    """

    layout: Layout
    edges: tuple[Float[np.ndarray, " edges"], ...]

    @classmethod
    def fit(cls, encoded: EncodedRows, layout: Layout) -> Binning:
        """Choose the edges for the rows of a table.

        Parameters
        ----------
        encoded : EncodedRows
            n rows.
        layout : Layout
        """
        numbers = _numbers(layout)
        most = min(_MOST, _MOST_OF_ALL // max(len(numbers), 1), len(encoded.floats) // _ROWS)
        most = max(most, _FEWEST)
        edges = []
        for block, k in numbers:
            present = ~_missing(block, layout, encoded)
            lower, middle = _limits(block, k, encoded)
            edges.append(_edges(lower[present], middle[present], most))
        return cls(layout, tuple(edges))

    @cached_property
    def sizes(self) -> tuple[int, ...]:
        """The number of cells of each feature."""
        levels = (b.width for b in self.layout.blocks if b.head == "softmax")
        return tuple(
            [len(edges) + 2 for edges in self.edges] + [min(w, _LAST_LEVEL + 1) for w in levels]
        )

    @cached_property
    def categories(self) -> tuple[int, ...]:
        """The features that are levels."""
        return tuple(range(len(self.edges), len(self.sizes)))

    @cached_property
    def starts(self) -> np.ndarray:
        """The position of each feature's first cell among all cells, shape (features,)."""
        return np.concatenate([[0], np.cumsum(self.sizes)[:-1]]).astype(np.int32)

    def arrays(self) -> dict[str, np.ndarray]:
        """Return the cells as plain arrays."""
        return {
            "edges": np.concatenate([*self.edges, np.zeros(0, np.float32)]),
            "counts": np.array([len(e) for e in self.edges], np.int32),
        }

    def of_rows(self, encoded: EncodedRows) -> Codes:
        """Return the cells of encoded rows of a table, shape (rows, features)."""
        layout = self.layout
        numbers = [_limits(block, k, encoded)[1] for block, k in _numbers(layout)]
        gates = [_missing(block, layout, encoded) for block, _ in _numbers(layout)]
        levels = [
            encoded.codes[:, block.source_start]
            for block in layout.blocks
            if block.head == "softmax"
        ]
        return self._codes(len(encoded.floats), numbers, gates, levels)

    def of_drawn(self, drawn: SampledRows) -> Codes:
        """Return the cells of generated rows, shape (rows, features)."""
        starts = self.layout.drawn_starts
        gates = [
            np.zeros(len(drawn.numbers), bool)
            if block.masked_by is None
            else drawn.levels[:, starts[block.masked_by]] == 1
            for block, _ in _numbers(self.layout)
        ]
        return self._codes(len(drawn.numbers), list(drawn.numbers.T), gates, list(drawn.levels.T))

    def _codes(
        self,
        rows: int,
        numbers: list[np.ndarray],
        gates: list[np.ndarray],
        levels: list[np.ndarray],
    ) -> Codes:
        codes = np.empty((rows, len(self.sizes)), np.uint8)
        for j, (edges, values, gate) in enumerate(zip(self.edges, numbers, gates, strict=True)):
            # Searching the few edges among sorted values is faster than the reverse.
            order = np.argsort(values)
            limits = np.searchsorted(values[order], edges, side="left")
            counts = np.diff(limits, prepend=0, append=rows)
            codes[order, j] = np.repeat(np.arange(len(counts), dtype=np.uint8), counts)
            codes[gate, j] = len(edges) + 1
        for j, values in zip(self.categories, levels, strict=True):
            codes[:, j] = np.minimum(values, _LAST_LEVEL)
        return codes


def centres(
    encoded: EncodedRows, layout: Layout
) -> tuple[
    Float[np.ndarray, "rows numbers"], Callable[[SampledRows], Float[np.ndarray, "made numbers"]]
]:
    """Return the numbers of encoded rows, each at the middle of its interval; 0 where missing.

    Parameters
    ----------
    encoded : EncodedRows
        Rows of a table.
    layout : Layout

    Returns
    -------
    numbers : ndarray, shape (rows, numbers)
    snapped : callable
        From sampled rows to their numbers, each moved to the middle of the interval of the value
        to which it is decoded.
    """
    columns, intervals = [], []
    for block, k in _numbers(layout):
        lower, middle = _limits(block, k, encoded)
        missing = _missing(block, layout, encoded)
        columns.append(np.where(missing, np.float32(0), middle))
        begins, first = np.unique(lower[~missing], return_index=True)
        intervals.append((begins, middle[~missing][first]) if block.source == "interval" else None)

    def snapped(drawn: SampledRows) -> Float[np.ndarray, "made numbers"]:
        numbers = drawn.numbers.copy()
        for column, interval in zip(numbers.T, intervals, strict=True):
            if interval is not None and len(interval[0]):
                begins, middles = interval
                at = np.searchsorted(begins, column, side="right") - 1
                column[:] = np.where(column == 0, 0, middles[np.maximum(at, 0)])
        return numbers

    numbers = np.zeros((len(encoded.floats), len(columns)), np.float32)
    for column, own in zip(numbers.T, columns, strict=True):
        column[:] = own
    return numbers, snapped


def _numbers(layout: Layout) -> list[tuple[Block, int]]:
    """Return each number's block and its position there, in sampled order."""
    blocks = [block for block in layout.blocks if block.head != "softmax"]
    return [(block, k) for block in blocks for k in range(block.width)]


def _missing(block: Block, layout: Layout, encoded: EncodedRows) -> np.ndarray:
    """Return the encoded rows in which a number is missing, as a mask of shape (rows,)."""
    if block.masked_by is None:
        return np.zeros(len(encoded.floats), bool)
    return np.asarray(encoded.codes[:, layout.blocks[block.masked_by].source_start] == 1)


def _limits(block: Block, k: int, encoded: EncodedRows) -> tuple[np.ndarray, np.ndarray]:
    """Return the lower limit and the middle of each row's number, as float32."""
    lower = encoded.floats[:, block.source_start + k]
    if block.source != "interval":
        return lower, lower
    low, high = lower.astype(np.float64), encoded.floats[:, block.source_start + k + 1]
    with np.errstate(divide="ignore"):
        limits = [np.clip(ndtri(u), -Z_MAX, Z_MAX) for u in (low, (low + high) / 2)]
    return limits[0].astype(np.float32), limits[1].astype(np.float32)


def _edges(lower: np.ndarray, middle: np.ndarray, most: int) -> np.ndarray:
    """Return about `most` edges between distinct values, including those of frequent values."""
    values, first, counts = np.unique(middle, return_index=True, return_counts=True)
    # The lower limit of a value's interval; without one, the midpoint to the value before it.
    below = lower[first]
    points = below == values
    points[:1] = False
    below[points] = (values[points] + values[np.flatnonzero(points) - 1]) / 2
    # Too many values: edges at even quantiles, and on both sides of each frequent value.
    if len(values) > most:
        start = (np.cumsum(counts) - counts) / len(middle)
        even = np.searchsorted(start, np.linspace(0, 1, most + 1))
        frequent = np.flatnonzero(counts > 2 * len(middle) / most)
        kept = np.concatenate([even, frequent, frequent + 1])
        below = below[np.unique(kept[(kept > 0) & (kept < len(values))])]
    else:
        below = below[1:]
    return np.unique(below).astype(np.float32)
