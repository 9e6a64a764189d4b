"""Sampling of rows, as a generator outputs them, from the encoded form."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtri

from lookalike.encoding._layout import Block, EncodedRows, Layout, SampledRows

__all__ = ["Z_MAX", "sample_encoded"]

#: Encoded numbers of intervals lie in [-Z_MAX, Z_MAX]; Φ(-5) = 2.9e-7 is below the least
#: probability (1e-6) of an interval, so that clipping never leaves an interval.
Z_MAX = 5.0
#: The distance (in probability) of a draw from the limits of its interval: more than the error of a
#: float32 z (1.4e-8) and the rounding of the limits themselves (3e-8).
_MARGIN = 1e-7


def sample_encoded(encoded: EncodedRows, layout: Layout, rng: np.random.Generator) -> SampledRows:
    """Sample rows in the form of a generator's output from their encoded form.

    Parameters
    ----------
    encoded : EncodedRows
        The n encoded rows.
    layout : Layout
        The layout of the rows.
    rng : numpy.random.Generator
        The source of uniform numbers for the intervals.

    Returns
    -------
    SampledRows
        The n rows; numbers that a *missing* block masks are 0.

    Examples
    --------
    >>> block = Block("x", "value", "interval", 0, 0, 1, "linear")
    >>> encoded = EncodedRows(np.array([[0.5, 0.5]], np.float32), np.zeros((1, 0), np.int32))
    >>> sample_encoded(encoded, Layout((block,), 2, 0), np.random.default_rng(0)).numbers
    array([[0.]], dtype=float32)
    """
    rows = len(encoded.floats)
    numbers = np.empty((rows, layout.numbers), np.float32)
    levels = np.empty((rows, layout.softmaxes), np.int32)
    for block, at in zip(layout.blocks, layout.drawn_starts, strict=True):
        if block.source == "code":
            levels[:, at] = encoded.codes[:, block.source_start]
            continue
        span = numbers[:, at : at + block.width]
        span[:] = _numbers(block, encoded, rng)
        if block.masked_by is not None:
            gate = layout.blocks[block.masked_by]
            span[encoded.codes[:, gate.source_start] == 1] = 0.0
    return SampledRows(numbers, levels)


def _numbers(block: Block, encoded: EncodedRows, rng: np.random.Generator) -> np.ndarray:
    first = block.source_start
    if block.source == "value":
        return encoded.floats[:, first : first + block.width]
    low = encoded.floats[:, first].astype(np.float64)
    width = encoded.floats[:, first + 1] - low
    margin = np.minimum(width / 4, _MARGIN)
    # z = Φ⁻¹(lo + (hi - lo)·U), kept a little inside (lo, hi)
    u = low + margin + (width - 2 * margin) * rng.random(len(low))
    z: np.ndarray = np.clip(ndtri(u), -Z_MAX, Z_MAX)
    return z[:, None]
