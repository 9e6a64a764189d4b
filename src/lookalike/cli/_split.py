"""``lookalike split``: rows to learn from, and rows that stay unseen."""

from __future__ import annotations

from typing import Annotated

import typer

from lookalike._core.errors import ParameterError
from lookalike._core.places import shown_path
from lookalike.cli._options import SeedOption, check_outputs
from lookalike.cli._print import say

__all__ = ["split"]


def split(
    data: Annotated[str, typer.Argument(metavar="DATA", help="The table.")],
    train: Annotated[str, typer.Option(metavar="FILE", help="The file for the rows to learn.")],
    test: Annotated[str, typer.Option(metavar="FILE", help="The file for the held-out rows.")],
    share: Annotated[
        float, typer.Option(metavar="F", help="The share of the held-out rows.")
    ] = 0.2,
    target: Annotated[
        str | None, typer.Option(metavar="COL", help="A column whose classes keep their shares.")
    ] = None,
    entity: Annotated[
        str | None, typer.Option(metavar="COL", help="A column whose rows are kept together.")
    ] = None,
    seed: Annotated[int, SeedOption] = 0,
) -> None:
    """Split a table at random into rows to learn from and held-out rows."""
    if train == test:
        raise ParameterError("--train and --test must be two different files.")
    check_outputs([train, test], [data])

    from lookalike.tables import read_table, write_table
    from lookalike.workflow import split as divide

    parts = divide(read_table(data), test=share, target=target, entity=entity, random_state=seed)
    for part, path in zip(parts, (train, test), strict=True):
        write_table(part, path)
        say(f"wrote {shown_path(path)}: {part.num_rows:,} rows")
