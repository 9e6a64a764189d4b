"""Helpers for Arrow columns."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["filled", "flat", "is_null", "masked", "plain", "to_numpy"]


def flat(column: pa.ChunkedArray) -> pa.Array:
    """Return a column as one array, with one dictionary if it is of a dictionary type."""
    if column.num_chunks == 1:
        return column.chunk(0)
    whole = column.unify_dictionaries().combine_chunks()
    # Older versions of Arrow return a column without chunks unchanged.
    return whole if isinstance(whole, pa.Array) else pa.concat_arrays(whole.chunks)


def filled(known: pa.Array, others: pa.Array) -> pa.Array:
    """Return known cells, and others where none is known."""
    if known.null_count == 0:
        return known
    if pa.types.is_dictionary(known.type):
        kind = known.type.value_type
        whole = pc.coalesce(*(plain(cells).cast(kind) for cells in (known, others)))
        return whole.dictionary_encode().cast(known.type)
    return pc.coalesce(known, others.cast(known.type))


def plain(cells: pa.Array) -> pa.Array:
    """Return cells without a dictionary."""
    return cells.dictionary_decode() if pa.types.is_dictionary(cells.type) else cells


def to_numpy(array: pa.Array) -> np.ndarray:
    """Return an array without missing cells as numpy, copied only where necessary."""
    return np.asarray(array.to_numpy(zero_copy_only=False))


def is_null(array: pa.Array) -> np.ndarray:
    """Return a mask of the missing cells, shape (n,)."""
    return to_numpy(array.is_null())


def masked(array: pa.Array, missing: np.ndarray) -> pa.Array:
    """Return a fresh array with cells made null.

    Parameters
    ----------
    array : pyarrow.Array, shape (n,)
    missing : ndarray of bool, shape (n,)
        The cells that become null, besides those that are.

    Examples
    --------
    >>> masked(pa.array([1, 2]), np.array([True, False])).to_pylist()
    [None, 2]
    """
    if not missing.any():
        return array
    if pa.types.is_dictionary(array.type):
        return pa.DictionaryArray.from_arrays(masked(array.indices, missing), array.dictionary)
    if array.null_count:
        missing = missing | is_null(array)
    if pa.types.is_primitive(array.type) and array.offset == 0:
        present = pa.array(~missing).buffers()[1]
        return pa.Array.from_buffers(array.type, len(array), [present, array.buffers()[1]])
    return array.take(pa.array(np.arange(len(array)), mask=missing))
