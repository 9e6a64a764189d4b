"""``lookalike fit``: learn a table and write a model file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from lookalike._core.errors import ParameterError
from lookalike.cli._options import (
    KindOption,
    SeedOption,
    check_outputs,
    parse_kinds,
    parse_mapping,
    parse_settings,
)
from lookalike.cli._print import say, show

if TYPE_CHECKING:
    from lookalike.models import GAN

__all__ = ["fit"]


def fit(
    data: Annotated[str, typer.Argument(metavar="DATA", help="The table to learn.")],
    output: Annotated[
        str, typer.Option("-o", "--output", metavar="MODEL", help="The file to write the model to.")
    ],
    target: Annotated[
        str | None, typer.Option(metavar="COL", help="The column that models should predict.")
    ] = None,
    budget: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="The length of training: fast, balanced or best."),
    ] = None,
    preset: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="A published system; see lookalike info --presets."),
    ] = None,
    warm_start: Annotated[
        str | None,
        typer.Option("--warm-start", metavar="MODEL", help="A model to continue from."),
    ] = None,
    mapping: Annotated[
        list[str] | None,
        typer.Option(
            "--mapping", metavar="OLD=NEW", help="A column's name in that model, and in the table."
        ),
    ] = None,
    seed: Annotated[int | None, SeedOption] = None,
    setting: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="Any parameter of the model."),
    ] = None,
    html_file: Annotated[
        str | None,
        typer.Option("--html", metavar="FILE", help="Write a page about the training."),
    ] = None,
    kind: KindOption = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress, no messages.")] = False,
) -> None:
    """Learn a table and write a model file.

    Ctrl-C ends the training early: what was learned so far is written.
    """
    if output == "-":
        raise ParameterError("A model is written to a file: give its path, or /dev/stdout, not -.")
    check_outputs([output, html_file], [data, warm_start])
    kinds, renamed = parse_kinds(kind), parse_mapping(mapping)
    if renamed and warm_start is None:
        raise ParameterError(
            "--mapping names columns of a model to continue from: give --warm-start."
        )
    if preset is not None and budget is not None:
        raise ParameterError(
            "A preset has its own training length: give --preset or --budget, not both. "
            "--set epochs=N or --set steps=N changes a preset."
        )

    from lookalike.models import GAN

    model = GAN(budget=budget or "balanced") if preset is None else GAN.preset(preset)
    model.set_params(random_state=seed, progress=not quiet)
    model.set_params(**parse_settings(setting, list(model.get_params())))
    model.fit(data, kinds=kinds, target=target, warm_start=warm_start, mapping=renamed or None)
    model.save(output)
    if html_file is not None:
        write_page(model, html_file)
    if not quiet:
        say(f"wrote {output}: {model.n_rows_:,} rows learned, seed {model.seed_}")
    if html_file not in (None, "-") and not quiet:
        say(f"wrote {html_file}")


def write_page(model: GAN, path: str) -> None:
    """Write a page about a model's training.

    Parameters
    ----------
    model : GAN
        A fitted model.
    path : str
        The file; ``-`` is standard output.
    """
    from lookalike.reports import training_page

    facts = {"rows": f"{model.n_rows_:,}", "seed": model.seed_}
    page = training_page(model.history_, None if path == "-" else path, facts=facts)
    if path == "-":
        show(page)
