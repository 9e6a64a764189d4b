"""``lookalike example``: a bundled table as a file."""

from __future__ import annotations

from typing import Annotated

import typer

from lookalike._core.places import shown_path
from lookalike.cli._options import check_outputs
from lookalike.cli._print import say, show_table

__all__ = ["example"]


def example(
    name: Annotated[
        str | None,
        typer.Argument(metavar="NAME", help="Its name, such as penguins; without one, list all."),
    ] = None,
    output: Annotated[
        str | None,
        typer.Option("-o", "--output", metavar="FILE", help="The file; NAME.csv by default."),
    ] = None,
) -> None:
    """Write a small real table that comes with the package, to try the other commands on."""
    from lookalike.datasets import describe, load, names
    from lookalike.tables import write_table

    if name is None:
        rows = [(d.name, f"{d.rows:,}", d.target, d.summary) for d in map(describe, names())]
        show_table(("name", "rows", "target", "what it is"), rows, numbers=("rows",))
        return
    table = load(name, kind="pyarrow")
    path = f"{name}.csv" if output is None else output
    check_outputs([path], [])
    write_table(table, path)
    if path != "-":
        rows, columns = table.num_rows, table.num_columns
        say(f"wrote {shown_path(path)}: {rows:,} rows, {columns} columns")
