"""Translation between columns, as relations see them, and the levels and ranges of blocks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lookalike.encoding._columns import EncodedColumn
from lookalike.encoding._condition import RowCondition
from lookalike.encoding._encode_condition import extremes
from lookalike.encoding._layout import Layout
from lookalike.encoding._spans import BlockSpan
from lookalike.relations import Feasible, LearnedColumn
from lookalike.tables import Column

__all__ = ["feasible_condition", "learned_column"]


def learned_column(part: EncodedColumn, column: Column) -> LearnedColumn:
    """Return the values that an encoding can generate for a column."""
    encoding, ends = part.encoding, None
    if column.kind.is_numeric and encoding.known is not None and len(encoding.known):
        least, most = pc.min_max(encoding.known).values()
        ends = pa.array([least.as_py(), most.as_py()], encoding.known.type)
    elif column.kind.is_numeric and encoding.known is None and encoding.blocks:
        ends = extremes(part)
    return LearnedColumn(encoding.known, ends, encoding.keeps_ends, not encoding.blocks)


def feasible_condition(
    feasible: Iterable[Feasible],
    rows: int,
    layout: Layout,
    learned: Mapping[str, tuple[EncodedColumn, BlockSpan]],
) -> RowCondition:
    """Return the condition on the blocks of rows that their columns are feasible.

    Parameters
    ----------
    feasible : iterable of Feasible
        The feasible values of columns; columns without blocks are ignored.
    rows : int
        The number of rows.
    layout : Layout
    learned : mapping of str to tuple of EncodedColumn and BlockSpan
        The encoded columns and their spans, by name.
    """
    condition = RowCondition(layout, rows)
    blocks: dict[str, int] = {}
    for i, block in enumerate(layout.blocks):
        if block.part != "missing":
            blocks.setdefault(block.column, i)
    for one in feasible:
        if one.column not in learned:
            continue
        column, span = learned[one.column]
        if one.levels is None:
            present = _present(layout, column, span, blocks.get(one.column))
            condition = condition.narrowed(present, one.rows)
        elif column.encoding.blocks:
            candidates = _candidates(layout, one, column, span, blocks[one.column])
            condition = condition.narrowed(candidates, one.rows)
    return condition


def _present(
    layout: Layout, column: EncodedColumn, span: BlockSpan, block: int | None
) -> RowCondition:
    """Return the condition that a column is not missing."""
    allowed = {} if span.gate is None else {span.gate: np.array([[True, False]])}
    level = column.encoding.missing_level
    if level is not None and block is not None:
        allowed[block] = np.arange(layout.blocks[block].width)[None] != level
    return RowCondition(layout, allowed=allowed)


def _candidates(
    layout: Layout, one: Feasible, column: EncodedColumn, span: BlockSpan, block: int
) -> RowCondition:
    """Return the condition that a column is one of its candidates, for each of some rows."""
    assert one.levels is not None
    assert one.candidates is not None
    values, encoding = one.levels.values, column.encoding
    allowed, bounds = {}, {}
    if layout.blocks[block].source == "code":
        # Candidates by row: a column for each value, the last for missing.
        table = one.candidates.table()
        if span.gate is not None:
            allowed[span.gate] = np.stack([table[:, :-1].any(axis=1), table[:, -1]], axis=1)
        # The level of each value, as indicators, shape (values + 1, levels).
        codes = np.zeros((len(values) + 1, layout.blocks[block].width), bool)
        if len(values):
            codes[np.arange(len(values)), encoding.encode(values).codes[:, 0]] = True
        if encoding.missing_level is not None:
            codes[-1, encoding.missing_level] = True
        allowed[block] = table @ codes
    elif len(encoding.blocks) == 1 and one.levels.measured and len(values):
        limits = encoding.encode(values).floats.astype(float)
        least, most = (np.minimum(code, len(limits) - 1) for code in one.candidates.ends())
        bounds[block] = np.stack([limits[least, 0], limits[most, -1]], axis=1)
    return RowCondition(layout, len(one.rows), allowed, bounds)
