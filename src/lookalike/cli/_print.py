"""Output for the user: lines on standard error, tables on standard output."""

from __future__ import annotations

import shutil
import sys
import textwrap
from collections.abc import Sequence
from datetime import date
from functools import partial

from lookalike._core.documents import Document
from lookalike._core.places import shown_path
from lookalike._core.streams import say, standard_output
from lookalike._core.words import printable

__all__ = ["printable", "say", "show", "show_prose", "show_table", "text_width", "write_result"]

# Piped output is never cut or wrapped.
_NO_LIMIT = 1_000_000


def show(text: str = "") -> None:
    """Write a result to standard output."""
    with standard_output():
        print(text)


def show_prose(text: str) -> None:
    """Write sentences to standard output, folded to a terminal; they may hold names of columns."""
    show(textwrap.fill(" ".join(map(printable, text.splitlines())), text_width()))


def write_result(result: Document, json_file: str | None, html_file: str | None) -> None:
    """Write a result as JSON and as a page, each where a file or standard output is named."""
    pages = partial(result.to_html, date=date.today().isoformat())
    for path, write in ((json_file, result.to_json), (html_file, pages)):
        if path == "-":
            show(write())
        elif path is not None:
            write(path)
            say(f"wrote {shown_path(path)}")


def text_width() -> int:
    """Return the width of a line of words: a terminal's width, or no limit for a pipe."""
    return min(shutil.get_terminal_size().columns, 100) if sys.stdout.isatty() else _NO_LIMIT


def show_table(
    headers: Sequence[str], rows: Sequence[Sequence[object]], *, numbers: Sequence[str] = ()
) -> None:
    """Write a table to standard output: folded to a terminal, plain and whole to a pipe.

    Parameters
    ----------
    headers : sequence of str
        No header is shown where all are empty.
    rows : sequence of sequences
        Cells, as many in each row as there are headers.
    numbers : sequence of str
        The headers whose cells are set flush right.
    """
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    class Printed(Console):
        def on_broken_pipe(self) -> None:  # a reader that goes is no error of ours
            raise BrokenPipeError

    terminal = sys.stdout.isatty()
    with standard_output():
        console = Printed(file=sys.stdout, width=None if terminal else _NO_LIMIT)
        table = Table(
            box=SIMPLE_HEAD if terminal else None, pad_edge=False, show_header=any(headers)
        )
        for header in headers:
            table.add_column(
                header,
                justify="right" if header in numbers else "left",
                overflow="fold",
                no_wrap=not terminal or header in numbers,
            )
        for row in rows:
            table.add_row(*(Text(printable(cell)) for cell in row))
        if terminal:
            console.print(table)
            return
        with console.capture() as captured:
            console.print(table)
        print("\n".join(line.rstrip() for line in captured.get().splitlines()))
