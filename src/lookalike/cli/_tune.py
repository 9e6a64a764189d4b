"""``lookalike tune``: settings of one family on one table."""

from __future__ import annotations

from typing import Annotated

import typer

from lookalike._core.places import shown_path
from lookalike.cli._compare import show_comparison
from lookalike.cli._options import (
    KindOption,
    SeedOption,
    check_outputs,
    parse_kinds,
    parse_settings,
)
from lookalike.cli._print import say, write_result
from lookalike.cli._rules import BrokenOption, RuleOption, RulesOption, read_rules

__all__ = ["tune"]


def tune(
    data: Annotated[str, typer.Argument(metavar="DATA", help="The table to learn.")],
    output: Annotated[
        str, typer.Option("-o", "--output", metavar="MODEL", help="The file to write the model to.")
    ],
    model: Annotated[
        str, typer.Option(metavar="NAME", help="The family; GAN if not given.")
    ] = "GAN",
    seconds: Annotated[float | None, typer.Option(metavar="N", help="The time for all.")] = None,
    trials: Annotated[
        int, typer.Option(metavar="N", help="The greatest number of settings to try.")
    ] = 12,
    target: Annotated[
        str | None, typer.Option(metavar="COL", help="The column that models should predict.")
    ] = None,
    setting: Annotated[
        list[str] | None,
        typer.Option(
            "--set", metavar="NAME=VALUE", help="A parameter of the model, unless it is searched."
        ),
    ] = None,
    json_file: Annotated[
        str | None, typer.Option("--json", metavar="FILE", help="Write the trials as JSON.")
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
    """Search the settings of one family on rows that none of the fits has learned.

    The settings as they are take part; others replace them only if they are better by more than
    chance. The model is fitted to all rows with the chosen settings.
    """
    check_outputs([output, json_file, html_file], [data])

    from lookalike.experiments import tune as run
    from lookalike.models import find_synthesizer

    plain = find_synthesizer(model)()
    plain.set_params(**parse_settings(setting, list(plain.get_params())))
    found = run(
        plain,
        data,
        seconds=seconds,
        target=target,
        trials=trials,
        kinds=parse_kinds(kind) or None,
        rules=read_rules(rule, rules_file),
        broken=broken,
        random_state=seed,
        progress=True,
    )
    write_result(found, json_file, html_file)
    assert found.best is not None
    found.best.save(output)
    say(f"wrote {shown_path(output)}")
    if "-" not in (json_file, html_file):
        show_comparison(found)
