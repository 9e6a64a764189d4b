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

    ``fit`` learns from a canonical Arrow column (see `lookalike.tables`); ``encode`` returns
    the form stored for training; `lookalike.encoding.sample_encoded` turns it into rows as a
    generator outputs them; ``decode`` inverts. ``decode(sample_encoded(encode(x))) == x`` wherever
    the encoding is lossless, and otherwise the nearest value that it can represent.

    Blocks are numbered from 0 within the encoding; `TableEncoder` shifts them to their columns.
    """

    #: The name by which users and model files refer to it.
    name: ClassVar[str]
    #: The kinds of columns that it can encode.
    kinds: ClassVar[frozenset[Kind]]
    #: True where it encodes missing cells itself; otherwise `TableEncoder` omits them.
    takes_missing: ClassVar[bool] = False
    #: True where it pools rare levels, and so takes `min_count`.
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
        """The values that it can decode to, one per level; None for an encoding of numbers."""
        return None

    @property
    def kept_values(self) -> int | None:
        """The number of values that it decodes to as they came; None where it interpolates."""
        return None if self.known is None else len(self.known.drop_null())

    @property
    def keeps_ends(self) -> bool:
        """True where it decodes to the full range of the fit, without trimmed ends."""
        return True

    @property
    def missing_level(self) -> int | None:
        """The level for *missing*; None where missing cells are encoded otherwise."""
        return None

    @property
    def layout(self) -> Layout:
        """The layout of its blocks alone."""
        per_number = {"interval": 2, "value": 1, "code": 0}
        floats = sum(per_number[block.source] * block.width for block in self.blocks)
        codes = sum(block.source == "code" for block in self.blocks)
        return Layout(self.blocks, floats, codes)

    @abstractmethod
    def encode(self, values: pa.Array) -> EncodedRows:
        """Return the encoded form of present cells, n rows."""

    @abstractmethod
    def decode(self, drawn: SampledRows) -> pa.Array:
        """Return the canonical Arrow column of sampled rows, given this encoding's blocks alone."""

    @abstractmethod
    def state(self) -> Learned:
        """Return the learned state."""

    @classmethod
    @abstractmethod
    def from_state(cls, state: Learned, column: Column) -> Self:
        """Restore a fitted encoding from its `state`."""


#: The encodings that a user can choose; others can be registered.
ENCODINGS: Registry[ColumnEncoding] = Registry("encoding", ColumnEncoding)


class RowEncoding(ColumnEncoding):
    """An encoding that also needs the row numbers to decode.

    The row number gives a new identifier, or seeds a random choice (the value for a pooled level),
    so that no block boundary can change a row.
    """

    @abstractmethod
    def decode_rows(self, drawn: SampledRows, rows: Rows) -> pa.Array:
        """Return the canonical Arrow column of sampled rows, numbered from `rows.start`."""

    def decode(self, drawn: SampledRows) -> pa.Array:
        """Return the canonical Arrow column of sampled rows, numbered from 0 with seed 0."""
        return self.decode_rows(drawn, Rows())


class Context(NamedTuple):
    """A sample of rows: cells of a column, and the encoded numbers of the other columns.

    Parameters
    ----------
    cells : pyarrow.Array, shape (rows,)
        Cells of the column, including missing ones.
    numbers : ndarray of float64, shape (rows, d)
        The encoded numbers, finite; d >= 1.
    """

    cells: pa.Array
    numbers: np.ndarray


class ComparingEncoding(RowEncoding):
    """An encoding that can also learn from the other columns."""

    @abstractmethod
    def fit(self, values: pa.Array, column: Column, context: Context | None = None) -> Self:
        """Learn from the present cells of a column and, if given, from the other columns."""
