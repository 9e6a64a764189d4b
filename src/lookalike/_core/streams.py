"""The standard streams: closed, full or no longer read, they must not fail in odd ways."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TextIO

from lookalike._core.errors import OutputError
from lookalike._core.words import presentable

__all__ = ["drop", "fill_closed", "say", "standard_output"]

#: For each stream: its name, how it is used, and how it is opened where it was closed. The input
#: can then not be read and the output not be written, which is said; messages go nowhere.
_STREAMS = (
    ("stdin", "r", os.O_WRONLY),
    ("stdout", "w", os.O_RDONLY),
    ("stderr", "w", os.O_WRONLY),
)


def fill_closed() -> None:
    """Put something in the place of standard streams that the caller closed.

    Without it, the first file that is opened would get the number of such a stream, and with it
    whatever libraries write there.
    """
    for number, (name, mode, flags) in enumerate(_STREAMS):
        try:
            os.fstat(number)
        except OSError:
            nowhere = os.open(os.devnull, flags)  # gets the lowest number that is free
            if nowhere != number:
                os.dup2(nowhere, number)
                os.close(nowhere)
        if getattr(sys, name) is None:
            stream = open(number, mode, encoding="utf-8", closefd=False)  # noqa: SIM115
            setattr(sys, name, stream)


def say(text: str) -> None:
    """Write a message to standard error; one that cannot be written is lost, nothing else."""
    if sys.stderr is None:  # print would take standard output instead
        return
    try:
        print(presentable(text), file=sys.stderr, flush=True)
    except (OSError, ValueError):
        drop(sys.stderr)


@contextmanager
def standard_output() -> Iterator[None]:
    """Say of an error while standard output is written that it is about that.

    Raises
    ------
    OutputError
        If standard output cannot be written.
    BrokenPipeError
        If its reader has gone.
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
    """Let what is still to be flushed, at the exit of Python too, go nowhere."""
    with suppress(OSError, ValueError, AttributeError):
        number = stream.fileno()
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, number)
        os.close(nowhere)
