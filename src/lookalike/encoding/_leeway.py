"""What known cells leave open: for each row, the levels and ranges that others may still have."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from lookalike.encoding._layout import Layout

__all__ = ["Leeway"]


@dataclass(frozen=True)
class Leeway:
    """What blocks of rows may be.

    Parameters
    ----------
    layout : Layout
        What the spans of an encoded row are.
    rows : int
        How many there are.
    allowed : dict of int to ndarray of bool, shape (rows, width)
        For the index of a block of levels.
    limits : dict of int to ndarray, shape (rows, 2)
        For the index of a block of one number: cumulative probabilities.
    """

    layout: Layout
    rows: int
    allowed: dict[int, np.ndarray] = field(default_factory=dict)
    limits: dict[int, np.ndarray] = field(default_factory=dict)

    def allow(self, block: int, allowed: np.ndarray, rows: np.ndarray) -> None:
        """Narrow the levels of a block in some rows; what would leave none is left out.

        Parameters
        ----------
        block : int
        allowed : ndarray of bool, shape (m, width) or (width,)
        rows : ndarray of int, shape (m,)
        """
        width = self.layout.blocks[block].width
        own = self.allowed.setdefault(block, np.ones((self.rows, width), bool))
        narrowed = own[rows] & allowed
        some = narrowed.any(axis=1)
        own[rows[some]] = narrowed[some]

    def bound(self, block: int, limits: np.ndarray, rows: np.ndarray) -> None:
        """Narrow the range of a number in some rows; what would leave nothing is left out.

        Parameters
        ----------
        block : int
        limits : ndarray, shape (m, 2)
        rows : ndarray of int, shape (m,)
        """
        own = self.limits.setdefault(block, np.tile(np.array([0.0, 1.0]), (self.rows, 1)))
        low = np.maximum(own[rows, 0], limits[:, 0])
        high = np.minimum(own[rows, 1], limits[:, 1])
        some = low < high
        own[rows[some]] = np.stack([low, high], axis=1)[some]
