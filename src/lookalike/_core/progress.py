"""A progress line where somebody watches, and a log of stages for programs."""

from __future__ import annotations

import logging
import multiprocessing
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from threading import Lock
from typing import Any

from lookalike._core.events import log_event
from lookalike._core.streams import say

__all__ = ["ReportProgress", "progress", "stage", "watched"]

#: Called with the amount of work done, and with numbers to show beside it.
ReportProgress = Callable[[int, Mapping[str, float]], None]

_LOG = logging.getLogger("lookalike.progress")
#: The last line of a terminal or of a cell belongs to one piece of work: what runs within shows
#: nothing there.
_LINE = Lock()
_NOTEBOOK = "ZMQInteractiveShell"


def watched() -> bool:
    """Return whether somebody sees a progress line: in a terminal, or in a notebook.

    Processes that others have started show nothing of their own.

    Examples
    --------
    >>> watched() in (True, False)
    True
    """
    if multiprocessing.parent_process() is not None:
        return False
    return _in_terminal() or _in_notebook()


def _in_terminal() -> bool:
    return sys.stderr is not None and sys.stderr.isatty()


def _in_notebook() -> bool:
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return type(shell).__name__ == _NOTEBOOK


@contextmanager
def progress(
    title: str, total: int, *, show: bool | None, begin: int = 0
) -> Iterator[ReportProgress]:
    """Show the progress of a piece of work: a bar, the remaining time and a few numbers.

    The remaining time is extrapolated from the work done so far, since reports may be rare. The
    beginning and the end are logged (logger ``lookalike.progress``), shown or not.

    Parameters
    ----------
    title : str
        The name of the work.
    total : int
        The total amount of work.
    show : bool or None
        None shows progress where it is watched; False shows nothing. Where standard error is
        neither a terminal nor a notebook, True writes one line after each tenth of the work.
    begin : int
        The amount that was done earlier, which does not count for the estimate of time.

    Yields
    ------
    callable
        Takes the amount of work done and a mapping of numbers to show.
    """
    pace = _Pace(total, begin)
    show = watched() if show is None else show
    with _logged(title), _own_line(show) as own, _shown(title, pace, show, own) as shown:

        def report(done: int, numbers: Mapping[str, float]) -> None:
            facts = {"title": title, "done": done, "total": total}
            log_event(_LOG, f"{title}: {done}/{total}", "progress", **facts)
            shown(done, numbers)

        yield report


@contextmanager
def _shown(title: str, pace: _Pace, show: bool, own: bool) -> Iterator[ReportProgress]:
    if not show:
        yield lambda _done, _numbers: None
    elif _in_notebook():
        with _cell_line(title, pace, own) as report:
            yield report
    elif _in_terminal():
        with _bar(title, pace, own) as report:
            yield report
    else:
        yield _lines(title, pace)


@contextmanager
def stage(title: str, *, show: bool | None) -> Iterator[None]:
    """Name a piece of work of unknown length in a line of its own, and log it.

    Parameters
    ----------
    title : str
        The name of the work, such as ``"correcting"``.
    show : bool or None
        As of `progress`.

    Examples
    --------
    >>> with stage("correcting", show=False):
    ...     pass
    """
    # Within a piece of work that has a progress line, that line is enough.
    if (watched() if show is None else show) and not _LINE.locked():
        say(f"{title} …")
    with _logged(title):
        yield


@contextmanager
def _logged(title: str) -> Iterator[None]:
    began = time.monotonic()
    log_event(_LOG, f"{title}: begins", "begin", title=title)
    yield
    seconds = round(time.monotonic() - began, 3)
    log_event(_LOG, f"{title}: ended after {seconds:.1f} s", "end", title=title, seconds=seconds)


@contextmanager
def _own_line(show: bool) -> Iterator[bool]:
    """Yield True to the one piece of work that may redraw the last line."""
    own = show and _LINE.acquire(blocking=False)
    try:
        yield own
    finally:
        if own:
            _LINE.release()


@contextmanager
def _bar(title: str, pace: _Pace, own: bool) -> Iterator[ReportProgress]:
    """Show a bar in a terminal."""
    if not own:
        yield lambda _done, _numbers: None
        return
    # Imported late: only a terminal pays for it.
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import (  # noqa: PLC0415
        BarColumn,
        MofNCompleteColumn,
        Progress,
        ProgressColumn,
        TextColumn,
    )
    from rich.text import Text  # noqa: PLC0415

    class Left(ProgressColumn):
        def render(self, _task: Any) -> Text:
            return Text(pace.words, style="progress.remaining")

    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        Left(),
        TextColumn("{task.fields[numbers]}", style="dim"),
        console=Console(stderr=True),
        transient=True,
    )
    with bar:
        task = bar.add_task(title, total=pace.total, completed=pace.begin, numbers="")

        def report(done: int, numbers: Mapping[str, float]) -> None:
            pace.reached(done)
            bar.update(task, completed=done, numbers=_words(numbers))

        yield report


@contextmanager
def _cell_line(title: str, pace: _Pace, own: bool) -> Iterator[ReportProgress]:
    """Show one line of a notebook's cell, which each report replaces."""
    if not own:
        yield lambda _done, _numbers: None
        return

    def write(text: str) -> None:
        # Notebooks clear the line at a carriage return; the blanks are for those that overwrite it.
        print(f"\r{text:<100}", end="", file=sys.stderr, flush=True)

    def report(done: int, numbers: Mapping[str, float]) -> None:
        pace.reached(done)
        share = f"{100 * done // max(pace.total, 1)} %"
        write(
            "  ".join(part for part in (f"{title}: {share}", pace.words, _words(numbers)) if part)
        )

    write(f"{title} …")
    yield report
    print(f"\r{title}: done in {pace.elapsed}".ljust(101), file=sys.stderr, flush=True)


class _Pace:
    """An estimate of the remaining time, at the pace so far."""

    def __init__(self, total: int, begin: int) -> None:
        self.total, self.begin, self.done = total, begin, begin
        self.started = self.at = time.monotonic()

    def reached(self, done: int) -> None:
        """Record the amount of work done now."""
        self.done, self.at = done, time.monotonic()

    @property
    def left(self) -> float | None:
        """The remaining seconds; None before the first report."""
        if self.done <= self.begin:
            return None
        each = (self.at - self.started) / (self.done - self.begin)
        return max(each * (self.total - self.done) - (time.monotonic() - self.at), 0.0)

    @property
    def words(self) -> str:
        """The remaining time, such as ``"0:01:05 left"``; empty before the first report."""
        return "" if self.left is None else f"{timedelta(seconds=round(self.left))} left"

    @property
    def elapsed(self) -> str:
        """The time since the beginning, such as ``"0:01:05"``."""
        return str(timedelta(seconds=round(time.monotonic() - self.started)))


def _lines(title: str, pace: _Pace) -> ReportProgress:
    total, reported = pace.total, pace.begin * 10 // max(pace.total, 1)

    def report(done: int, numbers: Mapping[str, float]) -> None:
        nonlocal reported
        pace.reached(done)
        tenth = done * 10 // max(total, 1)
        if tenth > reported:
            reported = tenth
            words = "  ".join(part for part in (pace.words, _words(numbers)) if part)
            say(f"{title}: {done:,}/{total:,}  {words}")

    return report


def _words(numbers: Mapping[str, float]) -> str:
    return "  ".join(f"{name} {value:.3g}" for name, value in numbers.items())
