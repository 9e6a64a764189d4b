"""Errors of the correlations of each column: a table with bars."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from lookalike.reports._summary import ColumnRow
from lookalike.reports._text import shorten
from lookalike.reports.figures._style import GRID, INK, MUTED, SYNTHETIC, styled

__all__ = ["SCORE", "correlation_differences"]

#: The score with each column's mean difference.
SCORE = "correlation_difference"
MOST_COLUMNS = 40
_WIDTH = 7.0
_ROW = 0.24
_HEAD = 0.34


@styled
def correlation_differences(columns: Sequence[ColumnRow], most: int = MOST_COLUMNS) -> Figure:
    """Draw each numeric column's mean absolute difference of correlations: the table of Reddy.

    Parameters
    ----------
    columns : sequence of ColumnRow
        From ``Evaluation.summary.columns``; those without the score `correlation_difference` are
        left out.
    most : int
        The most columns to draw, the worst ones; the mean is that of all.

    Returns
    -------
    matplotlib.figure.Figure
        A row for each column, in the table's order, and the mean; a tick stands where real rows
        are, as far as that is known.
    """
    scored = [row for row in columns if SCORE in row.scores]
    worst = sorted(scored, key=lambda row: -row.scores[SCORE])[:most]
    shown = [row for row in scored if row in worst]
    height = _ROW * (len(shown) + 1) + _HEAD if shown else 0.5
    figure = Figure((_WIDTH, height))
    if not shown:
        words = "no two columns of numbers to compare"
        figure.text(0.5, 0.5, words, ha="center", va="center", color=MUTED)
        return figure
    axes = figure.add_axes((0.3, 0.0, 0.46, 1 - _HEAD / height))
    values = [row.scores[SCORE] for row in shown]
    places = np.arange(len(shown), 0, -1)
    axes.barh(places, values, height=0.6, color=SYNTHETIC, alpha=0.85)
    for place, row in zip(places, shown, strict=True):
        if SCORE in row.ceilings:
            real = row.ceilings[SCORE]
            axes.plot([real, real], [place - 0.4, place + 0.4], color=INK, linewidth=1.4)
    reach = max(*values, *(row.ceilings.get(SCORE, 0.0) for row in shown), 1e-9)
    axes.set_xlim(0, 1.03 * reach)
    axes.set_ylim(-0.5, len(shown) + 0.5)
    axes.set_xticks([])
    labels = [*(shorten(row.column, 26) for row in shown), "mean of all columns"]
    axes.set_yticks([*places, 0], labels, color=INK)
    axes.tick_params(length=0, pad=4)
    axes.spines["bottom"].set_visible(False)
    axes.axhline(0.5, color=GRID, linewidth=0.8)
    _numbers(figure, scored, shown, height)
    return figure


def _numbers(
    figure: Figure, known: Sequence[ColumnRow], shown: Sequence[ColumnRow], height: float
) -> None:
    """Write both columns of numbers to the right of the bars."""
    kinds = (
        (0.86, "synthetic", [row.scores for row in known], [row.scores for row in shown]),
        (0.985, "real rows", [row.ceilings for row in known], [row.ceilings for row in shown]),
    )
    for right, title, everything, each in kinds:
        figure.text(right, 1 - 0.2 / height, title, ha="right", color=MUTED)
        whole = [cells[SCORE] for cells in everything if SCORE in cells]
        mean = float(np.mean(whole)) if whole else None
        for row, value in enumerate([*(cells.get(SCORE) for cells in each), mean]):
            at = 1 - (_HEAD + _ROW * (row + 0.5)) / height
            words = "–" if value is None else f"{value:.4f}"
            figure.text(right, at, words, ha="right", va="center", color=INK)
