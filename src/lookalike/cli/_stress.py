"""``lookalike stress``: the response of a model to a scenario."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from lookalike._core.errors import ParameterError
from lookalike._core.optional import named_object
from lookalike.cli._options import SeedOption, check_outputs
from lookalike.cli._print import show, show_prose, show_table, write_result

__all__ = ["stress"]


def stress(
    data: Annotated[
        str, typer.Argument(metavar="DATA", help="Rows that the model has not learned.")
    ],
    spec: Annotated[str, typer.Argument(metavar="SPEC.toml", help="The scenario.")],
    model: Annotated[
        str | None,
        typer.Option(
            metavar="MODULE:NAME",
            help="A fitted estimator, or a function from a dataframe to scores, in your own code.",
        ),
    ] = None,
    train: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Train boosted trees on these rows instead."),
    ] = None,
    target: Annotated[
        str | None, typer.Option(metavar="COL", help="The column that the model predicts.")
    ] = None,
    metric: Annotated[
        list[str] | None, typer.Option("--metric", metavar="NAME", help="A metric; repeat it.")
    ] = None,
    dial: Annotated[
        str, typer.Option(metavar="D,D,...", help="The positions of the dial.")
    ] = "0,0.25,0.5,0.75,1",
    repeats: Annotated[
        int, typer.Option(metavar="N", help="The number of draws of the scenario.")
    ] = 20,
    positive: Annotated[
        str | None, typer.Option(metavar="LEVEL", help="The positive class of two.")
    ] = None,
    json_file: Annotated[
        str | None, typer.Option("--json", metavar="FILE", help="Write the report as JSON.")
    ] = None,
    html_file: Annotated[
        str | None, typer.Option("--html", metavar="FILE", help="Write a page.")
    ] = None,
    seed: Annotated[int, SeedOption] = 0,
) -> None:
    """Measure how a model responds to a scenario, and where it breaks.

    Pickled models (.pkl, .joblib) are not read, since loading one runs any code that is in it:
    write a module that loads yours, and name it, as in --model mymodel:predict.
    """
    if (model is None) == (train is None):
        raise ParameterError("Give --model MODULE:NAME, or --train FILE to train boosted trees.")
    if train is not None and target is None:
        raise ParameterError("--train needs --target COL, the column to predict.")
    check_outputs([json_file, html_file], [data, spec, train])
    positions = _positions(dial)

    from lookalike.scenarios import Scenario
    from lookalike.scenarios import stress as run

    scenario = Scenario.from_toml(spec)
    # For the whole run: the model may import more when it is called.
    with _own_folder():
        report = run(
            _model(model, train, target, positive, seed),
            data,
            scenario,
            target=target,
            metric=metric,
            dials=positions,
            repeats=repeats,
            positive=positive,
            random_state=seed,
            progress=True,
        )
    write_result(report, json_file, html_file)
    if "-" not in (json_file, html_file):
        show_table(report.heads, report.table, numbers=report.heads[1:])
        show()
        for text in (*report.notes, report.answer):
            show_prose(text)


def _positions(text: str) -> list[float]:
    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        raise ParameterError(f"--dial takes numbers such as 0,0.5,1; got {text!r}.") from None


def _model(
    model: str | None, train: str | None, target: str | None, positive: str | None, seed: int
) -> Any:
    """Return the object that the caller names in their own code, or trees that are trained now."""
    if model is None:
        from lookalike.scenarios import train_trees

        return train_trees(train, str(target), positive, seed)
    if Path(model).suffix in (".pkl", ".pickle", ".joblib"):
        raise ParameterError(
            f"--model takes MODULE:NAME, such as mymodel:predict; {model!r} is a pickle, which "
            "would run any code that is in it. Load it in a module of your own, and name that."
        )
    return named_object(model)


@contextmanager
def _own_folder() -> Iterator[None]:
    """Let modules of the current folder be imported for a while, as ``python -m`` does."""
    sys.path.insert(0, str(Path.cwd()))
    try:
        yield
    finally:
        sys.path.remove(str(Path.cwd()))
