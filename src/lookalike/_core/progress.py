"""A progress line on standard error, or nothing."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

__all__ = ["Report", "progress"]

#: Called with how far the work is, and with what to show beside it.
Report = Callable[[int, Mapping[str, float]], None]


@contextmanager
def progress(title: str, total: int, *, show: bool) -> Iterator[Report]:
    """Show how far a piece of work is: a bar, the remaining time and a few numbers.

    Parameters
    ----------
    title : str
        What is being done.
    total : int
        What counts as all of it.
    show : bool
        False shows nothing; so does a standard error that is not a terminal, save for one line
        at the end of every tenth.

    Yields
    ------
    callable
        Takes how far the work is and a mapping of numbers to show.
    """
    if not show:
        yield lambda _done, _numbers: None
    elif not sys.stderr.isatty():
        yield _lines(title, total)
    else:
        # Imported late: only a terminal pays for it.
        from rich.console import Console  # noqa: PLC0415
        from rich.progress import (  # noqa: PLC0415
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeRemainingColumn,
        )

        bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[numbers]}", style="dim"),
            console=Console(stderr=True),
            transient=True,
        )
        with bar:
            task = bar.add_task(title, total=total, numbers="")

            def report(done: int, numbers: Mapping[str, float]) -> None:
                bar.update(task, completed=done, numbers=_words(numbers))

            yield report


def _lines(title: str, total: int) -> Report:
    said = 0

    def report(done: int, numbers: Mapping[str, float]) -> None:
        nonlocal said
        tenth = done * 10 // max(total, 1)
        if tenth > said:
            said = tenth
            print(f"{title}: {done:,}/{total:,}  {_words(numbers)}", file=sys.stderr, flush=True)

    return report


def _words(numbers: Mapping[str, float]) -> str:
    return "  ".join(f"{name} {value:.3g}" for name, value in numbers.items())
