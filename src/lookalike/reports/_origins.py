"""The origin of synthetic values, column by column: what the model says, and what is counted."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lookalike.reports._summary import OriginRow
from lookalike.tables import Schema

__all__ = ["origins"]


def origins(
    schema: Schema,
    real: pa.Table,
    synthetic: pa.Table,
    held_out: pa.Table | None,
    said: Mapping[str, tuple[str, str]],
) -> tuple[OriginRow, ...]:
    """Count the synthetic cells whose value occurs among the learned rows.

    Parameters
    ----------
    schema : Schema
    real, synthetic : pyarrow.Table
        Canonical.
    held_out : pyarrow.Table or None
        Real rows that were not learned, which share values with others by nature.
    said : mapping of str to (str, str)
        A word and a clause of the model for a column.

    Returns
    -------
    tuple of OriginRow
        In the order of columns.
    """
    return tuple(
        OriginRow(
            name,
            *said.get(name, ("", "")),
            _repeated(synthetic[name], real[name]),
            None if held_out is None else _repeated(held_out[name], real[name]),
        )
        for name in schema.names
    )


def _repeated(values: pa.ChunkedArray, learned: pa.ChunkedArray) -> float | None:
    """Return the share of present cells whose value is among the learned ones."""
    present = _plain(values).drop_null()
    if not len(present):
        return None
    found = pc.is_in(present, value_set=_plain(learned).drop_null().unique().cast(present.type))
    return float(np.mean(found.to_numpy(zero_copy_only=False)))


def _plain(values: pa.ChunkedArray) -> pa.ChunkedArray:
    kind = values.type
    return values.cast(kind.value_type) if pa.types.is_dictionary(kind) else values
