"""The spans of each column's blocks within an encoded row."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from lookalike.encoding._columns import EncodedColumn
from lookalike.encoding._layout import Block, EncodedRows, Layout, SampledRows
from lookalike.relations import Cells
from lookalike.tables.values.arrow import is_null

__all__ = ["BlockSpan", "encode_columns", "lay_out"]


@dataclass(frozen=True)
class BlockSpan:
    """The span of one column's blocks within encoded and sampled rows.

    Parameters
    ----------
    floats, codes : int
        Their start within the arrays of `EncodedRows`.
    numbers, levels : int
        Their start within the arrays of `SampledRows`.
    own : Layout
        The layout of the column's blocks alone.
    gate : int or None
        The index of the *missing* block that masks them.
    """

    floats: int
    codes: int
    numbers: int
    levels: int
    own: Layout
    gate: int | None

    def of_encoded(self, whole: EncodedRows) -> EncodedRows:
        """Return this column's part of the arrays, as views."""
        return EncodedRows(
            whole.floats[:, self.floats : self.floats + self.own.floats],
            whole.codes[:, self.codes : self.codes + self.own.codes],
        )

    def of_drawn(self, whole: SampledRows) -> SampledRows:
        """Return this column's part of the arrays, as views."""
        return SampledRows(
            whole.numbers[:, self.numbers : self.numbers + self.own.numbers],
            whole.levels[:, self.levels : self.levels + self.own.softmaxes],
        )


def lay_out(parts: Iterable[EncodedColumn]) -> tuple[Layout, tuple[BlockSpan, ...]]:
    """Lay out the blocks of columns one after another, a column's *missing* block first.

    Parameters
    ----------
    parts : iterable of EncodedColumn
        The fitted columns.

    Returns
    -------
    Layout
        The layout of the whole row.
    tuple of BlockSpan
        The span of each column.
    """
    blocks: list[Block] = []
    gates: dict[str, int] = {}
    spans: list[BlockSpan] = []
    width = floats = codes = numbers = levels = 0
    for part in parts:
        if part.has_gate:
            gates[part.name] = len(blocks)
            blocks.append(Block(part.name, "missing", "code", codes, width, 2, "softmax"))
            width, codes, levels = width + 2, codes + 1, levels + 1
        inner = part.encoding.layout
        gate = gates[part.gate] if part.gate is not None else None
        span = BlockSpan(floats, codes, numbers, levels, inner, gate)
        spans.append(span)
        blocks += [_moved(block, width, span) for block in inner.blocks]
        width, floats, codes = width + inner.width, floats + inner.floats, codes + inner.codes
        numbers, levels = numbers + inner.numbers, levels + inner.softmaxes
    return Layout(tuple(blocks), floats, codes), tuple(spans)


def _moved(block: Block, width: int, span: BlockSpan) -> Block:
    first = span.codes if block.source == "code" else span.floats
    return replace(
        block,
        start=block.start + width,
        source_start=block.source_start + first,
        masked_by=span.gate,
    )


def encode_columns(
    cells: Cells, learned: Iterable[tuple[EncodedColumn, BlockSpan]], layout: Layout, rows: int
) -> EncodedRows:
    """Return the encoded form of some columns; the blocks of others are 0."""
    whole = EncodedRows(
        np.zeros((rows, layout.floats), np.float32), np.zeros((rows, layout.codes), np.int32)
    )
    for part, span in learned:
        if not (span.own.blocks or part.has_gate):
            continue
        values = cells[part.name]
        if part.has_gate and span.gate is not None:
            whole.codes[:, layout.blocks[span.gate].source_start] = is_null(values)
        for target, array in zip(span.of_encoded(whole), part.encode(values), strict=True):
            target[:] = array
    return whole
