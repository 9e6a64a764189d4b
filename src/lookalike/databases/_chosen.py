"""Choices that all databases share when they are read."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

from lookalike._core.errors import DataError, LookalikeWarning, nearest

__all__ = ["chosen_tables", "warn_of_bytes"]


def chosen_tables(there: Sequence[str], names: Sequence[str] | None, place: str) -> list[str]:
    """Return the tables to read, after a check that there are such."""
    if not there:
        raise DataError(f"A database must have tables, but {place} has none.")
    for name in names or ():
        if name not in there:
            raise DataError(f"There is no table {name!r} in {place}.{nearest(name, there)}")
    return list(there if names is None else names)


def warn_of_bytes(table: str, column: str) -> None:
    """Warn that a column holds bytes, which are not read."""
    warnings.warn(
        f"Bytes are not learned: the cells of {column!r} in table {table!r} count as missing.",
        LookalikeWarning,
        stacklevel=6,
    )
