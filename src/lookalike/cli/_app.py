"""The commands and the options that come before them."""

from __future__ import annotations

from typing import Annotated

import typer

from lookalike.cli._audit import audit
from lookalike.cli._boost import boost
from lookalike.cli._compare import compare
from lookalike.cli._demo import demo
from lookalike.cli._evaluate import evaluate
from lookalike.cli._example import example
from lookalike.cli._fit import fit
from lookalike.cli._function import function
from lookalike.cli._info import info
from lookalike.cli._pipeline import pipeline
from lookalike.cli._print import show
from lookalike.cli._report import report
from lookalike.cli._rules import check, rules
from lookalike.cli._sample import sample
from lookalike.cli._scenario import scenario
from lookalike.cli._sign import sign
from lookalike.cli._simulate import simulate
from lookalike.cli._split import split
from lookalike.cli._stress import stress
from lookalike.cli._studio import studio
from lookalike.cli._tune import tune
from lookalike.cli._verify import verify
from lookalike.cli._watermark import watermark

__all__ = ["app"]

app = typer.Typer(
    name="lookalike",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        show(f"lookalike {version('lookalike')}")
        raise typer.Exit


@app.callback()
def _global_options(
    debug: Annotated[  # main() takes it out before; here it is for the help
        bool, typer.Option("--debug", help="Show tracebacks and every library's warnings.")
    ] = False,
    version: Annotated[
        bool,
        typer.Option("--version", help="Show the version.", callback=_show_version, is_eager=True),
    ] = False,
) -> None:
    """Learn a table and generate rows that look like it, with honest scores.

    Files are .csv, .csv.gz or .parquet; - is standard input or output, as CSV.
    """


for command in (
    demo,
    example,
    report,
    studio,
    split,
    fit,
    sample,
    evaluate,
    compare,
    tune,
    audit,
    boost,
    pipeline,
    function,
    scenario,
    stress,
    simulate,
    info,
    rules,
    check,
    sign,
    verify,
    watermark,
):
    app.command()(command)
