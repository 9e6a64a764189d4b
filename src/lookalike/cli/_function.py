"""``lookalike function``: let a GAN learn a curve or a surface, and draw its training."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lookalike._core.errors import OutputError, ParameterError
from lookalike.cli._options import SeedOption, check_outputs, parse_settings
from lookalike.cli._print import say, show, show_table

if TYPE_CHECKING:
    from lookalike.datasets.functions import Function
    from lookalike.experiments import FunctionRun
    from lookalike.models import GAN

__all__ = ["function"]

#: Files that are no pictures.
_TABLES = ("points.csv", "report.csv", "accuracy.json", "model.lookalike", "report.html")
#: The measures that each picture shows.
_MEASURES = {
    "losses.png": "losses",
    "accuracies.png": "accuracies",
    "diversity.png": "diversity",
    "collapse.png": "mode collapse",
    "rate.png": "learning rate",
    "convergence.png": "convergence",
}
#: Panels of the still picture.
_PANELS = 6


def function(
    expression: Annotated[
        str | None,
        typer.Argument(
            metavar="EXPR", help='A formula such as "sin(x)*y", or a name such as spiral.'
        ),
    ] = None,
    span: Annotated[
        list[str] | None,
        typer.Option("--range", metavar="V=LO:HI", help="The range of a variable; -3:3 if none."),
    ] = None,
    points: Annotated[
        int, typer.Option(metavar="N", help="The number of points to learn.")
    ] = 2_000,
    noise: Annotated[
        float, typer.Option(metavar="S", help="Noise on the points, as a share of the range.")
    ] = 0.0,
    preset: Annotated[
        str | None, typer.Option(metavar="NAME", help="A preset, such as joshi-2d.")
    ] = None,
    steps: Annotated[
        int | None, typer.Option(metavar="N", help="The number of training steps.")
    ] = None,
    setting: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="Any parameter of the model."),
    ] = None,
    out: Annotated[
        Path, typer.Option(metavar="DIR", help="The folder for the results, created if needed.")
    ] = Path("lookalike-function"),
    seed: Annotated[int, SeedOption] = 0,
    listing: Annotated[bool, typer.Option("--list", help="Show the built-in functions.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress, no messages.")] = False,
) -> None:
    """Let a GAN learn a curve (one variable) or a surface (two), and measure its accuracy.

    Formulas may use + - * / // % ** < > and sin, exp, where and the like. The folder gets the
    points, the record of training, the accuracy, pictures, all of it as a page, and the model.
    """
    if listing:
        _list()
        return
    if expression is None:
        raise ParameterError("function needs a formula or a name; --list shows the names.")
    from lookalike.datasets.functions import make_function

    target = make_function(expression, _ranges(span or ()))
    _prepare(out, target)

    from lookalike.experiments import learn_function

    run = learn_function(
        target,
        points=points,
        noise=noise,
        synthesizer=_model(preset, steps, setting),
        random_state=seed,
        progress=not quiet,
    )
    _write(run, out)
    _show(run)
    if not quiet:
        say(f"wrote {out}: {', '.join(_names(target))}")


def _list() -> None:
    from lookalike.datasets.functions import FUNCTIONS

    headers = ("name", "formula", "ranges", "what it is", "source")
    rows = []
    for name, one in FUNCTIONS.items():
        spans = ", ".join(f"{v.name} {v.low:.4g}:{v.high:.4g} {v.unit}" for v in one.variables)
        rows.append((name, one.formula, spans.strip(), one.title, one.source))
    show_table(headers, rows)


def _ranges(pairs: Iterable[str]) -> dict[str, tuple[float, float]]:
    """Turn ``V=LO:HI`` into bounds; they may be formulas, such as ``2*pi``."""
    from lookalike.datasets.functions import parse_number

    ranges = {}
    for pair in pairs:
        name, equals, span = pair.partition("=")
        low, colon, high = span.partition(":")
        if not (name.strip() and equals and colon):
            raise ParameterError(f"--range takes V=LO:HI, such as x=-3:3; got {pair!r}.")
        ranges[name.strip()] = (parse_number(low), parse_number(high))
    return ranges


def _prepare(out: Path, wanted: Function) -> None:
    """Make the folder and check that all can be written, before the work."""
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"Cannot make the folder {str(out)!r}: {error.strerror}.") from error
    check_outputs([str(out / name) for name in _names(wanted)], [])


def _names(wanted: Function) -> list[str]:
    """Return the names of all files that are written."""
    films = ["points.png", "training.gif"] + ["rotation.gif"] * (len(wanted.names) == 3)
    return [*_TABLES, *films, *_MEASURES]


def _model(preset: str | None, steps: int | None, settings: list[str] | None) -> GAN:
    """Return the unfitted model that the options describe."""
    from lookalike.experiments import FUNCTION_RECIPE
    from lookalike.models import GAN

    # A preset is taken as published, too: its collapse is of interest.
    if preset is None:
        model = GAN().set_params(**FUNCTION_RECIPE)
    else:
        model = GAN.preset(preset, remedies=FUNCTION_RECIPE["remedies"])
    known = list(model.get_params())
    chosen = parse_settings(settings, known)
    if steps is not None:
        chosen["steps"] = steps
    model.set_params(**chosen)
    return model


# --- files ----------------------------------------------------------------------------------------


def _write(run: FunctionRun, out: Path) -> None:
    from lookalike.reports import function_page
    from lookalike.tables import write_table

    write_table(run.generated, str(out / "points.csv"))
    write_table(run.report, str(out / "report.csv"))
    _put(out / "accuracy.json", (json.dumps(_facts(run), indent=1) + "\n").encode())
    run.model.save(str(out / "model.lookalike"))
    pictures = {name: draw() for name, draw in _pictures(run).items()}
    for name, content in pictures.items():
        _put(out / name, content)
    _put(out / "report.html", function_page(run, pictures).encode())


def _put(path: Path, content: bytes) -> None:
    from lookalike._core.files import open_output

    with open_output(path) as file:
        file.write(content)


def _facts(run: FunctionRun) -> dict[str, Any]:
    """Return the measures as plain values for JSON."""
    return {
        "function": run.function.name,
        "formula": run.function.formula,
        "ranges": {v.name: [v.low, v.high] for v in run.function.variables},
        "accuracy": asdict(run.accuracy),
        "held_out_points": asdict(run.reference),
        "reached": run.reached,
        "training_seconds": round(run.seconds, 2),
        "training_points": run.train.num_rows,
        "seed": run.model.seed_,
    }


def _pictures(run: FunctionRun) -> dict[str, Callable[[], bytes]]:
    """Return the function that draws each picture."""
    from lookalike.reports import figures, function_figure

    outline = figures.Outline(_labels(run.function), run.function.outline)
    titled = [(f"step {snapshot.step:,}", snapshot.points) for snapshot in run.snapshots]
    drawn: dict[str, Callable[[], bytes]] = {
        "points.png": lambda: figures.to_png(figures.function_points(outline, _spread(titled))),
        "training.gif": lambda: figures.to_gif(figures.function_film(outline, titled)),
    }
    if not outline.is_flat:
        drawn["rotation.gif"] = lambda: figures.to_gif(
            figures.function_rotation(outline, titled[-1][1]), hold=0
        )
    for name, title in _MEASURES.items():
        drawn[name] = partial(
            lambda title: figures.to_png(function_figure(run.report, title)), title
        )
    return drawn


def _labels(wanted: Function) -> tuple[str, ...]:
    pairs = zip(wanted.names, wanted.units, strict=True)
    return tuple(f"{name} [{unit}]" if unit else name for name, unit in pairs)


def _spread(titled: list[Any]) -> list[Any]:
    """Return some snapshots, the first steps closer together than the last."""
    count = min(_PANELS, len(titled))
    if count < _PANELS:
        return titled
    share = [(k / (count - 1)) ** 2 for k in range(count)]
    places = dict.fromkeys(round(part * (len(titled) - 1)) for part in share)
    return [titled[place] for place in places]


# --- the terminal ---------------------------------------------------------------------------------


def _show(run: FunctionRun) -> None:
    """Show the reporting table and how close the points are."""
    from lookalike.reports import function_accuracy_rows, function_report_rows

    headers = run.report.column_names
    show_table(headers, function_report_rows(run.report), numbers=headers)
    show()
    show_table(("of the range", "generated", "held-out points"), function_accuracy_rows(run))
    show()
    show(run.answer)
