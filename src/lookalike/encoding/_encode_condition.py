"""Translation of a condition on a column to one on the blocks that encode it."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from scipy.special import ndtri

from lookalike._core.errors import DataError, nearest
from lookalike._core.rows import Rows
from lookalike.encoding._columns import EncodedColumn
from lookalike.encoding._condition import RowCondition
from lookalike.encoding._draw import Z_MAX, sample_encoded
from lookalike.encoding._layout import EncodedRows, Layout, SampledRows
from lookalike.encoding._spans import BlockSpan
from lookalike.tables import ColumnCondition

__all__ = ["encode_condition", "extremes", "range_about"]


def encode_condition(
    column: EncodedColumn, span: BlockSpan, layout: Layout, condition: ColumnCondition
) -> RowCondition:
    """Translate a condition on a column to one on encoded rows.

    Parameters
    ----------
    column, span : EncodedColumn, BlockSpan
        The column and its span.
    layout : Layout
        The layout of the whole row.
    condition : ColumnCondition

    Returns
    -------
    RowCondition
        With one row, or with one for each of several numbers, of which a table row has one.

    Raises
    ------
    DataError
        If no row can fulfil it: a category that was not learned, a range without rows, or missing
        cells in a column without any.
    """
    if condition.missing:
        return _missing(column, span, layout, condition)
    gate = {} if span.gate is None else {span.gate: np.array([[True, False]])}
    if not column.encoding.blocks:
        _check_constant(column, condition)
        return RowCondition(layout, allowed=gate)
    if _is_listed(column, condition):
        of_column = _values(column, _listed(column, condition))
    else:
        of_column = _range(column, condition)
    first = next(
        i for i, b in enumerate(layout.blocks) if b.column == column.name and b.part != "missing"
    )
    return RowCondition(
        layout,
        of_column.rows,
        gate | {first + i: allowed for i, allowed in of_column.allowed.items()},
        {first + i: limits for i, limits in of_column.bounds.items()},
    )


def range_about(
    column: EncodedColumn, condition: ColumnCondition, share: float
) -> ColumnCondition | None:
    """Return the range around the one number of a condition; see `TableEncoder.around`."""
    blocks, known = column.encoding.blocks, column.encoding.known
    if len(blocks) != 1 or blocks[0].source != "interval" or known is not None:
        return None
    if condition.values is None or len(condition.values) > 1:
        return None
    low, high = column.encoding.encode(condition.values).floats[0].astype(float)
    ends = ndtri(np.clip([low - share, high + share], 1e-6, 1 - 1e-6)).astype(np.float32)
    values = column.decode(SampledRows(ends[:, None], np.zeros((2, 0), np.int32)), None, Rows())
    return ColumnCondition(condition.column, low=values[0], high=values[1])


def _check_constant(column: EncodedColumn, condition: ColumnCondition) -> None:
    """Reject a value other than the one that the column has in all rows."""
    value = column.decode(_one(column), None, Rows())
    if value[0].is_valid and condition.matches(value)[0]:
        return
    raise DataError(
        f"No row can satisfy {condition}. In the training table the column is always "
        f"{value[0].as_py()!r}; leave the condition out."
    )


def _missing(
    column: EncodedColumn, span: BlockSpan, layout: Layout, condition: ColumnCondition
) -> RowCondition:
    if span.gate is not None:
        return RowCondition(layout, allowed={span.gate: np.array([[False, True]])})
    blocks = [i for i, b in enumerate(layout.blocks) if b.column == column.name]
    level = column.encoding.missing_level
    if level is not None:
        width = layout.blocks[blocks[0]].width
        return RowCondition(layout, allowed={blocks[0]: np.arange(width)[None] == level})
    if not blocks and column.decode(_one(column), None, Rows()).null_count:
        return RowCondition(layout)
    raise DataError(
        f"No row can satisfy {condition}. The column is never missing in the training table; leave "
        "the condition out."
    )


def _one(column: EncodedColumn) -> SampledRows:
    """Return one row whose numbers and levels are 0."""
    own = column.encoding.layout
    return SampledRows(
        np.zeros((1, own.numbers), np.float32), np.zeros((1, own.softmaxes), np.int32)
    )


def _is_listed(column: EncodedColumn, condition: ColumnCondition) -> bool:
    """Return whether a condition lists values, or can be listed: numbers encoded as levels."""
    return condition.values is not None or column.encoding.known is not None


def _listed(column: EncodedColumn, condition: ColumnCondition) -> ColumnCondition:
    """Return the condition with the levels that lie in its range; one on values unchanged."""
    known = column.encoding.known
    if condition.values is not None or known is None:
        return condition
    inside = known.filter(pa.array(condition.matches(known)))
    if not len(inside):
        raise DataError(
            f"No row can satisfy {condition}. None of the learned values lies in that range."
        )
    return ColumnCondition(condition.column, values=inside)


def _values(column: EncodedColumn, condition: ColumnCondition) -> RowCondition:
    """Return the condition on values: all levels in one row, numbers in one row each."""
    assert condition.values is not None
    encoded = column.encoding.encode(condition.values)
    blocks = column.encoding.blocks
    if column.encoding.known is not None:
        _check_levels(column, condition, encoded)
    else:
        _check_values(column, condition)
    if blocks[0].source == "code":
        levels = np.zeros((1, blocks[0].width), bool)
        levels[0, encoded.codes[:, 0]] = True
        return RowCondition(column.encoding.layout, allowed={0: levels})
    every = np.ones(len(condition.values), bool)
    return RowCondition.of_cells(
        column.encoding.layout, encoded, dict.fromkeys(range(len(blocks)), every)
    )


def _check_levels(column: EncodedColumn, condition: ColumnCondition, encoded: EncodedRows) -> None:
    """Reject levels that were not learned: they would be decoded to others."""
    assert condition.values is not None
    back = column.decode(
        sample_encoded(encoded, column.encoding.layout, np.random.default_rng(0)), None, Rows()
    )
    unknown = condition.values.filter(pa.array(~_same(back, condition.values)))
    if len(unknown):
        assert column.encoding.known is not None
        names = [str(v) for v in column.encoding.known.to_pylist()]
        words = ", ".join(repr(v) for v in unknown.to_pylist())
        some = ", ".join(names[:10]) + (", …" if len(names) > 10 else "")
        raise DataError(
            f"No row can satisfy {condition}. The model has not learned {words}: not in the "
            f"training table, or too rare.{nearest(str(unknown[0]), names)} It has learned {some}."
        )


def _same(a: pa.Array, b: pa.Array) -> np.ndarray:
    a = a.dictionary_decode() if pa.types.is_dictionary(a.type) else a
    return np.array([x == y for x, y in zip(a.to_pylist(), b.to_pylist(), strict=True)], bool)


def _range(column: EncodedColumn, condition: ColumnCondition) -> RowCondition:
    """Return the condition on a range; for a date of several parts, on the first part alone."""
    blocks = column.encoding.blocks
    limits = {0: np.array([[-np.inf, np.inf]])}
    for side, limit in enumerate((condition.low, condition.high)):
        if limit is not None:
            floats = column.encoding.encode(pa.array([limit.as_py()], limit.type)).floats[0]
            at = blocks[0].source_start
            if blocks[0].source == "interval":
                limits[0][0, side] = _edge(column, limit, floats[at : at + 2].astype(float), side)
            else:
                limits[0][0, side] = floats[at]
    _check_range(column, condition)
    return RowCondition(column.encoding.layout, bounds=limits)


def _edge(column: EncodedColumn, limit: pa.Scalar, piece: np.ndarray, side: int) -> float:
    """Return the probability at which a range begins (side 0) or ends (side 1).

    A limit in a gap counts as the nearest piece, which may lie outside the range.
    """
    if len(column.encoding.blocks) > 1:
        return float(piece[side])
    within = piece + np.array([1, -1]) * 1e-3 * np.ptp(piece)
    z = np.clip(ndtri(within), -Z_MAX, Z_MAX).astype(np.float32)
    first, last = column.decode(SampledRows(z[:, None], np.zeros((2, 0), np.int32)), None, Rows())
    if side == 0:
        return float(piece[1] if last.as_py() < limit.as_py() else piece[0])
    return float(piece[0] if first.as_py() > limit.as_py() else piece[1])


def _check_range(column: EncodedColumn, condition: ColumnCondition) -> None:
    """Reject a range beyond all learned values."""
    least, most = extremes(column).to_pylist()
    low = None if condition.low is None else condition.low.as_py()
    high = None if condition.high is None else condition.high.as_py()
    if (low is not None and low > most) or (high is not None and high < least):
        raise _beyond(condition, least, most)


def _check_values(column: EncodedColumn, condition: ColumnCondition) -> None:
    """Reject values if one lies beyond all learned values."""
    assert condition.values is not None
    least, most = extremes(column).to_pylist()
    if any(value < least or value > most for value in condition.values.to_pylist()):
        raise _beyond(condition, least, most)


def extremes(column: EncodedColumn) -> pa.Array:
    """Return the least and the greatest cell of an encoding of numbers or times."""
    width = column.encoding.layout.numbers
    bound = 1.0 if column.encoding.blocks[0].head == "tanh" else Z_MAX
    ends = np.full((2, width), [[-bound], [bound]], np.float32)
    return column.decode(SampledRows(ends, np.zeros((2, 0), np.int32)), None, Rows())


def _beyond(condition: ColumnCondition, least: object, most: object) -> DataError:
    return DataError(
        f"No row can satisfy {condition}. The learned values lie between {least} and {most}."
    )
