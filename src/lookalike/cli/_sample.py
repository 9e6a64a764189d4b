"""``lookalike sample``: make rows from a model file."""

from __future__ import annotations

from typing import Annotated

import typer

from lookalike.cli._options import SeedOption, check_outputs
from lookalike.cli._print import say

__all__ = ["sample"]


def sample(
    model: Annotated[str, typer.Argument(help="A model file.", show_default=False)],
    rows: Annotated[int, typer.Option("-n", "--rows", metavar="N", min=0, help="How many rows.")],
    output: Annotated[
        str, typer.Option("-o", "--output", metavar="OUT", help="Where to write the rows.")
    ],
    seed: SeedOption = None,
) -> None:
    """Make rows from a model file, in constant memory.

    Without --seed the model's own seed is used, so that the same rows come each time.
    """
    check_outputs([output], [model])

    from lookalike.models import load

    load(model).sample_to(output, rows, random_state=seed)
    if output != "-":
        say(f"wrote {output}: {rows:,} rows")
