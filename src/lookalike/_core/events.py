"""Events, for programs: log records with facts, and a file of them as JSON lines.

The package logs under ``lookalike``. Records of its own have an attribute ``event``, a mapping with
a ``"kind"``: ``"begin"`` and ``"end"`` of a stage, ``"progress"``, ``"measures"`` of an interval of
training, or ``"event"`` of training.
"""

from __future__ import annotations

import json
import logging
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TextIO

from lookalike._core.errors import OutputError
from lookalike._core.plain import jsonable

__all__ = ["LOG_VARIABLE", "log_event", "logged_to"]

#: The environment variable that names the file of the command line's events.
LOG_VARIABLE = "LOOKALIKE_LOG"
_ROOT = logging.getLogger("lookalike")


def log_event(logger: logging.Logger, words: str, kind: str, /, **facts: Any) -> None:
    """Log something that happened, in words and as facts.

    Parameters
    ----------
    logger : logging.Logger
    words : str
        A message.
    kind : str
        The kind of the event.
    **facts
        Plain values.
    """
    if logger.isEnabledFor(logging.INFO):
        logger.info("%s", words, extra={"event": {"kind": kind, **facts}})


@contextmanager
def logged_to(path: str | os.PathLike[str] | None) -> Iterator[None]:
    """Append all events to a file as JSON lines, each with its time; None for no file.

    Parameters
    ----------
    path : str or path-like or None
        The file. A line is written at once and whole, so that another process can follow.
    """
    if not path:
        yield
        return
    before = _ROOT.level
    with _opened(path) as file:
        handler = _JsonLines(file)
        _ROOT.addHandler(handler)
        _ROOT.setLevel(logging.INFO)
        try:
            yield
        finally:
            _ROOT.removeHandler(handler)
            _ROOT.setLevel(before)


def _opened(path: str | os.PathLike[str]) -> TextIO:
    try:
        return open(path, "a", encoding="utf-8")
    except OSError as error:
        raise OutputError(
            f"{LOG_VARIABLE} must name a file that can be written; {os.fspath(path)!r}: "
            f"{error.strerror or error}."
        ) from error


class _JsonLines(logging.StreamHandler[Any]):
    """Write events as lines of JSON; other records are left out."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record."""
        facts = getattr(record, "event", None)
        if facts is None:
            return
        values = {"time": round(time.time(), 3), **jsonable(facts)}
        self.stream.write(json.dumps(values, ensure_ascii=False, allow_nan=False) + "\n")
        self.flush()
