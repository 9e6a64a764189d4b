"""Where each column's blocks stand within an encoded row."""

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
    """Where the blocks of one column begin.

    Parameters
    ----------
    floats, codes : int
        Within the arrays of `EncodedRows`.
    numbers, levels : int
        Within the arrays of `SampledRows`.
    own : Layout
        The column's blocks alone.
    gate : int or None
        The index of the *missing* block that silences them.
    """

    floats: int
    codes: int
    numbers: int
    levels: int
    own: Layout
    gate: int | None

    def of_encoded(self, whole: EncodedRows) -> EncodedRows:
        """Return the columns of the arrays that are this column's, as views."""
        return EncodedRows(
            whole.floats[:, self.floats : self.floats + self.own.floats],
            whole.codes[:, self.codes : self.codes + self.own.codes],
        )

    def of_drawn(self, whole: SampledRows) -> SampledRows:
        """Return the columns of the arrays that are this column's, as views."""
        return SampledRows(
            whole.numbers[:, self.numbers : self.numbers + self.own.numbers],
            whole.levels[:, self.levels : self.levels + self.own.softmaxes],
        )


def lay_out(parts: Iterable[EncodedColumn]) -> tuple[Layout, tuple[BlockSpan, ...]]:
    """Put the blocks of columns one after another, a column's *missing* block before its others.

    Parameters
    ----------
    parts : iterable of Part
        Fitted.

    Returns
    -------
    Layout
        Of the whole row.
    tuple of BlockSpan
        One for each part.
    """
    blocks: list[Block] = []
    gates: dict[str, int] = {}
    places: list[BlockSpan] = []
    width = floats = codes = numbers = levels = 0
    for part in parts:
        if part.has_gate:
            gates[part.name] = len(blocks)
            blocks.append(Block(part.name, "missing", "code", codes, width, 2, "softmax"))
            width, codes, levels = width + 2, codes + 1, levels + 1
        own = part.encoding.layout
        gate = gates[part.gate] if part.gate is not None else None
        place = BlockSpan(floats, codes, numbers, levels, own, gate)
        places.append(place)
        blocks += [_moved(block, width, place) for block in own.blocks]
        width, floats, codes = width + own.width, floats + own.floats, codes + own.codes
        numbers, levels = numbers + own.numbers, levels + own.softmaxes
    return Layout(tuple(blocks), floats, codes), tuple(places)


def _moved(block: Block, width: int, place: BlockSpan) -> Block:
    first = place.codes if block.source == "code" else place.floats
    return replace(
        block,
        start=block.start + width,
        source_start=block.source_start + first,
        masked_by=place.gate,
    )


def encode_columns(
    cells: Cells, learned: Iterable[tuple[EncodedColumn, BlockSpan]], layout: Layout, rows: int
) -> EncodedRows:
    """Return the encoded form of some columns, in which the blocks of others are 0."""
    whole = EncodedRows(
        np.zeros((rows, layout.floats), np.float32), np.zeros((rows, layout.codes), np.int32)
    )
    for part, place in learned:
        if not (place.own.blocks or part.has_gate):
            continue
        values = cells[part.name]
        if part.has_gate and place.gate is not None:
            whole.codes[:, layout.blocks[place.gate].source_start] = is_null(values)
        for mine, made in zip(place.of_encoded(whole), part.encode(values), strict=True):
            mine[:] = made
    return whole
