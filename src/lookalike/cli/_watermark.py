"""``lookalike watermark``: the test of rows for a mark."""

from __future__ import annotations

from typing import Annotated

import typer

from lookalike._core.errors import ParameterError
from lookalike.cli._print import say, show

__all__ = ["watermark"]


def watermark(
    data: Annotated[
        str | None, typer.Argument(metavar="DATA", help="Rows, or what is left of them.")
    ] = None,
    key: Annotated[str | None, typer.Option(metavar="FILE", help="The key of the mark.")] = None,
    new_key: Annotated[
        str | None, typer.Option("--new-key", metavar="FILE", help="Make a key, and stop.")
    ] = None,
) -> None:
    """Test whether rows carry the mark of a key (lookalike sample --watermark FILE).

    The exit code is 1 if the mark is not found.
    """
    if (data is None) == (new_key is None):
        raise ParameterError("Name the rows to test (DATA --key FILE), or make a key (--new-key).")

    from lookalike.watermark import Watermark

    if new_key is not None:
        show(Watermark.new(new_key).name)
        say(f"wrote {new_key}: whoever has it can find the mark, and make rows that carry it")
        return
    if key is None:
        raise ParameterError("A mark is found by its key: --key FILE; --new-key FILE makes one.")
    found = Watermark(key).test(data)
    show(str(found))
    if not found.found:
        raise typer.Exit(1)
