"""Places of databases: checks that all share, and their names in messages."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

from lookalike._core.errors import OutputError

__all__ = ["check_file", "refuse_taken", "without_password"]


def check_file(place: str) -> bool:
    """Check that a file can be written, and return whether it is there and holds anything."""
    path = Path(place)
    if path.is_dir():
        raise OutputError(f"A database must be a file, but {place!r} is a folder.")
    parent = path.resolve().parent
    if not parent.is_dir():
        raise OutputError(f"The folder of an output must exist: there is no {str(parent)!r}.")
    if not os.access(path if path.exists() else parent, os.W_OK):
        raise OutputError(f"Cannot write {place!r}: permission denied.")
    return path.is_file() and path.stat().st_size > 0


def refuse_taken(place: str, taken: Sequence[str]) -> None:
    """Raise an error if a place has tables already."""
    if taken:
        raise OutputError(
            f"{place!r} has a table {taken[0]!r} already. Choose another place, or allow to "
            "overwrite."
        )


def without_password(address: str) -> str:
    """Return an address as it may be shown.

    Parameters
    ----------
    address : str

    Returns
    -------
    str

    Examples
    --------
    >>> without_password("postgresql://me:secret@host/shop")
    'postgresql://me@host/shop'
    """
    # Passwords may hold any sign: all up to the last @ before the options is hidden.
    place, mark, options = address.partition("?")
    shown = re.sub(r"(://[^/@:]*):.*@", r"\1@", place)
    return shown + mark + re.sub(r"((?:^|&)(?:ssl)?password=)[^&]*", r"\1…", options)
