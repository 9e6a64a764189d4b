"""``lookalike verify``: is this the table that was signed?"""

from __future__ import annotations

from typing import Annotated

import typer

from lookalike.cli._print import show, show_table

__all__ = ["verify"]

_MARKS = {True: "ok", False: "FAILED", None: "not checked"}


def verify(
    out: Annotated[str, typer.Argument(metavar="OUT", help="The signed file.")],
    key: Annotated[
        str | None, typer.Option(metavar="FILE", help="The public key that you trust.")
    ] = None,
    model: Annotated[
        str | None, typer.Option(metavar="MODEL", help="The model: random rows are made again.")
    ] = None,
    watermark: Annotated[
        str | None, typer.Option(metavar="FILE", help="The key of the watermark of the rows.")
    ] = None,
    rows: Annotated[int, typer.Option(metavar="N", help="The number of rows made again.")] = 16,
) -> None:
    """Verify the signature, the digests and, with --model, random rows of a signed file.

    The exit code is 1 if a check fails.
    """
    from lookalike.provenance import verify as run

    found = run(out, key=key, model=model, watermark=watermark, rows=rows)
    show_table(
        ("check", "result", "what"),
        [(one.name, _MARKS[one.passed], one.words) for one in found.checks],
    )
    if not found.passed:
        show("This is not the table that was signed.")
        raise typer.Exit(1)
