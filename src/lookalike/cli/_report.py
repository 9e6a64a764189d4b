"""``lookalike report``: from a table to a page, in one command."""

from __future__ import annotations

from typing import Annotated

import typer

from lookalike.cli._options import SeedOption, check_outputs
from lookalike.cli._print import show
from lookalike.cli._scores import show_evaluation

__all__ = ["report"]


def report(
    data: Annotated[str, typer.Argument(metavar="DATA", help="The table.")],
    output: Annotated[
        str, typer.Option("-o", "--output", metavar="FILE", help="The page to write.")
    ] = "report.html",
    target: Annotated[
        str | None, typer.Option(metavar="COL", help="The column that models should predict.")
    ] = None,
    model: Annotated[
        str | None, typer.Option(metavar="NAME", help="The family: GAN by default.")
    ] = None,
    seed: Annotated[int, SeedOption] = 0,
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress, no messages.")] = False,
) -> None:
    """Learn four fifths of a table, generate as many rows, and score them against the rest.

    It answers how good synthetic rows of this table can be. To keep a model of all rows, use
    lookalike fit.
    """
    check_outputs([output], [data])

    from lookalike.workflow import report as make

    found = make(
        data,
        None if output == "-" else output,
        target=target,
        model=model,
        random_state=seed,
        progress=not quiet,
    )
    if output == "-":
        show(found.to_html())
    elif not quiet:
        show_evaluation(found.evaluation)
