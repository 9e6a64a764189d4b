"""Structural zeros in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from scipy.special import ndtri

from lookalike._core.rows import Rows
from lookalike.encoding._columns import EncodedColumn
from lookalike.encoding._draw import Z_MAX
from lookalike.encoding._layout import SampledRows
from lookalike.encoding._zeros import StructuralZeros

__all__ = ["describe_zeros"]

#: The name of a cell: a level, or the ends of a range.
_Name = str | tuple[str, str]
#: The distance from the end of a range, in probability, of the value that names it.
_INSIDE = 1e-5


def describe_zeros(
    exclusions: StructuralZeros, parts: Sequence[EncodedColumn], residuals: Mapping[str, str]
) -> list[str]:
    """Return one line for each level or range that never occurs with some of another column.

    Parameters
    ----------
    exclusions : StructuralZeros
        The combinations that never occur.
    parts : sequence of EncodedColumn
        The encoded columns.
    residuals : mapping of str to str
        The names of residuals, by the column that each of them encodes.

    Returns
    -------
    list of str
        Such as ``"relationship Husband: never with sex Female"``.
    """
    lines = []
    by_name = {part.name: part for part in parts}
    for pair in exclusions.pairs:
        names = []
        for i in (pair.left, pair.right):
            block = exclusions.layout.blocks[i]
            names.append(
                (residuals.get(block.column, block.column), _cells(exclusions, i, by_name))
            )
        (left, cells), (right, others) = names
        for k in np.flatnonzero(pair.never.any(axis=1)):
            never = ", ".join(_joined(others, np.flatnonzero(pair.never[k])))
            (cell,) = _joined(cells, np.array([k]))
            lines.append(f"{left} {cell}: never with {right} {never}")
    return lines


def _cells(
    exclusions: StructuralZeros, i: int, parts: Mapping[str, EncodedColumn]
) -> Sequence[_Name]:
    """Return the name of each cell of a block."""
    block = exclusions.layout.blocks[i]
    part = parts[block.column]
    if block.part == "missing":
        return ["present", "missing"]
    if block.source == "code":
        known = [] if part.encoding.known is None else part.encoding.known.to_pylist()
        names = [str(level) for level in known]
        if len(names) < block.width and _has_pool(part, len(names)):
            names.append("(rare)")
        return [*names, "missing"][: block.width]
    cuts = exclusions.cuts[i]
    if len(part.encoding.blocks) > 1:
        return [f"({block.part}, part {k + 1} of {len(cuts) + 1})" for k in range(len(cuts) + 1)]
    ends = np.array([np.append(0.0, cuts) + _INSIDE, np.append(cuts, 1.0) - _INSIDE])
    z = np.clip(ndtri(ends), -Z_MAX, Z_MAX).astype(np.float32)
    low, high = (_decoded(part, numbers) for numbers in z)
    return list(zip(low, high, strict=True))


def _joined(names: Sequence[_Name], cells: np.ndarray) -> list[str]:
    """Return the names of some cells; adjacent ranges are merged."""
    words = []
    for run in np.split(cells, np.flatnonzero(np.diff(cells) > 1) + 1):
        first, last = names[run[0]], names[run[-1]]
        if isinstance(first, str) or isinstance(last, str):
            words += [str(names[i]) for i in run]
        else:
            low, high = first[0], last[1]
            words.append(low if low == high else f"{low} to {high}")
    return words


def _has_pool(part: EncodedColumn, kept: int) -> bool:
    """Return whether the level after the kept ones is the pool of rare ones, not *missing*."""
    levels = np.array([[kept]], np.int32)
    cell = part.decode(SampledRows(np.zeros((1, 0), np.float32), levels), None, Rows())
    return bool(cell[0].is_valid)


def _decoded(part: EncodedColumn, numbers: np.ndarray) -> list[str]:
    drawn = SampledRows(numbers[:, None], np.zeros((len(numbers), 0), np.int32))
    cells = part.decode(drawn, None, Rows())
    if pa.types.is_floating(cells.type):
        return [f"{value:.6g}" for value in cells.to_pylist()]
    return [str(value) for value in pc.cast(cells, pa.string()).to_pylist()]
