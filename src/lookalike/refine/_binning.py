"""Rows as small whole numbers: what can be told apart once they are decoded, and no more."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float, UInt8
from scipy.special import ndtri

from lookalike.encoding import Z_MAX, Block, EncodedRows, Layout, SampledRows

__all__ = ["Binning", "Codes", "JointFeatures", "centres"]

#: The most cells of a number that are not for missing, …
_MOST = 128
#: … of all numbers together, …
_MOST_OF_ALL = 6_000
#: … the fewest, and the rows that each should have on average.
_FEWEST = 8
_ROWS = 20
#: Levels from this code on, the rarest, share a cell.
_LAST_LEVEL = 255

Codes = UInt8[np.ndarray, "rows features"]
#: For each joint feature: where its cells begin, and its features as (position, last cell, step).
JointFeatures = tuple[tuple[int, tuple[tuple[int, int, int], ...]], ...]


@dataclass(frozen=True)
class Binning:
    """A partition of every number and level into at most 256 cells.

    A number that repeats has a cell for each value, or for each frequent one: what lies within
    the interval of one value becomes that value whatever it is, and trees must not look at it.
    Features are the numbers in drawn order, then the levels in drawn order.

    Parameters
    ----------
    layout : Layout
        What the spans of an encoded row are.
    edges : tuple of ndarray of float32
        For each number its inner edges, ascending; a cell holds its lower edge. One more cell is
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
            here = ~_missing(block, layout, encoded)
            lower, middle = _limits(block, k, encoded)
            edges.append(_edges(lower[here], middle[here], most))
        return cls(layout, tuple(edges))

    @cached_property
    def sizes(self) -> tuple[int, ...]:
        """How many cells each feature has."""
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
        """Where the cells of each feature begin if all stand in a row, shape (features,)."""
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
            order = np.argsort(values)  # to find edges among values is quicker than the reverse
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
        From drawn rows to their numbers, each moved to the middle of the interval of the rows'
        value that it decodes to.
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
    """Return each number's block and its place there, in drawn order."""
    blocks = [block for block in layout.blocks if block.head != "softmax"]
    return [(block, k) for block in blocks for k in range(block.width)]


def _missing(block: Block, layout: Layout, encoded: EncodedRows) -> np.ndarray:
    """Say which encoded rows of a table have no number there, shape (rows,)."""
    if block.masked_by is None:
        return np.zeros(len(encoded.floats), bool)
    return np.asarray(encoded.codes[:, layout.blocks[block.masked_by].source_start] == 1)


def _limits(block: Block, k: int, encoded: EncodedRows) -> tuple[np.ndarray, np.ndarray]:
    """Return of each row the lower limit and the middle of its number, as float32."""
    lower = encoded.floats[:, block.source_start + k]
    if block.source != "interval":
        return lower, lower
    low, high = lower.astype(np.float64), encoded.floats[:, block.source_start + k + 1]
    with np.errstate(divide="ignore"):
        limits = [np.clip(ndtri(u), -Z_MAX, Z_MAX) for u in (low, (low + high) / 2)]
    return limits[0].astype(np.float32), limits[1].astype(np.float32)


def _edges(lower: np.ndarray, middle: np.ndarray, most: int) -> np.ndarray:
    """Return at most about `most` edges between distinct values, those of frequent ones first."""
    values, first, counts = np.unique(middle, return_index=True, return_counts=True)
    # The limit below a value where it has an interval, else half-way to the value before it.
    below = lower[first]
    points = below == values
    points[:1] = False
    below[points] = (values[points] + values[np.flatnonzero(points) - 1]) / 2
    if len(values) > most:
        start = (np.cumsum(counts) - counts) / len(middle)
        even = np.searchsorted(start, np.linspace(0, 1, most + 1))
        frequent = np.flatnonzero(counts > 2 * len(middle) / most)
        kept = np.concatenate([even, frequent, frequent + 1])
        below = below[np.unique(kept[(kept > 0) & (kept < len(values))])]
    else:
        below = below[1:]
    return np.unique(below).astype(np.float32)
