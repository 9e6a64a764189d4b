"""What is asked of a column, in terms of the blocks that encode it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import pyarrow as pa
from scipy.special import ndtri

from lookalike._core.errors import DataError, nearest
from lookalike._core.rows import Rows
from lookalike.encoding._columns import EncodedColumn
from lookalike.encoding._draw import Z_MAX, sample_encoded
from lookalike.encoding._layout import EncodedRows, Layout, SampledRows
from lookalike.encoding._spans import BlockSpan
from lookalike.tables import ColumnCondition

__all__ = ["Asked", "asked", "extremes", "range_about"]


@dataclass(frozen=True)
class Asked:
    """A wish as options, one of which is taken for each row.

    Parameters
    ----------
    shares : ndarray, shape (options,)
        How often each is taken: its mass in the training table, as a share of all.
    limits : dict of int to ndarray, shape (options, 2)
        For the index of a block of one number: the limits of what it may be, as a cumulative
        probability (source ``"interval"``) or as the encoded value.
    allowed : dict of int to ndarray of bool, shape (width,)
        For the index of a block of levels: which of them may be.
    """

    shares: np.ndarray
    limits: dict[int, np.ndarray] = field(default_factory=dict)
    allowed: dict[int, np.ndarray] = field(default_factory=dict)


def asked(part: EncodedColumn, place: BlockSpan, layout: Layout, wish: ColumnCondition) -> Asked:
    """Translate a wish.

    Parameters
    ----------
    part, place : EncodedColumn, Place
        The column.
    layout : Layout
        Of the whole row.
    wish : ColumnCondition
        What is asked of it.

    Raises
    ------
    DataError
        If no row can be so: a level that was not learned, a range without rows, missing cells
        where none were.
    """
    if wish.missing:
        return _missing(part, place, layout, wish)
    gate = {} if place.gate is None else {place.gate: np.array([True, False])}
    if not part.encoding.blocks:
        return replace(_fixed(part, wish), allowed=gate)
    own = _values(part, _listed(part, wish)) if _is_listed(part, wish) else _range(part, wish)
    first = next(
        i for i, b in enumerate(layout.blocks) if b.column == part.name and b.part != "missing"
    )
    return Asked(
        own.shares,
        {first + i: limits for i, limits in own.limits.items()},
        gate | {first + i: allowed for i, allowed in own.allowed.items()},
    )


def range_about(part: EncodedColumn, wish: ColumnCondition, share: float) -> ColumnCondition | None:
    """Return the range about the one number that is wished; see `TableEncoder.around`."""
    blocks = part.encoding.blocks
    alone = len(blocks) == 1 and blocks[0].source == "interval"
    if wish.values is None or len(wish.values) > 1 or not alone or part.encoding.known is not None:
        return None
    low, high = part.encoding.encode(wish.values).floats[0].astype(float)
    ends = ndtri(np.clip([low - share, high + share], 1e-6, 1 - 1e-6)).astype(np.float32)
    values = part.decode(SampledRows(ends[:, None], np.zeros((2, 0), np.int32)), None, Rows())
    return ColumnCondition(wish.column, low=values[0], high=values[1])


def _fixed(part: EncodedColumn, wish: ColumnCondition) -> Asked:
    """Ask for what a column is in all rows."""
    value = part.decode(_one(part), None, Rows())
    if value[0].is_valid and wish.fulfilled(value)[0]:
        return Asked(np.ones(1))
    raise DataError(
        f"No row can be so: {wish}. In the training table it is always {value[0].as_py()!r}."
    )


def _missing(part: EncodedColumn, place: BlockSpan, layout: Layout, wish: ColumnCondition) -> Asked:
    if place.gate is not None:
        return Asked(np.ones(1), allowed={place.gate: np.array([False, True])})
    found = [i for i, b in enumerate(layout.blocks) if b.column == part.name]
    level = part.encoding.missing_level
    if level is not None:
        width = layout.blocks[found[0]].width
        return Asked(np.ones(1), allowed={found[0]: np.arange(width) == level})
    if not found and part.decode(_one(part), None, Rows()).null_count:
        return Asked(np.ones(1))
    raise DataError(f"No row can be so: {wish}. In the training table it was never missing.")


def _one(part: EncodedColumn) -> SampledRows:
    """Return one row whose numbers and levels are 0."""
    own = part.encoding.layout
    return SampledRows(
        np.zeros((1, own.numbers), np.float32), np.zeros((1, own.softmaxes), np.int32)
    )


def _is_listed(part: EncodedColumn, wish: ColumnCondition) -> bool:
    """Whether a wish is one of values, or can be: numbers that are encoded as levels."""
    return wish.values is not None or part.encoding.known is not None


def _listed(part: EncodedColumn, wish: ColumnCondition) -> ColumnCondition:
    """Return the levels that lie in a range; a wish of values as it is."""
    known = part.encoding.known
    if wish.values is not None or known is None:
        return wish
    inside = known.filter(pa.array(wish.fulfilled(known)))
    if not len(inside):
        raise DataError(f"No row can be so: {wish}. None of the levels that were learned is there.")
    return ColumnCondition(wish.column, values=inside)


def _values(part: EncodedColumn, wish: ColumnCondition) -> Asked:
    """Ask for one of several values: levels all at once, numbers one option each."""
    assert wish.values is not None
    encoded = part.encoding.encode(wish.values)
    blocks = part.encoding.blocks
    if part.encoding.known is not None:
        _check_levels(part, wish, encoded)
    else:
        _check_values(part, wish)
    if blocks[0].source == "code":
        levels = np.zeros(blocks[0].width, bool)
        levels[encoded.codes[:, 0]] = True
        return Asked(np.ones(1), allowed={0: levels})
    limits = {}
    shares = np.ones(len(wish.values))
    for i, block in enumerate(blocks):
        at = block.source_start
        if block.source == "interval":
            limits[i] = encoded.floats[:, at : at + 2].astype(float)
            shares = shares * np.maximum(limits[i][:, 1] - limits[i][:, 0], 1e-12)
        else:
            limits[i] = np.repeat(encoded.floats[:, at : at + 1].astype(float), 2, axis=1)
    return Asked(shares / shares.sum(), limits)


def _check_levels(part: EncodedColumn, wish: ColumnCondition, encoded: EncodedRows) -> None:
    """Refuse levels that come back as others: those that were not learned."""
    assert wish.values is not None
    back = part.decode(
        sample_encoded(encoded, part.encoding.layout, np.random.default_rng(0)), None, Rows()
    )
    unknown = wish.values.filter(pa.array(~_same(back, wish.values)))
    if len(unknown):
        assert part.encoding.known is not None
        names = [str(v) for v in part.encoding.known.to_pylist()]
        words = ", ".join(repr(v) for v in unknown.to_pylist())
        some = ", ".join(names[:10]) + (", …" if len(names) > 10 else "")
        raise DataError(
            f"No row can be so: {wish}. The model has not learned {words}: it was never in the "
            f"training table, or too rare.{nearest(str(unknown[0]), names)} It knows {some}."
        )


def _same(a: pa.Array, b: pa.Array) -> np.ndarray:
    a = a.dictionary_decode() if pa.types.is_dictionary(a.type) else a
    return np.array([x == y for x, y in zip(a.to_pylist(), b.to_pylist(), strict=True)], bool)


def _range(part: EncodedColumn, wish: ColumnCondition) -> Asked:
    """Ask for a range: of a date of several parts, the first part's; the rest is checked later."""
    blocks = part.encoding.blocks
    limits = {0: np.array([[-np.inf, np.inf]])}
    for side, limit in enumerate((wish.low, wish.high)):
        if limit is not None:
            floats = part.encoding.encode(pa.array([limit.as_py()], limit.type)).floats[0]
            at = blocks[0].source_start
            if blocks[0].source == "interval":
                limits[0][0, side] = _edge(part, limit, floats[at : at + 2].astype(float), side)
            else:
                limits[0][0, side] = floats[at]
    _check_range(part, wish)
    return Asked(np.ones(1), limits)


def _edge(part: EncodedColumn, limit: pa.Scalar, piece: np.ndarray, side: int) -> float:
    """Return the probability at which a range begins (side 0) or ends (side 1).

    A limit that lies in a gap counts as the nearest piece, which may be outside of the range.
    """
    if len(part.encoding.blocks) > 1:
        return float(piece[side])
    within = piece + np.array([1, -1]) * 1e-3 * np.ptp(piece)
    z = np.clip(ndtri(within), -Z_MAX, Z_MAX).astype(np.float32)
    first, last = part.decode(SampledRows(z[:, None], np.zeros((2, 0), np.int32)), None, Rows())
    if side == 0:
        return float(piece[1] if last.as_py() < limit.as_py() else piece[0])
    return float(piece[0] if first.as_py() > limit.as_py() else piece[1])


def _check_range(part: EncodedColumn, wish: ColumnCondition) -> None:
    """Refuse a range that lies beyond all values."""
    least, most = extremes(part).to_pylist()
    low = None if wish.low is None else wish.low.as_py()
    high = None if wish.high is None else wish.high.as_py()
    if (low is not None and low > most) or (high is not None and high < least):
        raise _beyond(wish, least, most)


def _check_values(part: EncodedColumn, wish: ColumnCondition) -> None:
    """Refuse values of which one lies beyond all that were learned."""
    assert wish.values is not None
    least, most = extremes(part).to_pylist()
    if any(value < least or value > most for value in wish.values.to_pylist()):
        raise _beyond(wish, least, most)


def extremes(part: EncodedColumn) -> pa.Array:
    """Return the least and the greatest cell that an encoding of numbers or times can say."""
    width = part.encoding.layout.numbers
    bound = 1.0 if part.encoding.blocks[0].head == "tanh" else Z_MAX
    ends = np.full((2, width), [[-bound], [bound]], np.float32)
    return part.decode(SampledRows(ends, np.zeros((2, 0), np.int32)), None, Rows())


def _beyond(wish: ColumnCondition, least: object, most: object) -> DataError:
    return DataError(
        f"No row can be so: {wish}. The model has learned values from {least} to {most}."
    )
