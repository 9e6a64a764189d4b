"""Possible futures as fans: a past, bands of what may come, and what came."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lookalike.reports._fan import Fan
from lookalike.reports._text import shorten
from lookalike.reports.figures._style import GRID, INK, MUTED, REAL, SYNTHETIC, styled

__all__ = ["fans"]

_WIDTH, _HEIGHT = 7.4, 1.9


@styled
def fans(drawn: Sequence[Fan]) -> Figure:
    """Draw possible futures, one panel for each column.

    Parameters
    ----------
    drawn : sequence of Fan
        From `lookalike.reports.fans`.

    Returns
    -------
    matplotlib.figure.Figure
        The past as a line; the futures' median within bands of their middle half and of nine
        tenths; what came as a line of dots.

    Examples
    --------
    >>> from lookalike.reports import Fan, figures
    >>> rows = tuple((4.0 + k, 5.0 + 2 * k) for k in range(5))
    >>> len(figures.fans([Fan("load", (1.0, 2.0, 3.0), rows)]).axes)
    1
    """
    figure = Figure((_WIDTH, 0.35 + _HEIGHT * len(drawn)), layout="constrained")
    for place, one in enumerate(drawn, start=1):
        _draw(figure.add_subplot(len(drawn), 1, place), one)
    if drawn:
        lines, labels = figure.axes[0].get_legend_handles_labels()
        figure.legend(lines, labels, loc="outside upper left", ncols=5, labelcolor=MUTED)
        figure.axes[-1].set_xlabel("events from the end of the past", color=MUTED)
    return figure


def _draw(axes: Axes, one: Fan) -> None:
    axes.grid(axis="y", color=GRID, linewidth=0.5)
    past = np.array(one.past, float)
    low, quarter, middle, three, high = (np.array(row, float) for row in one.quantiles)
    steps = np.arange(1, len(middle) + 1)
    axes.plot(np.arange(1 - len(past), 1), past, color=INK, lw=1.1, label="past")
    for under, over, alpha, share in ((low, high, 0.16, "90"), (quarter, three, 0.3, "50")):
        axes.fill_between(
            steps, under, over, color=SYNTHETIC, alpha=alpha, lw=0, label=f"{share} % of futures"
        )
    axes.plot(steps, middle, color=SYNTHETIC, lw=1.3, label="median of futures")
    if one.came:
        came = np.array(one.came, float)
        axes.plot(steps[: len(came)], came, ".-", color=REAL, lw=1, ms=3, label="what came")
    axes.axvline(0.5, color=MUTED, lw=0.8, ls=(0, (2, 2)))
    words = shorten(one.column, 60)
    if one.inside is not None:
        words += f": {100 * one.inside:.0f} % of what came lies within the 90 % band"
    axes.set_title(words, loc="left")
    axes.margins(x=0.01)
