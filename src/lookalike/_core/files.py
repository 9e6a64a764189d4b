"""Files that are either whole or absent: written beside the target, then renamed."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from lookalike._core.errors import OutputError

__all__ = ["atomic_path", "check_writable"]


def check_writable(path: str | os.PathLike[str]) -> Path:
    """Check, before any long work, that a file can be written at `path`.

    Parameters
    ----------
    path : str or path-like
        The file that will be written; it need not exist, its folder must.

    Returns
    -------
    pathlib.Path
        The same path.

    Raises
    ------
    OutputError
        If the folder is missing, the path is a folder, or writing is not permitted.
    """
    target = Path(path)
    folder = target.parent
    if target.is_dir():
        raise OutputError(f"An output must be a file, but {str(path)!r} is a folder.")
    if not folder.is_dir():
        raise OutputError(f"The folder of an output must exist: there is no {str(folder)!r}.")
    try:
        handle, probe = tempfile.mkstemp(dir=folder, prefix=".lookalike-", suffix=".probe")
    except OSError as error:
        raise OutputError(f"Cannot write to {str(folder)!r}: {error.strerror}.") from error
    os.close(handle)
    os.unlink(probe)
    if target.exists() and not os.access(target, os.W_OK):
        raise OutputError(f"Cannot overwrite {str(path)!r}: permission denied.")
    return target


@contextmanager
def atomic_path(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Give a temporary path beside `path`; rename it to `path` on success, delete it on failure.

    Parameters
    ----------
    path : str or path-like
        Where the finished file will be.

    Yields
    ------
    pathlib.Path
        The temporary path to write to; it keeps the suffixes of `path`.

    Raises
    ------
    OutputError
        If the file cannot be written (no permission, no space left).
    """
    target = check_writable(path)
    temporary = target.with_name(f".{os.getpid()}-{os.urandom(4).hex()}-{target.name}")
    try:
        yield temporary
        os.replace(temporary, target)
    except OutputError:
        raise
    except OSError as error:
        raise OutputError(f"Cannot write {str(path)!r}: {error.strerror or error}.") from error
    finally:
        with suppress(FileNotFoundError):
            temporary.unlink()
