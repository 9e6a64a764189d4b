"""Recognition of images by names alone, before anything that reads them is imported."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

__all__ = ["PICTURES", "is_images"]

#: Pictures that are read.
PICTURES = (".png", ".jpg", ".jpeg")
#: Arrays of images in one file; the last ones are the names of MNIST's files.
_ARRAYS = (".npz", ".idx", ".idx.gz", "-ubyte", "-ubyte.gz")
_TABLES = (".csv", ".csv.gz", ".parquet")


def is_images(source: object) -> bool:
    """Return whether a path is a folder of pictures, an IDX file or an ``.npz`` file.

    Parameters
    ----------
    source : object

    Returns
    -------
    bool
        False for a folder that holds tables, which are a database with a picture beside them.

    Examples
    --------
    >>> is_images("digits.npz"), is_images("t10k-images-idx3-ubyte.gz"), is_images("digits.csv")
    (True, True, False)
    """
    if not isinstance(source, str | os.PathLike) or source == "-":
        return False
    path = Path(source)
    try:
        if not path.is_dir():
            return path.name.lower().endswith(_ARRAYS)
        own = list(_names(path))
        if any(name.endswith(_TABLES) for name, _ in own):
            return False
        if any(name.endswith(PICTURES) for name, _ in own):
            return True
        folders = [entry for _, entry in own if entry.is_dir()]
        return any(name.endswith(PICTURES) for each in folders for name, _ in _names(each))
    except (OSError, ValueError):  # a folder that may not be read, or no name of a file
        return False


def _names(folder: str | os.PathLike[str]) -> Iterator[tuple[str, os.DirEntry[str]]]:
    """Yield what a folder holds, by names in lower case, without hidden files."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if not entry.name.startswith("."):
                yield entry.name.lower(), entry
