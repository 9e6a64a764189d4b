"""The contract of a column encoding. Room rule: ``encoding`` is numpy and Arrow, never JAX."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar, NamedTuple, Self

import numpy as np
import pyarrow as pa

from lookalike._core.learned import Learned
from lookalike._core.registry import Registry
from lookalike._core.rows import Rows
from lookalike.encoding._layout import Block, EncodedRows, Layout, SampledRows
from lookalike.tables import Column, Kind

__all__ = ["ColumnEncoding", "ComparingEncoding", "Context", "RowEncoding"]


class ColumnEncoding(ABC):
    """A reversible map between one column without missing cells and arrays.

    ``fit`` learns from a canonical Arrow column (see `lookalike.tables`); ``encode`` gives the
    form that is kept while training; `lookalike.encoding.sample_encoded` makes of it what a
    generator would make; ``decode`` goes back. ``decode(sample_encoded(encode(x))) == x`` wherever
    the encoding claims to be lossless, and the nearest value that it can say otherwise.

    Blocks are numbered from 0 within the encoding; `TableEncoder` shifts them into place.
    """

    #: The name under which it is stored and chosen.
    name: ClassVar[str]
    #: The kinds of columns that it can encode.
    kinds: ClassVar[frozenset[Kind]]
    #: Whether it encodes missing cells itself; if not, `TableEncoder` does and hands it the others.
    takes_missing: ClassVar[bool] = False
    #: Whether it pools rare levels, and so takes `min_count`.
    pools: ClassVar[bool] = False

    @abstractmethod
    def fit(self, values: pa.Array, column: Column) -> Self:
        """Learn from the present cells of a column, shape (n,), no nulls, n >= 1."""

    @property
    @abstractmethod
    def blocks(self) -> tuple[Block, ...]:
        """The spans of this encoding, with ``start`` and ``source_start`` counted from 0."""

    @property
    def known(self) -> pa.Array | None:
        """The levels that it can say; None where it is of numbers."""
        return None

    @property
    def keeps_ends(self) -> bool:
        """Whether the range that it decodes is that of the fit, not drawn in."""
        return True

    @property
    def missing_level(self) -> int | None:
        """The level that says *missing*; None where missing cells are told otherwise."""
        return None

    @property
    def layout(self) -> Layout:
        """The blocks as a layout of their own."""
        per_number = {"interval": 2, "value": 1, "code": 0}
        floats = sum(per_number[block.source] * block.width for block in self.blocks)
        codes = sum(block.source == "code" for block in self.blocks)
        return Layout(self.blocks, floats, codes)

    @abstractmethod
    def encode(self, values: pa.Array) -> EncodedRows:
        """Return the encoded form of present cells, n rows."""

    @abstractmethod
    def decode(self, drawn: SampledRows) -> pa.Array:
        """Return the canonical Arrow column of drawn rows, restricted to this encoding's blocks."""

    @abstractmethod
    def state(self) -> Learned:
        """Return what was learned."""

    @classmethod
    @abstractmethod
    def from_state(cls, state: Learned, column: Column) -> Self:
        """Make a fitted encoding from what `state` gave."""


#: The encodings that a user can choose; yours may join them.
ENCODINGS: Registry[ColumnEncoding] = Registry("encoding", ColumnEncoding)


class RowEncoding(ColumnEncoding):
    """An encoding whose way back also needs to know which rows it decodes.

    It needs a row's number (a new identifier) or chance that belongs to that number (which of
    several values a pooled level stands for), so that no block boundary can change a row.
    """

    @abstractmethod
    def decode_rows(self, drawn: SampledRows, rows: Rows) -> pa.Array:
        """Return the canonical Arrow column of drawn rows, the first of which is `rows.start`."""

    def decode(self, drawn: SampledRows) -> pa.Array:
        """Return the canonical Arrow column of drawn rows, counted from row 0 of seed 0."""
        return self.decode_rows(drawn, Rows())


class Context(NamedTuple):
    """Some rows of a column and of the encoded numbers of the other columns.

    Parameters
    ----------
    cells : pyarrow.Array, shape (rows,)
        Cells of the column, missing ones among them.
    numbers : ndarray of float64, shape (rows, d)
        Finite; d >= 1.
    """

    cells: pa.Array
    numbers: np.ndarray


class ComparingEncoding(RowEncoding):
    """An encoding that learns more where it is shown the other columns."""

    @abstractmethod
    def fit(self, values: pa.Array, column: Column, context: Context | None = None) -> Self:
        """Learn from the present cells of a column and, if given, from the other columns."""
