"""``lookalike studio``: pages on which the other commands are run by clicks."""

from __future__ import annotations

from typing import Annotated

import typer

__all__ = ["studio"]


def studio(
    file: Annotated[
        str | None, typer.Argument(metavar="FILE", help="A table to open at once.")
    ] = None,
    port: Annotated[int, typer.Option(metavar="N", help="The port; 0 for any free one.")] = 8765,
    host: Annotated[
        str, typer.Option(metavar="ADDRESS", help="The address to listen on.")
    ] = "127.0.0.1",
    folder: Annotated[
        str, typer.Option(metavar="DIR", help="The folder of tables, runs and results.")
    ] = "lookalike-studio",
    most: Annotated[
        int, typer.Option("--max-mb", metavar="N", help="The largest file to upload, in MB.")
    ] = 500,
    browse: Annotated[
        bool, typer.Option("--browse/--no-browse", help="Whether to open a browser.")
    ] = True,
) -> None:
    """Open the studio in a browser: schema, training, rows, report, audit, by clicks.

    It listens on this machine alone unless told otherwise, and needs the extra: pip install
    'lookalike[studio]'. Runs go on when the page or the studio is closed.
    """
    from lookalike.studio import serve

    serve(
        file,
        folder=folder,
        host=host,
        port=port,
        most_bytes=most * 1_000_000,
        browse=browse,
    )
