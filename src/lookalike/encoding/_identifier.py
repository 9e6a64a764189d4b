"""Identifiers: new ones of the same pattern."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar, Self

import pyarrow as pa

from lookalike._core.learned import Learned
from lookalike._core.rows import Rows
from lookalike.encoding._base import RowEncoding
from lookalike.encoding._fixed import Unlearned
from lookalike.encoding._layout import SampledRows
from lookalike.tables import Column, IdentifierMaker, Kind

__all__ = ["Identifier"]


class Identifier(Unlearned, RowEncoding):
    """New identifiers of the same pattern, one for each row number, never one of the training set.

    Parameters
    ----------
    min_count : int, default 2
        The least number of identifiers that must share a pattern, or a part of one, to keep it.

    Examples
    --------
    >>> import numpy as np
    >>> ids = pa.array(["A-001", "A-002", "A-007"])
    >>> encoding = Identifier().fit(ids, Column("id", Kind.IDENTIFIER, "string"))
    >>> made = encoding.decode(SampledRows(np.zeros((2, 0)), np.zeros((2, 0)))).to_pylist()
    >>> len(set(made) - set(ids.to_pylist()))
    2
    """

    name: ClassVar[str] = "identifier"
    kinds: ClassVar[frozenset[Kind]] = frozenset({Kind.IDENTIFIER})

    def __init__(self, min_count: int = 2) -> None:
        self.min_count = min_count

    def fit(self, values: pa.Array, column: Column) -> Self:
        """Learn the pattern."""
        self._column = column.name
        # Missing cells are learned in a block of their own.
        self._maker = IdentifierMaker(self.min_count).fit(values, replace(column, missing=0))
        return self

    def decode_rows(self, drawn: SampledRows, rows: Rows) -> pa.Array:
        return self._maker.make(rows.start, len(drawn.numbers), rows.seed)

    @property
    def is_whole(self) -> bool:
        """True where all identifiers are whole numbers."""
        return self._maker.is_whole

    def state(self) -> Learned:
        values, arrays = self._maker.state()
        return Learned(values, arrays)

    @classmethod
    def from_state(cls, state: Learned, column: Column) -> Self:
        self = cls()
        self._column = column.name
        self._maker = IdentifierMaker.from_state(state.values, state.arrays)
        return self
