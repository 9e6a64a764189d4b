"""A progress line on standard error, or nothing."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from lookalike._core.streams import say

__all__ = ["ReportProgress", "progress"]

#: Called with the amount of work done, and with numbers to show beside it.
ReportProgress = Callable[[int, Mapping[str, float]], None]


@contextmanager
def progress(title: str, total: int, *, show: bool, begin: int = 0) -> Iterator[ReportProgress]:
    """Show the progress of a piece of work: a bar, the remaining time and a few numbers.

    The remaining time is extrapolated from the work done so far, since reports may be rare.

    Parameters
    ----------
    title : str
        The name of the work.
    total : int
        The total amount of work.
    show : bool
        False shows nothing. Where standard error is not a terminal, one line is written after
        each tenth of the work.
    begin : int
        The amount that was done earlier, which does not count for the estimate of time.

    Yields
    ------
    callable
        Takes the amount of work done and a mapping of numbers to show.
    """
    pace = _Pace(total, begin)
    if not show:
        yield lambda _done, _numbers: None
    elif sys.stderr is None or not sys.stderr.isatty():
        yield _lines(title, pace)
    else:
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
            task = bar.add_task(title, total=total, completed=begin, numbers="")

            def report(done: int, numbers: Mapping[str, float]) -> None:
                pace.reached(done)
                bar.update(task, completed=done, numbers=_words(numbers))

            yield report


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
