"""Attacks on learned rows beside the same attacks on rows that nobody learned."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from matplotlib.figure import Figure

from lookalike.reports._text import shorten
from lookalike.reports.figures._style import GRID, INK, MUTED, REAL, SYNTHETIC, styled

__all__ = ["DrawnRisk", "areas", "risks"]

_ROW = 0.3


class DrawnRisk(NamedTuple):
    """One attack as it is drawn.

    Parameters
    ----------
    label : str
        Its name.
    value, low, high : float
        Its success on learned rows, and the interval.
    control, baseline : float
        Its success on other rows, and that of naive guesses.
    """

    label: str
    value: float
    low: float
    high: float
    control: float
    baseline: float


@styled
def areas(drawn: Sequence[DrawnRisk]) -> Figure:
    """Draw the area under the curve of each membership attack, with its interval.

    Parameters
    ----------
    drawn : sequence of DrawnRisk
        The chosen attack first; `baseline` is a blind attack's.

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> from lookalike.reports.figures import DrawnRisk, areas
    >>> len(areas([DrawnRisk("closest", 0.52, 0.49, 0.55, 0.5, 0.5)]).axes)
    1
    """
    figure = Figure(figsize=(7.2, 0.8 + _ROW * len(drawn)), layout="constrained")
    axes = figure.add_subplot()
    axes.axvline(0.5, color=REAL, linewidth=1, linestyle=(0, (3, 3)), zorder=1)
    for place, one in enumerate(drawn):
        axes.plot([one.low, one.high], [place, place], color=GRID, linewidth=3, zorder=2)
        colour = SYNTHETIC if place == 0 else MUTED
        axes.plot(one.value, place, "o", color=colour, markersize=7, zorder=3)
    if drawn:
        axes.plot(drawn[0].baseline, -0.62, "v", color=INK, markersize=4, clip_on=False)
    _label(axes, drawn)
    low = min([0.4, *(one.low for one in drawn)])
    high = max([0.6, *(one.high for one in drawn)])
    axes.set_xlim(low - 0.02, high + 0.02)
    axes.set_xlabel("AUC: 0.5 is guessing, 1 finds every learned row")
    return figure


@styled
def risks(drawn: Sequence[DrawnRisk]) -> Figure:
    """Draw the success of each attack on learned rows, on others, and of naive guesses.

    Parameters
    ----------
    drawn : sequence of DrawnRisk
        The attacks in order.

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> from lookalike.reports.figures import DrawnRisk, risks
    >>> len(risks([DrawnRisk("linkability", 0.12, 0.1, 0.14, 0.11, 0.02)]).axes)
    1
    """
    figure = Figure(figsize=(7.2, 0.8 + _ROW * len(drawn)), layout="constrained")
    axes = figure.add_subplot()
    for place, one in enumerate(drawn):
        axes.plot([one.low, one.high], [place, place], color=GRID, linewidth=4, zorder=1)
        axes.plot(one.value, place, "o", color=SYNTHETIC, markersize=7, zorder=2)
        axes.plot(one.control, place, "o", color=REAL, markersize=5, zorder=3)
        axes.plot(one.baseline, place, "|", color=INK, markersize=9, zorder=3)
    _label(axes, drawn)
    axes.set_xlim(-0.02, 1.02)
    axes.xaxis.set_major_formatter(lambda share, _: f"{100 * share:.0f} %")
    axes.set_xlabel("share of guesses that are right")
    return figure


def _label(axes: object, drawn: Sequence[DrawnRisk]) -> None:
    axes.set_yticks(range(len(drawn)), [shorten(one.label) for one in drawn])  # type: ignore[attr-defined]
    axes.set_ylim(len(drawn) - 0.5, -0.7)  # type: ignore[attr-defined]
