"""From arguments to an exit code: the only place where errors become words."""

from __future__ import annotations

import os
import sys
import traceback
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import typer

from lookalike._core.errors import DatabaseError, LookalikeError, LookalikeWarning, TrainingError
from lookalike._core.events import LOG_VARIABLE, logged_to
from lookalike._core.streams import drop, fill_closed, say, standard_output
from lookalike._core.words import presentable
from lookalike.cli._app import app

__all__ = ["main"]

_DONE, _FAILED, _WRONG, _INTERRUPTED = 0, 1, 2, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    arguments : sequence of str, optional
        The words after the program's name; those of the process by default.

    Returns
    -------
    int
        The exit code: 0 done, 1 the work failed, 2 the call or its input is wrong,
        130 interrupted.

    Examples
    --------
    >>> main(["--version"])
    lookalike ...
    0
    """
    fill_closed()
    words, debug = _take_debug(list(sys.argv[1:] if arguments is None else arguments))
    with _streams_that_never_fail(), _warnings_as_lines(debug):
        try:
            with logged_to(os.environ.get(LOG_VARIABLE)):
                _run(words or ["--help"])
        except typer.Exit as end:
            return _flush(end.exit_code, debug)
        except BaseException as error:
            return _explain(error, debug)
        return _flush(_DONE, debug)


def _take_debug(words: list[str]) -> tuple[list[str], bool]:
    """Take ``--debug`` out of the arguments: it may stand before or after the command."""
    end = words.index("--") if "--" in words else len(words)
    options = [word for word in words[:end] if word != "--debug"]
    return options + words[end:], len(options) < end


def _run(words: list[str]) -> None:
    # Not Command.main(): that one swallows interrupts and broken pipes in its own way.
    command: Any = typer.main.get_command(app)
    command._main_shell_completion({}, "lookalike", None)  # ends the process if a shell asks
    with command.make_context("lookalike", words) as context:
        command.invoke(context)


def _explain(error: BaseException, debug: bool) -> int:
    """Print the error in a line or two, and return the exit code."""
    if debug:
        traceback.print_exception(error)
    if isinstance(error, BrokenPipeError):
        drop(sys.stdout)
        return _DONE  # the reader of standard output stopped early, as head does
    if isinstance(error, KeyboardInterrupt | typer.Abort | EOFError):
        say("interrupted")
        return _INTERRUPTED
    if isinstance(error, SystemExit | GeneratorExit):
        raise error
    usage = getattr(error, "format_message", None)  # the click that typer uses
    if usage is not None:
        context = getattr(error, "ctx", None)
        path = context.command_path if context is not None else "lookalike"
        say(f"error: {_one_line(usage())}\nTry '{path} --help'.")
        return _WRONG
    if isinstance(error, LookalikeError):
        say(f"error: {_one_line(str(error))}")
        return _FAILED if isinstance(error, TrainingError | DatabaseError) else _WRONG
    if isinstance(error, MemoryError):
        say(
            "error: MemoryError: There is not enough memory for this; take fewer rows or columns. "
            f"{_one_line(str(error))}".rstrip()
        )
        return _FAILED
    hint = "" if debug else "\nThis was not expected; run again with --debug for a traceback."
    say(f"error: {type(error).__name__}: {_one_line(str(error))}{hint}")
    return _FAILED


def _one_line(text: str) -> str:
    return " ".join(presentable(text).split())


def _flush(code: int, debug: bool) -> int:
    """Write out what standard output still holds: a full disk or a closed pipe shows here."""
    try:
        with standard_output():
            sys.stdout.flush()
    except OSError as error:
        return _explain(error, debug)
    return code


@contextmanager
def _streams_that_never_fail() -> Iterator[None]:
    """Escape what a terminal's encoding cannot show, for the time of the run."""
    streams = [s for s in (sys.stdout, sys.stderr) if hasattr(s, "reconfigure")]
    before = [stream.errors for stream in streams]
    for stream in streams:
        stream.reconfigure(errors="backslashreplace")
    try:
        yield
    finally:
        for stream, errors in zip(streams, before, strict=True):
            stream.reconfigure(errors=errors)


@contextmanager
def _warnings_as_lines(debug: bool) -> Iterator[None]:
    """Show the package's own warnings as ``warning: …``; those of others under --debug only."""

    def show(message: Warning | str, *_: Any, **__: Any) -> None:
        say(f"warning: {_one_line(str(message))}")

    with warnings.catch_warnings():
        if not debug:
            warnings.simplefilter("ignore")
        warnings.simplefilter("always", LookalikeWarning)
        warnings.showwarning = show
        yield
