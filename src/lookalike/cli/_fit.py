"""``lookalike fit``: learn a table and write a model file."""

from __future__ import annotations

from typing import Annotated

import typer

from lookalike.cli._options import (
    KindOption,
    SeedOption,
    check_outputs,
    parse_kinds,
    parse_settings,
)
from lookalike.cli._print import say

__all__ = ["fit"]


def fit(
    data: Annotated[str, typer.Argument(metavar="DATA", help="The table to learn.")],
    output: Annotated[
        str, typer.Option("-o", "--output", metavar="MODEL", help="Where to write the model.")
    ],
    target: Annotated[
        str | None, typer.Option(metavar="COL", help="The column that the table is to predict.")
    ] = None,
    budget: Annotated[
        str, typer.Option(metavar="NAME", help="How long to train: fast, balanced or best.")
    ] = "balanced",
    seed: Annotated[int | None, SeedOption] = None,
    setting: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="Any parameter of the model."),
    ] = None,
    kind: KindOption = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress, no messages.")] = False,
) -> None:
    """Learn a table and write a model file.

    Ctrl-C ends the training early: what was learned so far is written.
    """
    check_outputs([output], [data])
    kinds = parse_kinds(kind)

    from lookalike.models import GAN
    from lookalike.tables import read_table

    model = GAN(budget=budget, random_state=seed, progress=not quiet)
    model.set_params(**parse_settings(setting, list(model.get_params())))
    model.fit(read_table(data), kinds=kinds, target=target)
    model.save(output)
    if not quiet:
        say(f"wrote {output}: {model.n_rows_:,} rows learned, seed {model.seed_}")
