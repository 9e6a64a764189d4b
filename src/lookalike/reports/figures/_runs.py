"""Several runs of training in one figure: below each other, or as a table of two settings."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lookalike.reports._summary import Curves
from lookalike.reports._text import shorten
from lookalike.reports.figures._losses import draw_losses
from lookalike.reports.figures._players import draw_probabilities
from lookalike.reports.figures._steps import colour_of, nothing
from lookalike.reports.figures._style import INK, MUTED, styled

__all__ = ["DrawnRun", "run_table", "runs"]

_WIDTH = 10.0
_ROW = 2.15
_CELL = 1.75
_HEAD = 0.3
_SIDE = 0.85


class DrawnRun(NamedTuple):
    """One run among others.

    Parameters
    ----------
    title : str
        The name of the run.
    words : str
        The result in a few words.
    curves : Curves or None
        The recorded curves; None where the run failed.
    """

    title: str
    words: str
    curves: Curves | None


@styled
def runs(drawn: Sequence[DrawnRun]) -> Figure:
    """Draw the losses and the mean probabilities of several runs, one run below the other.

    Parameters
    ----------
    drawn : sequence of DrawnRun
        From the top.

    Returns
    -------
    matplotlib.figure.Figure
        A row for each run: its name and its result, its losses, and the discriminator's mean
        probabilities of real and of generated rows.

    Examples
    --------
    >>> from lookalike.reports import Curves, figures
    >>> curves = Curves((1.0, 2.0), {"loss_generator": (0.9, 0.7)})
    >>> len(figures.runs([figures.DrawnRun("small", "settled", curves)]).axes)
    2
    """
    height = max(_ROW * len(drawn), 0.5)
    figure = Figure((_WIDTH, height))
    for place, run in enumerate(drawn):
        top = height - _ROW * place
        figure.text(0.06, (top - 0.2) / height, run.title, color=INK, weight="bold")
        figure.text(0.985, (top - 0.2) / height, run.words, color=MUTED, ha="right")
        for left, draw in ((0.06, _losses), (0.565, draw_probabilities)):
            box = (left, (top - 1.72) / height, 0.42, 1.17 / height)
            _fill(figure.add_axes(box), run.curves, draw)
    return figure


@styled
def run_table(
    rows: Sequence[str], columns: Sequence[str], cells: Mapping[tuple[str, str], DrawnRun]
) -> Figure:
    """Draw the losses of runs that differ in two settings.

    Parameters
    ----------
    rows, columns : sequence of str
        The values of both settings.
    cells : mapping of (str, str) to DrawnRun
        A run for each row and column; those that are absent stay empty.

    Returns
    -------
    matplotlib.figure.Figure
        A table of small panels, each under the result of its run.
    """
    across = (_WIDTH - _SIDE) / max(len(columns), 1)
    height = _HEAD + _CELL * max(len(rows), 1)
    figure = Figure((_WIDTH, height))
    names = next((run.curves.networks for run in cells.values() if run.curves is not None), ())
    for line, name in enumerate(reversed(names)):
        below, colour = 0.2 + 0.18 * line, colour_of(name, names)
        figure.text(0.08 / _WIDTH, 1 - below / height, name, color=colour, fontsize=8)
    for j, column in enumerate(columns):
        at = (_SIDE + (j + 0.5) * across + 0.1) / _WIDTH
        figure.text(
            at, 1 - 0.2 / height, shorten(column, 24), color=INK, ha="center", weight="bold"
        )
    for i, row in enumerate(rows):
        top = height - _HEAD - _CELL * i
        figure.text(
            0.08 / _WIDTH, (top - 0.85) / height, shorten(row, 13), color=INK, weight="bold"
        )
        for j, column in enumerate(columns):
            run = cells.get((row, column))
            if run is None:
                continue
            box = (_SIDE + j * across + 0.35, top - 1.35, across - 0.5, 1.0)
            axes = figure.add_axes(
                (box[0] / _WIDTH, box[1] / height, box[2] / _WIDTH, box[3] / height)
            )
            _fill(axes, run.curves, _losses)
            for text in [*axes.texts]:
                text.remove()
            axes.set_title(run.words, loc="left", color=MUTED, fontsize=8)
    return figure


def _losses(axes: Axes, drawn: Curves) -> None:
    draw_losses(axes, drawn, halves=False)


def _fill(axes: Axes, drawn: Curves | None, draw: Callable[[Axes, Curves], None]) -> None:
    if drawn is None:
        nothing(axes, "nothing was recorded")
    else:
        draw(axes, drawn)
