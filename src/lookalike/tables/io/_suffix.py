"""The format of a data file, by its suffix."""

from __future__ import annotations

import os
from typing import Literal

from lookalike._core.errors import LookalikeError, nearest

__all__ = ["FileKind", "file_kind"]

FileKind = Literal["csv", "csv.gz", "parquet"]
_KINDS: tuple[FileKind, ...] = ("csv.gz", "csv", "parquet")


def file_kind(path: str | os.PathLike[str], error: type[LookalikeError]) -> FileKind:
    """Return the file format of a path by its suffix; ``"-"``, a standard stream, is CSV.

    Parameters
    ----------
    path : str or path-like
        The path; upper case counts as lower case.
    error : type
        The class of error to raise.

    Returns
    -------
    {"csv", "csv.gz", "parquet"}
        The format.

    Raises
    ------
    LookalikeError
        Of class `error`, if the suffix is another or none.
    """
    name = os.path.basename(os.fspath(path))
    if os.fspath(path) == "-":
        return "csv"
    for kind in _KINDS:
        if name.lower().endswith(f".{kind}"):
            return kind
    suffix = os.path.splitext(name)[1]
    got = f"the suffix {suffix!r}" if suffix else "no suffix"
    hint = nearest(suffix.lower(), [f".{kind}" for kind in _KINDS]) if suffix else ""
    raise error(
        f"A data file must end in .csv, .csv.gz or .parquet (or be - for a standard stream): "
        f"{os.fspath(path)!r} has {got}.{hint}"
    )
