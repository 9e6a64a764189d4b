"""What an encoding that compares its column with the others is shown of them."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from scipy.special import ndtri

from lookalike.encoding._draw import Z_MAX
from lookalike.encoding._layout import Block, EncodedRows, Layout

__all__ = ["MOST_ROWS", "numbers_of"]

#: Rows on which columns are compared; more would say little more.
MOST_ROWS = 50_000
#: Numbers that are shown of all the other columns together, and of one column of levels.
_MOST_NUMBERS, _MOST_LEVELS = 64, 8


def numbers_of(encoded: Iterable[tuple[Layout, EncodedRows]]) -> np.ndarray:
    """Return one matrix of what columns are in their encoded form, without any random draw.

    Intervals are shown as the z of their middle, and codes as indicators of the most frequent
    levels.

    Parameters
    ----------
    encoded : iterable of (Layout, EncodedRows)
        Each column, n rows.

    Returns
    -------
    ndarray of float64, shape (n, at most 64)
    """
    shown: list[np.ndarray] = []
    for layout, rows in encoded:
        for block in layout.blocks:
            shown += _shown(block, rows)
    return np.stack(shown[:_MOST_NUMBERS], axis=1)


def _shown(block: Block, encoded: EncodedRows) -> list[np.ndarray]:
    first = block.source_start
    if block.source == "code":
        codes = encoded.codes[:, first]
        return [(codes == level).astype(float) for level in range(min(block.width, _MOST_LEVELS))]
    if block.source == "value":
        return list(encoded.floats[:, first : first + block.width].T.astype(float))
    middle = encoded.floats[:, first : first + 2].mean(axis=1, dtype=float)
    return [np.clip(ndtri(middle), -Z_MAX, Z_MAX)]
