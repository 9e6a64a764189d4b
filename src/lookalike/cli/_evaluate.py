"""``lookalike evaluate``: the scores of a synthetic table against a real one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lookalike._core.errors import ParameterError
from lookalike._core.pictures import is_images
from lookalike.cli._databases import check_unused, evaluate_databases, is_database
from lookalike.cli._images import evaluate_images_of
from lookalike.cli._options import (
    KindOption,
    MaxRowsOption,
    SeedOption,
    check_outputs,
    parse_kinds,
)
from lookalike.cli._print import write_result
from lookalike.cli._scores import show_evaluation

if TYPE_CHECKING:
    from lookalike.models import Synthesizer

__all__ = ["evaluate"]


def evaluate(
    real: Annotated[str, typer.Argument(metavar="REAL", help="The real rows.")],
    synthetic: Annotated[str, typer.Argument(metavar="SYNTHETIC", help="The synthetic rows.")],
    holdout: Annotated[
        str | None, typer.Option(metavar="FILE", help="Real rows that the model has not seen.")
    ] = None,
    target: Annotated[
        str | None, typer.Option(metavar="COL", help="The column that models should predict.")
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(
            metavar="MODEL", help="The model that generated the rows; it states their kinds."
        ),
    ] = None,
    entity: Annotated[
        str | None,
        typer.Option(metavar="COL", help="The column that says whose event a row is."),
    ] = None,
    time: Annotated[
        str | None, typer.Option(metavar="COL", help="The column that orders events.")
    ] = None,
    window: Annotated[
        int | None, typer.Option(metavar="N", help="Compare blocks of N events of each series.")
    ] = None,
    metric: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="A score to compute; all by default. Repeat it."),
    ] = None,
    json_file: Annotated[
        str | None, typer.Option("--json", metavar="FILE", help="Write the scores as JSON.")
    ] = None,
    html_file: Annotated[
        str | None, typer.Option("--html", metavar="FILE", help="Write a report as HTML.")
    ] = None,
    max_rows: MaxRowsOption = None,
    kind: KindOption = None,
    fail_under: Annotated[
        list[str] | None,
        typer.Option(
            "--fail-under",
            metavar="SCORE=V",
            help="Of databases: exit with 1 if a score, such as hop_1, is below V.",
        ),
    ] = None,
    seed: Annotated[int, SeedOption] = 0,
) -> None:
    """Score a synthetic table, a synthetic database or generated images against real ones.

    Every score stands beside that of held-out real rows (without --holdout, of one half of the real
    rows against the other), and that of such rows with their columns shuffled.

    With --entity, whole histories are compared; with --time alone, or --window, blocks of series.

    With --model, the model states the kinds of the columns and the target; otherwise kinds are
    inferred or given.
    """
    if is_images(real):
        of_tables = {"target": target, "model": model, "entity": entity, "time": time}
        of_tables |= {"fail-under": ",".join(fail_under or ())}
        others = {**of_tables, "window": window, "metric": metric, "kind": kind}
        others |= {"max-rows": max_rows}
        evaluate_images_of(real, synthetic, holdout, json_file, html_file, others, seed)
        return
    if is_database(real) or is_database(synthetic):
        check_unused(
            {"--holdout": holdout, "--target": target, "--model": model, "--kind": kind}
            | {"--max-rows": max_rows},
            "databases",
        )
        evaluate_databases(real, synthetic, json_file, html_file, fail_under or (), seed)
        return
    if fail_under:
        raise ParameterError("--fail-under is for databases: leave it out for tables.")
    check_outputs([json_file, html_file], [real, synthetic, holdout, model])
    kinds = parse_kinds(kind)
    if model is not None and kinds:
        raise ParameterError("Give --model or --kind, not both: a model states all kinds.")

    from lookalike.reports import evaluate as score

    evaluation = score(
        real,
        synthetic,
        holdout=holdout,
        target=target,
        model=None if model is None else _loaded(model),
        kinds=kinds or None,
        metrics=metric,
        entity=entity,
        time=time,
        window=window,
        max_rows=max_rows,
        facts=_files(real, synthetic),
        random_state=seed,
        progress=True,
    )
    write_result(evaluation, json_file, html_file)
    if "-" not in (json_file, html_file):
        show_evaluation(evaluation)


def _files(real: str, synthetic: str) -> dict[str, str]:
    """Return the names of the files, for the head of the page."""
    return {
        name: Path(path).name
        for name, path in (("table", real), ("synthetic table", synthetic))
        if path != "-"
    }


def _loaded(path: str) -> Synthesizer:
    # Models are slow to import: only a call that names one needs them.
    from lookalike.models import load

    model: Synthesizer = load(path)
    return model
