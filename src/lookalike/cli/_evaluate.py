"""``lookalike evaluate``: how well a synthetic table stands for a real one."""

from __future__ import annotations

from typing import Annotated

import typer

from lookalike.cli._options import KindOption, SeedOption, check_outputs, parse_kinds
from lookalike.cli._print import say, show
from lookalike.cli._scores import show_evaluation

__all__ = ["evaluate"]


def evaluate(
    real: Annotated[str, typer.Argument(metavar="REAL", help="The real rows.")],
    synthetic: Annotated[str, typer.Argument(metavar="SYNTHETIC", help="The synthetic rows.")],
    holdout: Annotated[
        str | None, typer.Option(metavar="FILE", help="Real rows that the model has not seen.")
    ] = None,
    target: Annotated[
        str | None, typer.Option(metavar="COL", help="The column that the table is to predict.")
    ] = None,
    json_file: Annotated[
        str | None, typer.Option("--json", metavar="FILE", help="Write the scores as JSON.")
    ] = None,
    html_file: Annotated[
        str | None, typer.Option("--html", metavar="FILE", help="Write a report to look at.")
    ] = None,
    kind: KindOption = None,
    seed: Annotated[int, SeedOption] = 0,
) -> None:
    """Score a synthetic table against a real one.

    Every score stands beside what real rows get that were held out (without --holdout, half of the
    real rows stand for them), and what columns get that are drawn independently of each other.
    """
    check_outputs([json_file, html_file], [real, synthetic, holdout])
    kinds = parse_kinds(kind)

    from lookalike.reports import evaluate as score
    from lookalike.tables import read_table

    evaluation = score(
        read_table(real),
        read_table(synthetic),
        holdout=None if holdout is None else read_table(holdout),
        target=target,
        kinds=kinds,
        random_state=seed,
        progress=True,
    )
    for path, write in ((json_file, evaluation.to_json), (html_file, evaluation.to_html)):
        if path == "-":
            show(write())
        elif path is not None:
            write(path)
            say(f"wrote {path}")
    if "-" not in (json_file, html_file):
        show_evaluation(evaluation)
