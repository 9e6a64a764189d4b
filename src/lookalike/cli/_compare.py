"""``lookalike compare``: families of models on one table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from lookalike._core.places import shown_path
from lookalike.cli._options import KindOption, SeedOption, check_outputs, parse_kinds
from lookalike.cli._print import say, show, show_prose, show_table, write_result
from lookalike.cli._rules import BrokenOption, RuleOption, RulesOption, read_rules

if TYPE_CHECKING:
    from lookalike.experiments import Comparison

__all__ = ["compare", "show_comparison"]


def compare(
    data: Annotated[str, typer.Argument(metavar="DATA", help="The table to learn.")],
    models: Annotated[
        str | None,
        typer.Option(metavar="A,B", help="Names of models, separated by commas; all by default."),
    ] = None,
    seconds: Annotated[
        float | None, typer.Option(metavar="N", help="The time for all models.")
    ] = None,
    target: Annotated[
        str | None, typer.Option(metavar="COL", help="The column that models should predict.")
    ] = None,
    jobs: Annotated[
        int | None,
        typer.Option(metavar="N", help="Models to try at once, without --seconds; 1 if not given."),
    ] = None,
    output: Annotated[
        str | None,
        typer.Option("-o", "--output", metavar="MODEL", help="Write the best model to a file."),
    ] = None,
    json_file: Annotated[
        str | None, typer.Option("--json", metavar="FILE", help="Write the comparison as JSON.")
    ] = None,
    html_file: Annotated[
        str | None, typer.Option("--html", metavar="FILE", help="Write a page.")
    ] = None,
    rule: RuleOption = None,
    rules_file: RulesOption = None,
    broken: BrokenOption = "refuse",
    kind: KindOption = None,
    seed: Annotated[int, SeedOption] = 0,
) -> None:
    """Compare families of models on rows that none of them has learned.

    The best model is written as it was compared: it has learned 60 % of the rows. For one that
    learns all rows, use lookalike fit --model auto.
    """
    check_outputs([output, json_file, html_file], [data])

    from lookalike.experiments import compare as run

    found = run(
        data,
        None if models is None else [name.strip() for name in models.split(",")],
        seconds=seconds,
        target=target,
        kinds=parse_kinds(kind) or None,
        rules=read_rules(rule, rules_file),
        broken=broken,
        n_jobs=jobs,
        random_state=seed,
        progress=True,
    )
    write_result(found, json_file, html_file)
    if output is not None and found.best is not None:
        found.best.save(output)
        say(f"wrote {shown_path(output)}")
    if "-" not in (json_file, html_file):
        show_comparison(found)


def show_comparison(found: Comparison) -> None:
    """Show the trials of a comparison and its answer.

    Parameters
    ----------
    found : Comparison
        The comparison.
    """
    lines = [line[:-1] for line in found.leaderboard]
    show_table(found.heads[:-1], lines, numbers=found.heads[1:-1])
    show()
    for line in found.leaderboard:
        if line[-1]:
            show_prose(f"{line[0]}: {line[-1]}")
    for text in (*found.notes, found.answer):
        show_prose(text)
