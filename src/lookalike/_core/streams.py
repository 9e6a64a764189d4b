"""Standard streams that are closed, full or no longer read, handled with clear errors."""

from __future__ import annotations

import errno
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TextIO

from lookalike._core.errors import OutputError
from lookalike._core.words import presentable

__all__ = ["drop", "fill_closed", "read_again", "say", "standard_output"]

#: The name of each stream, its mode, and the mode in which it is opened where it was closed. Then
#: reading the input or writing the output raises a clear error; messages are discarded.
_STREAMS = (
    ("stdin", "r", os.O_WRONLY),
    ("stdout", "w", os.O_RDONLY),
    ("stderr", "w", os.O_WRONLY),
)


def fill_closed() -> None:
    """Open the null device in place of standard streams that the caller closed.

    Otherwise the first file that is opened would get the descriptor of such a stream, and with
    it whatever libraries write there.
    """
    for number, (name, mode, flags) in enumerate(_STREAMS):
        try:
            os.fstat(number)
        except OSError:
            nowhere = os.open(os.devnull, flags)  # gets the lowest free descriptor
            if nowhere != number:
                os.dup2(nowhere, number)
                os.close(nowhere)
        if getattr(sys, name) is None:
            stream = open(number, mode, encoding="utf-8", closefd=False)  # noqa: SIM115
            setattr(sys, name, stream)


def say(text: str) -> None:
    """Write a message to standard error; ignore it where it cannot be written."""
    if sys.stderr is None:  # print would take standard output instead
        return
    try:
        print(presentable(text), file=sys.stderr, flush=True)
    except (OSError, ValueError):
        drop(sys.stderr)


@contextmanager
def read_again(data: Any) -> Iterator[Any]:
    """Yield data that can be read several times: standard input as a file, all else unchanged.

    Parameters
    ----------
    data : object
        ``"-"`` is standard input, a CSV.
    """
    if not isinstance(data, str) or data != "-":
        yield data
        return
    with TemporaryDirectory(prefix="lookalike-") as folder:
        path = Path(folder, "input.csv")
        with path.open("wb") as file:
            shutil.copyfileobj(sys.stdin.buffer, file)
        yield str(path)


@contextmanager
def standard_output() -> Iterator[None]:
    """Turn errors of writing standard output into an `OutputError` that says so.

    Raises
    ------
    OutputError
        If standard output cannot be written.
    BrokenPipeError
        If its reader has closed it.
    """
    if sys.stdout is None:
        raise OutputError("Cannot write to standard output: it is closed.")
    try:
        yield
    except OutputError:
        raise
    except OSError as error:
        drop(sys.stdout)
        if isinstance(error, BrokenPipeError):
            raise
        closed = "it is closed" if error.errno == errno.EBADF else error.strerror or error
        raise OutputError(f"Cannot write to standard output: {closed}.") from error


def drop(stream: TextIO) -> None:
    """Discard a stream's unflushed output, also at the exit of Python."""
    with suppress(OSError, ValueError, AttributeError):
        number = stream.fileno()
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, number)
        os.close(nowhere)
