"""Rows whose levels and numbers are uniform over all that a column may have."""

from __future__ import annotations

import numpy as np

from lookalike.encoding import Layout, RowCondition, SampledRows

__all__ = ["uniform_rows"]


def uniform_rows(
    layout: Layout, rows: int, rng: np.random.Generator, condition: RowCondition | None = None
) -> SampledRows:
    """Draw each level with equal probability and each number evenly over its range.

    Cells are missing only where a condition says so.

    Parameters
    ----------
    layout : Layout
        A layout whose numbers are scaled to [-1, 1].
    rows : int
    rng : numpy.random.Generator
    condition : RowCondition, optional
        A condition of so many rows, or one for all of them.
    """
    gates = {block.masked_by for block in layout.blocks}
    uniforms = rng.random((rows, len(layout.blocks)))
    numbers = np.empty((rows, layout.numbers), np.float32)
    levels = np.empty((rows, layout.softmaxes), np.int32)
    allowed = {} if condition is None else condition.allowed
    for i, (block, at) in enumerate(zip(layout.blocks, layout.drawn_starts, strict=True)):
        if block.head == "softmax":
            choices = np.ones((1, block.width), bool) if i not in allowed else allowed[i]
            if i in gates:  # present wherever that is allowed
                choices = choices & ((np.arange(2) == 0) | ~choices[:, :1])
            reached = np.cumsum(choices, axis=1)
            wanted = (uniforms[:, i] * reached[:, -1]).astype(np.int64)
            levels[:, at] = (reached <= wanted[:, None]).sum(axis=1)
        else:
            bounds = np.array([[-1.0, 1.0]])
            if condition is not None and i in condition.bounds:
                bounds = condition.encoded_bounds(i)
            low, high = bounds.T
            numbers[:, at] = low + (high - low) * uniforms[:, i]
    for block, at in zip(layout.blocks, layout.drawn_starts, strict=True):
        if block.masked_by is not None:
            numbers[levels[:, layout.drawn_starts[block.masked_by]] == 1, at] = 0.0
    return SampledRows(numbers, levels)
