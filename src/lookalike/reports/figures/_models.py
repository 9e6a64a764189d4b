"""Scores of models on the rows that choose one and on those that report it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from matplotlib.figure import Figure

from lookalike.reports._text import shorten
from lookalike.reports.figures._style import GRID, MUTED, REAL, SYNTHETIC, styled

__all__ = ["ComparedModel", "models"]

_ROW = 0.34


class ComparedModel(NamedTuple):
    """A model's score on both parts of the rows.

    Parameters
    ----------
    label : str
        Its name.
    choose, report : float
        Its scores.
    """

    label: str
    choose: float
    report: float


@styled
def models(compared: Sequence[ComparedModel], floor: float | None, ceiling: float | None) -> Figure:
    """Draw two points for each model, and lines for the floor and the ceiling.

    Parameters
    ----------
    compared : sequence of ComparedModel
        The models, the best one first.
    floor, ceiling : float or None
        The scores of independent columns and of real rows.

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> from lookalike.reports.figures import ComparedModel, models
    >>> figure = models([ComparedModel("GAN", 0.93, 0.91)], 0.2, 0.98)
    >>> len(figure.axes)
    1
    """
    figure = Figure(figsize=(7.2, 0.8 + _ROW * len(compared)), layout="constrained")
    axes = figure.add_subplot()
    for value in (floor, ceiling):
        if value is not None:
            axes.axvline(value, color=MUTED, linewidth=1, linestyle=(0, (3, 3)), zorder=1)
    for place, one in enumerate(compared):
        axes.plot([one.choose, one.report], [place, place], color=GRID, linewidth=3, zorder=2)
        axes.plot(one.choose, place, "o", color=MUTED, markersize=6, zorder=3)
        axes.plot(one.report, place, "o", color=SYNTHETIC, markersize=8, zorder=4)
    axes.set_yticks(range(len(compared)), [shorten(one.label, 34) for one in compared])
    axes.set_ylim(len(compared) - 0.5, -0.5)
    axes.set_xlim(-0.02, 1.02)
    axes.set_xlabel("c2st: 0 is told from real rows every time, 1 never")
    for value, name in ((floor, "independent columns"), (ceiling, "real rows")):
        if value is not None:
            axes.annotate(
                name,
                (value, 1.0),
                xycoords=("data", "axes fraction"),
                xytext=(0, 3),
                textcoords="offset points",
                ha="right" if value > 0.5 else "left",
                color=REAL,
                fontsize=8,
            )
    return figure
