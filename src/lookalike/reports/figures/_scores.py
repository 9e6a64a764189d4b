"""Scores as marks between the score of independent columns and that of real rows."""

from __future__ import annotations

import math
from collections.abc import Iterable

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lookalike.metrics import Score
from lookalike.reports.figures._style import GRID, INK, MUTED, SYNTHETIC, styled

__all__ = ["score_bar", "score_bars"]

_LOW, _HIGH = -0.05, 1.05
_ROW = 0.3
_UNPLACED = "no place between these two"


@styled
def score_bar(score: Score) -> Figure:
    """Draw one score between its floor (left) and its ceiling (right), without words.

    Parameters
    ----------
    score : Score
        From ``Evaluation.scores``.

    Returns
    -------
    matplotlib.figure.Figure
        A line from the floor to the ceiling, and a mark where the score stands; a sentence where it
        has no place between them.
    """
    figure = Figure((2.6, 0.24))
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    _draw(axes, score, 0.0)
    axes.set_xlim(_LOW - 0.05, _HIGH + 0.05)
    axes.set_ylim(-0.5, 0.5)
    axes.set_axis_off()
    return figure


@styled
def score_bars(scores: Iterable[Score]) -> Figure:
    """Draw all scores, one below the other, between their floors and ceilings.

    Parameters
    ----------
    scores : iterable of Score
        From ``Evaluation.scores.values()``.

    Returns
    -------
    matplotlib.figure.Figure
        A row for each score; all ceilings are on one line.

    Examples
    --------
    >>> from lookalike.metrics import Score
    >>> from lookalike.reports import figures
    >>> score = Score("shape", 0.9, ceiling=1.0, floor=0.8, direction="higher", low=0, high=1)
    >>> len(figures.score_bars([score]).axes)
    1
    """
    rows = list(scores)
    height = _ROW * max(len(rows), 1) + 0.4
    figure = Figure((7.0, height))
    axes = figure.add_axes((0.24, 0.02, 0.62, 1 - 0.36 / height))
    for place, score in enumerate(rows):
        _draw(axes, score, -float(place))
        axes.text(_HIGH + 0.1, -place, number(score.value), va="center")
    axes.set_xlim(_LOW - 0.05, _HIGH + 0.05)
    axes.set_ylim(0.5 - max(len(rows), 1), 0.5)
    axes.set_yticks([-p for p in range(len(rows))], [score.name for score in rows], color=INK)
    axes.set_xticks([0, 1], ["independent columns", "real rows"])
    axes.xaxis.tick_top()
    axes.tick_params(length=0)
    for side in axes.spines.values():
        side.set_visible(False)
    return figure


def number(value: float | None) -> str:
    """Write a score with three decimals, or a dash where there is none."""
    return "–" if value is None or not math.isfinite(value) else f"{value:.3f}"


def _draw(axes: Axes, score: Score, height: float) -> None:
    position = score.position
    if position is None:
        axes.text(0.5, height, _UNPLACED, ha="center", va="center", color=MUTED, fontsize=7)
        return
    axes.plot([0, 1], [height, height], color=GRID, linewidth=3, solid_capstyle="butt")
    axes.plot([1, 1], [height - 0.36, height + 0.36], color=INK, linewidth=1.4)
    axes.plot([0, 0], [height - 0.24, height + 0.24], color=MUTED, linewidth=1.2)
    place = min(max(position, 0.0), 1.0)  # beyond both ends a place means nothing
    axes.plot([0, place], [height, height], color=SYNTHETIC, linewidth=3, solid_capstyle="butt")
    axes.plot([place], [height], "o", color=SYNTHETIC, markersize=7, clip_on=False)
