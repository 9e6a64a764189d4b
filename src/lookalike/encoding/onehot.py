"""Categories and booleans as one-hot levels, with levels for missing and pooled cells."""

from __future__ import annotations

from typing import ClassVar, Self

import numpy as np
import pyarrow as pa

from lookalike._core.learned import Learned
from lookalike._core.rows import Rows
from lookalike.encoding._base import RowEncoding
from lookalike.encoding._layout import Block, EncodedRows, SampledRows
from lookalike.tables import Column, Kind
from lookalike.tables.values.levels import Levels

__all__ = ["OneHot"]


class OneHot(RowEncoding):
    """A softmax block with one level for each category of the column.

    Categories that occur fewer than `min_count` times share one level, the *pool*: their values are
    not stored, and where the pool is decoded, a kept category is drawn by frequency. Missing cells
    are one more level, the last.

    Parameters
    ----------
    min_count : int, default 2
        The least count of a category that is kept; 1 keeps all.

    Examples
    --------
    >>> from lookalike.encoding import sample_encoded
    >>> values = pa.array(["red", "blue", None, "red", "blue"])
    >>> encoding = OneHot().fit(values, Column("colour", Kind.CATEGORICAL, "string"))
    >>> encoding.blocks[0].width
    3
    >>> drawn = sample_encoded(encoding.encode(values), encoding.layout, np.random.default_rng(0))
    >>> encoding.decode(drawn).to_pylist()
    ['red', 'blue', None, 'red', 'blue']
    """

    name: ClassVar[str] = "onehot"
    kinds: ClassVar[frozenset[Kind]] = frozenset(kind for kind in Kind if kind.is_learned)
    takes_missing: ClassVar[bool] = True
    pools: ClassVar[bool] = True

    def __init__(self, min_count: int = 2) -> None:
        self.min_count = min_count

    def fit(self, values: pa.Array, column: Column) -> Self:
        """Learn the levels from all cells; at least one is present."""
        self._column = column.name
        self._levels = Levels.of(values, column.kind, self.min_count)
        self._has_missing = values.null_count > 0
        return self

    @property
    def blocks(self) -> tuple[Block, ...]:
        width = self._levels.count + self._has_missing
        return (Block(self._column, "value", "code", 0, 0, width, "softmax"),)

    @property
    def missing_level(self) -> int | None:
        return self._levels.count if self._has_missing else None

    @property
    def known(self) -> pa.Array:
        return self._levels.values

    def encode(self, values: pa.Array) -> EncodedRows:
        codes = self._levels.codes(values)
        # Where no cell was missing at fit, a missing cell is encoded as the most frequent level.
        codes[codes == -1] = self._levels.count if self._has_missing else 0
        return EncodedRows(np.zeros((len(codes), 0), np.float32), codes[:, None].astype(np.int32))

    def decode_rows(self, drawn: SampledRows, rows: Rows) -> pa.Array:
        codes = drawn.levels[:, 0]
        missing = codes == self._levels.count if self._has_missing else None
        return self._levels.array(self._levels.settle(codes, rows), missing)

    def state(self) -> Learned:
        values = {"has_missing": self._has_missing, "min_count": self.min_count}
        return Learned(values | self._levels.to_dict(), {"shares": self._levels.shares})

    @classmethod
    def from_state(cls, state: Learned, column: Column) -> Self:
        self = cls(int(state.values["min_count"]))
        self._column = column.name
        self._levels = Levels.from_dict(state.values, state.arrays["shares"])
        self._has_missing = bool(state.values["has_missing"])
        return self
