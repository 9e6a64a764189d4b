"""Where each column's blocks stand within an encoded row."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from lookalike.encoding._columns import EncodedColumn
from lookalike.encoding._layout import Block, EncodedRows, Layout, SampledRows

__all__ = ["BlockSpan", "lay_out"]


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
