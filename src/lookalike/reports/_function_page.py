"""A function that a GAN has learned, as one page: the points first, then the training.

Reports do not know models: they read the plain attributes of the run.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import pyarrow as pa
from matplotlib.figure import Figure

from lookalike.reports._curves import curves
from lookalike.reports._template import environment, svg
from lookalike.reports._training_page import training_parts
from lookalike.reports._training_verdict import judge
from lookalike.reports.figures import function_measure

__all__ = ["function_accuracy_rows", "function_figure", "function_page", "function_report_rows"]

#: The columns of the reporting table that are drawn together, by what they measure.
MEASURES = {
    "losses": ("D loss real", "D loss fake", "G loss"),
    "accuracies": ("D accuracy real", "D accuracy fake", "G accuracy"),
    "diversity": ("diversity",),
    "mode collapse": ("mode collapse",),
    "learning rate": ("learning rate", "D learning rate"),
    "convergence": ("convergence",),
}
_ACCURACY = {
    "nearest": "distance to the function, RMSE",
    "nearest_95": "distance to the function, 95th percentile",
    "vertical": "error of the value, RMSE",
    "vertical_95": "error of the value, 95th percentile",
    "coverage": "cells of the domain reached",
}
_YES_NO = {"yes": True, "no": False}
#: Rows of the reporting table that are shown.
_ROWS = 10
#: Descriptions of pictures for readers who cannot see them.
_SEEN = {
    "points.png": "Generated points over the function at several steps of training",
    "training.gif": "Generated points over the function, moving through training",
    "rotation.gif": "Generated points over the function, seen from all sides",
}


def function_page(run: Any, pictures: Mapping[str, bytes]) -> str:
    """Write a page about a function that a GAN has learned.

    Parameters
    ----------
    run : FunctionRun
        The run to show.
    pictures : mapping of str to bytes
        PNG and GIF files of points by their names; they stand within the page.

    Returns
    -------
    str
        A whole page that refers to nothing outside of itself.
    """
    drawn = curves(run.model.history_)
    names = run.report.column_names
    shown = [name for name in _SEEN if name in pictures]
    return (
        environment()
        .get_template("function.html.j2")
        .render(
            title=f"{run.function.name}: a function, learned",
            run=run,
            ranges=[
                f"{v.name} from {v.low:.4g} to {v.high:.4g} {v.unit}".strip().replace("-", "−")
                for v in run.function.variables
            ],
            pictures=[(_SEEN[name], _embedded(name, pictures[name])) for name in shown],
            accuracy=function_accuracy_rows(run),
            headers=names,
            rows=function_report_rows(run.report),
            measures=[svg(function_figure(run.report, one), one, one) for one in MEASURES],
            judgement=judge(drawn),
            training=None if drawn is None else training_parts(drawn),
        )
    )


def _embedded(name: str, content: bytes) -> str:
    """Return a picture as a data URL."""
    return f"data:image/{name.rpartition('.')[2]};base64,{base64.b64encode(content).decode()}"


def function_figure(report: pa.Table, title: str) -> Figure:
    """Draw measures of a function's points over the steps of training.

    Parameters
    ----------
    report : pyarrow.Table
        The reporting table of a run.
    title : str
        The measures: ``"losses"``, ``"accuracies"``, ``"diversity"``, ``"mode collapse"``,
        ``"learning rate"`` or ``"convergence"``.

    Returns
    -------
    matplotlib.figure.Figure
    """
    columns = report.to_pydict()
    series = {name: [_YES_NO.get(v, v) for v in columns[name]] for name in MEASURES[title]}
    return function_measure(columns["step"], series, title)


def function_report_rows(report: pa.Table) -> list[list[str]]:
    """Return about ten rows of the reporting table as text, the last one always among them.

    Parameters
    ----------
    report : pyarrow.Table
        The reporting table of a run.

    Returns
    -------
    list of list of str
    """
    rows = report.to_pylist()
    # Monitors do not measure every interval: complete rows are shown if there are some.
    rows = [row for row in rows if None not in row.values()] or rows
    rows = rows[:: -max(1, -(-len(rows) // _ROWS))][::-1]
    return [[_cell(value) for value in row.values()] for row in rows]


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:,.0f}" if value >= 1_000 else f"{value:.4g}"
    return "-" if value is None else f"{value:,}" if isinstance(value, int) else str(value)


def function_accuracy_rows(run: Any) -> list[tuple[str, str, str]]:
    """Return the measures of generated points, and those of held-out ones, as text.

    Parameters
    ----------
    run : FunctionRun

    Returns
    -------
    list of tuple of str
        The measure in words, and both values.
    """
    own, reference = asdict(run.accuracy), asdict(run.reference)
    return [
        (words, f"{100 * own[name]:.2f} %", f"{100 * reference[name]:.2f} %")
        for name, words in _ACCURACY.items()
        if own[name] is not None
    ]
