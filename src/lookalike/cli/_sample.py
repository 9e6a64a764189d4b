"""``lookalike sample``: make rows from a model file."""

from __future__ import annotations

from typing import Annotated

import typer

from lookalike.cli._options import CountOption, SeedOption, check_outputs
from lookalike.cli._print import say

__all__ = ["sample"]


def sample(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="A model file.")],
    rows: Annotated[int, CountOption],
    output: Annotated[
        str, typer.Option("-o", "--output", metavar="OUT", help="Where to write the rows.")
    ],
    seed: Annotated[int | None, SeedOption] = None,
) -> None:
    """Make rows from a model file, in constant memory.

    Without --seed the model's own seed is used, so that the same rows come each time.
    """
    check_outputs([output], [model])

    from lookalike.models import load
    from lookalike.tables import check_output

    check_output(output)
    load(model).sample_to(output, rows, random_state=seed)
    if output != "-":
        say(f"wrote {output}: {rows:,} rows")
