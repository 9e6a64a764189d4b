"""Encodings that learn at most one value: constants, placeholders, free text."""

from __future__ import annotations

from typing import ClassVar, Self

import numpy as np
import pyarrow as pa

from lookalike._core.learned import Learned
from lookalike.encoding._base import ColumnEncoding
from lookalike.encoding._layout import Block, EncodedRows, SampledRows
from lookalike.tables import Column, Kind
from lookalike.tables.values.codec import array_from_json, array_to_json

__all__ = ["ConstantEncoding", "Unlearned"]


class Unlearned(ColumnEncoding):
    """An encoding without blocks."""

    @property
    def blocks(self) -> tuple[Block, ...]:
        return ()

    def encode(self, values: pa.Array) -> EncodedRows:
        rows = len(values)
        return EncodedRows(np.zeros((rows, 0), np.float32), np.zeros((rows, 0), np.int32))


class ConstantEncoding(Unlearned):
    """The same value in every row: a constant column's, a placeholder, or a missing one.

    Parameters
    ----------
    value : pyarrow.Array of length 1, or None
        The value to repeat; None takes the first cell at ``fit``.

    Examples
    --------
    >>> encoding = ConstantEncoding().fit(pa.array(["CH"]), Column("land", Kind.CONSTANT, "string"))
    >>> encoding.decode(SampledRows(np.zeros((2, 0)), np.zeros((2, 0)))).to_pylist()
    ['CH', 'CH']
    """

    name: ClassVar[str] = "constant"
    kinds: ClassVar[frozenset[Kind]] = frozenset(Kind)

    def __init__(self, value: pa.Array | None = None) -> None:
        self.value = value

    @property
    def is_missing(self) -> bool:
        """True where the value is a missing cell."""
        return self.value is not None and self.value.null_count == 1

    def fit(self, values: pa.Array, column: Column) -> Self:
        """Take the first cell, unless a value was given."""
        self._value = self.value if self.value is not None else values[:1]
        self._column = column.name
        return self

    def decode(self, drawn: SampledRows) -> pa.Array:
        zeros = pa.array(np.zeros(len(drawn.numbers), np.int32))
        if pa.types.is_dictionary(self._value.type):
            return pa.DictionaryArray.from_arrays(
                self._value.indices.take(zeros), self._value.dictionary
            )
        return self._value.take(zeros)

    def state(self) -> Learned:
        dictionary = pa.types.is_dictionary(self._value.type)
        return Learned({"value": array_to_json(self._value), "dictionary": dictionary})

    @classmethod
    def from_state(cls, state: Learned, column: Column) -> Self:
        value = array_from_json(state.values["value"])
        value = value.dictionary_encode() if state.values["dictionary"] else value
        return cls(value).fit(value, column)
