"""The columns by which a detector recognises synthetic rows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from lookalike.metrics import ColumnShare
from lookalike.reports._text import shorten
from lookalike.reports.figures._style import INK, MUTED, SYNTHETIC, percent, styled

__all__ = ["importances"]

MOST_COLUMNS = 12
_WIDTH = 6.0
_ROW = 0.24


@styled
def importances(drawn: Sequence[ColumnShare], most: int = MOST_COLUMNS) -> Figure:
    """Draw the columns that a detector used most.

    Parameters
    ----------
    drawn : sequence of ColumnShare
        From ``Evaluation.summary.importances``, the most telling first.
    most : int
        The most columns to draw.

    Returns
    -------
    matplotlib.figure.Figure
        A bar for each column.
    """
    shown = list(drawn)[:most]
    height = max(_ROW * len(shown), 0.5)
    figure = Figure((_WIDTH, height))
    if not shown:
        figure.text(0.5, 0.5, "no detector was trained", ha="center", va="center", color=MUTED)
        return figure
    axes = figure.add_axes((0.3, 0.02, 0.58, 0.96))
    places = np.arange(len(shown))[::-1]
    axes.barh(places, [one.share for one in shown], height=0.62, color=SYNTHETIC, alpha=0.85)
    axes.set_xlim(0, max(one.share for one in shown) or 1)
    axes.set_ylim(-0.5, len(shown) - 0.5)
    axes.set_xticks([])
    axes.set_yticks(places, [shorten(one.column, 26) for one in shown], color=INK)
    axes.tick_params(length=0, pad=4)
    axes.spines["bottom"].set_visible(False)
    for place, one in zip(places, shown, strict=True):
        at = (one.share, place)
        axes.annotate(
            percent(one.share), at, (3, 0), textcoords="offset points", va="center", color=MUTED
        )
    return figure
