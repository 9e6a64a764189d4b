"""Encoded columns: those that are not derived, each with its encoding and its missing cells."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from lookalike._core.rows import Rows
from lookalike.encoding._base import ColumnEncoding, ComparingEncoding, Context, RowEncoding
from lookalike.encoding._choice import EncodingChoice
from lookalike.encoding._context import MOST_ROWS, numbers_of
from lookalike.encoding._fixed import ConstantEncoding
from lookalike.encoding._layout import EncodedRows, SampledRows
from lookalike.tables.values.arrow import is_null, masked

__all__ = ["EncodedColumn", "fit_columns"]


@dataclass(frozen=True)
class EncodedColumn:
    """A column that is not derived.

    Parameters
    ----------
    name : str
        The column's name.
    encoding : ColumnEncoding
        Fitted to its present cells.
    gate : str or None
        The column whose *missing* block marks the missing cells of this one: itself, or an earlier
        column that was missing in exactly the same rows; None where no cell was missing.
    """

    name: str
    encoding: ColumnEncoding
    gate: str | None

    @property
    def has_gate(self) -> bool:
        """True where the column has its own *missing* block."""
        return self.gate == self.name

    def encode(self, values: pa.Array) -> EncodedRows:
        """Return the encoded form of cells; missing cells are encoded so as to be sampled as 0."""
        if self.encoding.takes_missing or values.null_count == 0:
            return self.encoding.encode(values)
        present, layout = ~is_null(values), self.encoding.layout
        floats = np.zeros((len(values), layout.floats), np.float32)
        codes = np.zeros((len(values), layout.codes), np.int32)
        for block in layout.blocks:
            if block.source == "interval":
                floats[:, block.source_start : block.source_start + 2] = 0.5
        floats[present], codes[present] = self.encoding.encode(values.drop_null())
        return EncodedRows(floats, codes)

    def decode(self, drawn: SampledRows, missing: np.ndarray | None, rows: Rows) -> pa.Array:
        """Return the cells of sampled rows, restricted to the encoding's blocks."""
        if isinstance(self.encoding, RowEncoding):
            values = self.encoding.decode_rows(drawn, rows.of(self.name))
        else:
            values = self.encoding.decode(drawn)
        return values if missing is None else masked(values, missing)


def fit_columns(
    cells: Mapping[str, pa.Array], choice: EncodingChoice, rng: np.random.Generator
) -> tuple[EncodedColumn, ...]:
    """Choose and fit the encodings of columns; those that learn from other columns come last.

    Parameters
    ----------
    cells : mapping of str to pyarrow.Array
        The columns to encode, n >= 1 rows.
    choice : EncodingChoice
        The rules for choosing encodings.
    rng : numpy.random.Generator
        Samples the rows for encodings that learn from other columns.

    Returns
    -------
    tuple of EncodedColumn
        In the order of `cells`.
    """
    parts: list[EncodedColumn] = []
    gates: dict[bytes, str] = {}
    for name, values in cells.items():
        encoding = choice.encoding(choice.schema[name], values)
        gate = None
        if _needs_gate(encoding, values):
            gate = gates.setdefault(np.packbits(is_null(values)).tobytes(), name)
        parts.append(EncodedColumn(name, encoding, gate))
    others = [part for part in parts if not isinstance(part.encoding, ComparingEncoding)]
    for part in others:
        values = cells[part.name]
        present = values if part.encoding.takes_missing else values.drop_null()
        part.encoding.fit(present, choice.schema[part.name])
    rows = None
    for part in parts:
        if isinstance(part.encoding, ComparingEncoding):
            if rows is None:
                rows = _some_rows(len(cells[part.name]), rng)
                numbers = _numbers(others, cells, rows)
            values = cells[part.name]
            context = None if numbers is None else Context(values.take(rows), numbers)
            part.encoding.fit(values.drop_null(), choice.schema[part.name], context)
    return tuple(parts)


def _needs_gate(encoding: ColumnEncoding, values: pa.Array) -> bool:
    """Return whether the column's missing cells need a block of their own."""
    if values.null_count == 0 or encoding.takes_missing:
        return False
    return not (isinstance(encoding, ConstantEncoding) and encoding.is_missing)


def _some_rows(count: int, rng: np.random.Generator) -> pa.Array:
    return pa.array(np.sort(rng.choice(count, min(count, MOST_ROWS), replace=False)))


def _numbers(
    parts: Iterable[EncodedColumn], cells: Mapping[str, pa.Array], rows: pa.Array
) -> np.ndarray | None:
    """Return the encoded numbers of fitted columns in some rows; None where there are none."""
    learned = [part for part in parts if part.encoding.blocks]
    if not learned:
        return None
    return numbers_of(
        (part.encoding.layout, part.encode(cells[part.name].take(rows))) for part in learned
    )
