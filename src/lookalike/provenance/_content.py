"""Digests of the rows of a table: one that no order, format or row group changes, and parts.

A cell counts as the text that a CSV of this package has for it, so that a CSV and a Parquet file
of the same rows have the same digests.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lookalike.tables import cell_texts

__all__ = ["Content", "content_of", "row_digests"]

#: The number of parts of consecutive rows that have digests of their own, to name changed ones.
_PARTS = 64


@dataclass(frozen=True)
class Content:
    """The digests of a table.

    Parameters
    ----------
    rows : int
        The number of rows.
    names : tuple of str
        The columns in order.
    digest : str
        SHA-256 over the sorted digests of all rows: equal for the same rows in any order.
    columns : dict of str to str
        The digest of each column's cells in order, by which a changed column is named.
    parts : tuple of str
        The digests of up to 64 runs of consecutive rows, by which changed rows are located.
    """

    rows: int
    names: tuple[str, ...]
    digest: str
    columns: dict[str, str]
    parts: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the digests as JSON values."""
        return {
            "rows": self.rows,
            "names": list(self.names),
            "digest": self.digest,
            "columns": self.columns,
            "parts": list(self.parts),
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Content:
        """Read the result of `to_dict`."""
        return cls(
            int(values["rows"]),
            tuple(map(str, values["names"])),
            str(values["digest"]),
            {str(name): str(one) for name, one in values["columns"].items()},
            tuple(map(str, values["parts"])),
        )

    def differences(self, found: Content) -> list[str]:
        """Return what is different in another table, in words; empty for the same rows."""
        if found.digest == self.digest:
            return []
        if set(found.names) != set(self.names):
            gone = [name for name in self.names if name not in found.names]
            new = [name for name in found.names if name not in self.names]
            words = [f"column {name!r} is missing" for name in gone]
            return words + [f"column {name!r} is new" for name in new]
        if found.rows != self.rows:
            sign = "missing" if found.rows < self.rows else "added"
            return [
                f"{abs(self.rows - found.rows):,} rows are {sign}: {self.rows:,} were signed, "
                f"the file has {found.rows:,}"
            ]
        changed = [name for name in self.names if found.columns[name] != self.columns[name]]
        places = [i for i, (a, b) in enumerate(zip(self.parts, found.parts, strict=True)) if a != b]
        edges = _edges(self.rows)
        return [
            f"cells of {', '.join(map(repr, changed)) or 'the columns'} were changed, in rows "
            f"{edges[places[0]] + 1:,} to {edges[places[-1] + 1]:,}"
        ]


def content_of(table: pa.Table) -> Content:
    """Return the digests of a table.

    Parameters
    ----------
    table : pyarrow.Table
        Of any types that can be written to a CSV.
    """
    texts = [cell_texts(table[name], name) for name in table.column_names]
    rows = _row_digests(table.column_names, texts)
    whole = hashlib.sha256(_header(sorted(table.column_names)))
    whole.update(b"".join(sorted(rows)))
    edges = _edges(len(rows))
    parts = [
        hashlib.sha256(b"".join(rows[start:stop])).hexdigest() for start, stop in pairwise(edges)
    ]
    columns = {
        name: hashlib.sha256(_joined([text])).hexdigest()
        for name, text in zip(table.column_names, texts, strict=True)
    }
    return Content(len(rows), tuple(table.column_names), whole.hexdigest(), columns, tuple(parts))


def row_digests(table: pa.Table) -> list[bytes]:
    """Return the SHA-256 of each row; the order of columns does not matter.

    Parameters
    ----------
    table : pyarrow.Table
    """
    return _row_digests(
        table.column_names, [cell_texts(table[name], name) for name in table.column_names]
    )


def _row_digests(names: Sequence[str], texts: Sequence[pa.ChunkedArray]) -> list[bytes]:
    if not len(names) or not len(texts[0]):
        return []
    by_name = [text for _, text in sorted(zip(names, texts, strict=True), key=lambda one: one[0])]
    lines = _lines(by_name)
    # The values of a text array lie one after the other.
    offsets = np.frombuffer(lines.buffers()[1], np.int64)[lines.offset :][: len(lines) + 1]
    letters = memoryview(lines.buffers()[2] or b"")
    sha, ends = hashlib.sha256, offsets.tolist()
    return [sha(letters[a:b]).digest() for a, b in pairwise(ends)]


def _lines(texts: Sequence[pa.ChunkedArray]) -> pa.Array:
    """Return rows as text, from which no two different rows get the same: lengths come first."""
    cells: list[pa.ChunkedArray] = []
    for text in texts:
        wide = text.cast(pa.large_string())
        size = pc.binary_length(wide).cast(pa.large_string())
        cell = pc.binary_join_element_wise(size, wide, pa.scalar(":", pa.large_string()))
        cells.append(pc.fill_null(cell, "-"))
    joined = pc.binary_join_element_wise(*cells, pa.scalar("|", pa.large_string()))
    return joined.combine_chunks() if isinstance(joined, pa.ChunkedArray) else joined


def _joined(texts: Sequence[pa.ChunkedArray]) -> bytes:
    """Return the cells of a column in order: which are missing, how long they are, their text."""
    (text,) = texts
    wide = pa.concat_arrays(
        [pa.array([""], pa.large_string()), *text.cast(pa.large_string()).chunks]
    )
    missing = wide.is_null().to_numpy(zero_copy_only=False).tobytes()
    full = wide.fill_null("")
    _, offsets, letters = full.buffers()
    at = np.frombuffer(offsets, np.int64)[: len(full) + 1]
    plain = bytes(memoryview(letters or b"")[at[0] : at[-1]])
    return bytes(missing + np.diff(at).tobytes() + plain)


def _header(names: Sequence[str]) -> bytes:
    return "".join(f"{len(name)}:{name}" for name in names).encode("utf-8", "surrogatepass")


def _edges(rows: int) -> list[int]:
    """Return the first row of each part, and the end."""
    return [int(one) for one in np.linspace(0, rows, min(_PARTS, max(rows, 1)) + 1)]
