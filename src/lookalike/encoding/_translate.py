"""Columns as relations see them, and what these leave open as levels and ranges of blocks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lookalike.encoding._asked import extremes
from lookalike.encoding._columns import EncodedColumn
from lookalike.encoding._layout import Layout
from lookalike.encoding._leeway import Leeway
from lookalike.encoding._spans import BlockSpan
from lookalike.relations import Feasible, LearnedColumn

__all__ = ["learned_column", "leeway_of"]


def learned_column(part: EncodedColumn, *, measured: bool) -> LearnedColumn:
    """Return the values that an encoding makes of a column.

    Parameters
    ----------
    part : EncodedColumn
    measured : bool
        Whether they are numbers or times.
    """
    encoding, ends = part.encoding, None
    if measured and encoding.known is not None and len(encoding.known):
        ends = pa.array(
            [e.as_py() for e in pc.min_max(encoding.known).values()], encoding.known.type
        )
    elif measured and encoding.known is None and encoding.blocks:
        ends = extremes(part)
    return LearnedColumn(encoding.known, ends, encoding.keeps_ends, not encoding.blocks)


def leeway_of(
    feasible: Iterable[Feasible],
    rows: int,
    layout: Layout,
    learned: Mapping[str, tuple[EncodedColumn, BlockSpan]],
) -> Leeway:
    """Return the levels and ranges that blocks of rows may have.

    Parameters
    ----------
    feasible : iterable of Feasible
        What columns may be; those without blocks are left out.
    rows : int
        The number of rows.
    layout : Layout
    learned : mapping of str to tuple of EncodedColumn and BlockSpan
        By column.
    """
    left = Leeway(layout, rows)
    blocks: dict[str, int] = {}
    for i, block in enumerate(layout.blocks):
        if block.part != "missing":
            blocks.setdefault(block.column, i)
    for one in feasible:
        if one.column in learned:
            part, place = learned[one.column]
            if one.levels is None:
                _keep_present(left, one, part, place, blocks)
            elif part.encoding.blocks:
                _narrow(left, one, part, place, blocks[one.column])
    return left


def _keep_present(
    left: Leeway, one: Feasible, part: EncodedColumn, place: BlockSpan, blocks: Mapping[str, int]
) -> None:
    """Keep a column from being missing in some rows."""
    if place.gate is not None:
        left.allow(place.gate, np.array([True, False]), one.rows)
    level = part.encoding.missing_level
    if level is not None:
        block = blocks[one.column]
        left.allow(block, np.arange(left.layout.blocks[block].width) != level, one.rows)


def _narrow(left: Leeway, one: Feasible, part: EncodedColumn, place: BlockSpan, block: int) -> None:
    """Narrow the blocks of a column to its candidates."""
    assert one.levels is not None
    assert one.candidates is not None
    values = one.levels.values
    if left.layout.blocks[block].source == "code":
        table = one.candidates.table()  # a column for each value, the last for missing
        if place.gate is not None:
            either = np.stack([table[:, :-1].any(axis=1), table[:, -1]], axis=1)
            left.allow(place.gate, either, one.rows)
        codes = np.zeros((len(values) + 1, left.layout.blocks[block].width), bool)
        if len(values):
            codes[np.arange(len(values)), part.encoding.encode(values).codes[:, 0]] = True
        if part.encoding.missing_level is not None:
            codes[-1, part.encoding.missing_level] = True
        left.allow(block, table @ codes, one.rows)
    elif len(part.encoding.blocks) == 1 and one.levels.measured and len(values):
        limits = part.encoding.encode(values).floats.astype(float)
        least, most = (np.minimum(code, len(limits) - 1) for code in one.candidates.ends())
        left.bound(block, np.stack([limits[least, 0], limits[most, 1]], axis=1), one.rows)
