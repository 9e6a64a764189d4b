"""A digest that identifies a training table without storing any of it.

It tells whether a *whole* table is the one that a model has learned. It is not strictly private:
whoever holds all rows but one can try values for the last. Tables with fewer rows than `ENOUGH`
could be guessed as a whole, so they have no digest.
"""

from __future__ import annotations

import hashlib

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["ENOUGH", "fingerprint"]

#: Tables of fewer rows have no fingerprint.
ENOUGH = 100


def fingerprint(table: pa.Table) -> str:
    """Return the SHA-256 of a canonical table's names and cells, or ``""`` for a small table.

    The digest does not depend on how the table is cut into chunks, on the order in which levels
    are stored, or on the version of Arrow.

    Parameters
    ----------
    table : pyarrow.Table, shape (rows, columns)
        In canonical types.

    Returns
    -------
    str
        64 hexadecimal digits, or the empty string where there are fewer rows than `ENOUGH`.
    """
    if table.num_rows < ENOUGH:
        return ""
    digest = hashlib.sha256()
    for name, column in zip(table.column_names, table.columns, strict=True):
        digest.update(f"{len(name)}:{name}".encode())
        # A fresh array of one piece: offset 0, however the table was cut.
        words = pa.concat_arrays([pa.array([""], pa.large_string()), *_words(column).chunks])
        digest.update(words.is_null().to_numpy(zero_copy_only=False).tobytes())
        _, offsets, letters = words.fill_null("").buffers()
        at = np.frombuffer(offsets, np.int64)[: len(words) + 1]
        digest.update(np.diff(at).tobytes())
        digest.update(memoryview(letters or b"")[at[0] : at[-1]])
    return digest.hexdigest()


def _words(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return the cells as text; dates and times as integers, independent of time zone tables."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        return _words(pc.cast(column, kind.value_type))
    if pa.types.is_date32(kind) or pa.types.is_time32(kind):
        column = pc.cast(column, pa.int32())
    elif pa.types.is_temporal(kind):
        column = pc.cast(column, pa.int64())
    return pc.cast(column, pa.large_string())
