"""Encoded numbers of the other columns, for encodings that learn from them."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from scipy.special import ndtri

from lookalike.encoding._draw import Z_MAX
from lookalike.encoding._layout import Block, EncodedRows, Layout

__all__ = ["MOST_ROWS", "numbers_of"]

#: The number of rows on which columns are compared; more would add little.
MOST_ROWS = 50_000
#: The greatest number of numbers from all other columns together, and from one column of levels.
_MOST_NUMBERS, _MOST_LEVELS = 64, 8


def numbers_of(encoded: Iterable[tuple[Layout, EncodedRows]]) -> np.ndarray:
    """Return one matrix of columns in their encoded form, without any random draw.

    Intervals are represented by the z of their middle, codes by indicators of the most frequent
    levels.

    Parameters
    ----------
    encoded : iterable of (Layout, EncodedRows)
        The columns, n rows each.

    Returns
    -------
    ndarray of float64, shape (n, at most 64)
    """
    numbers: list[np.ndarray] = []
    for layout, rows in encoded:
        for block in layout.blocks:
            numbers += _numbers(block, rows)
    return np.stack(numbers[:_MOST_NUMBERS], axis=1)


def _numbers(block: Block, encoded: EncodedRows) -> list[np.ndarray]:
    first = block.source_start
    if block.source == "code":
        codes = encoded.codes[:, first]
        return [(codes == level).astype(float) for level in range(min(block.width, _MOST_LEVELS))]
    if block.source == "value":
        return list(encoded.floats[:, first : first + block.width].T.astype(float))
    middle = encoded.floats[:, first : first + 2].mean(axis=1, dtype=float)
    return [np.clip(ndtri(middle), -Z_MAX, Z_MAX)]
