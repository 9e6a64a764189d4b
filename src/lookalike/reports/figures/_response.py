"""Response curves of a model over the dial of a scenario."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lookalike.reports._text import shorten
from lookalike.reports.figures._style import GRID, INK, MUTED, REAL, SYNTHETIC, styled

__all__ = ["DrawnResponse", "responses"]

_WIDTH, _HEIGHT, _BESIDE = 7.4, 2.4, 3


class DrawnResponse(NamedTuple):
    """One response curve as it is drawn; NaN where there is no value.

    Parameters
    ----------
    label : str
        The metric.
    dials, values, lows, highs, references, floors : sequence of float
        For each position of the dial.
    breaks : float or None
        Where the model breaks.
    """

    label: str
    dials: Sequence[float]
    values: Sequence[float]
    lows: Sequence[float]
    highs: Sequence[float]
    references: Sequence[float]
    floors: Sequence[float]
    breaks: float | None


@styled
def responses(drawn: Sequence[DrawnResponse]) -> Figure:
    """Draw response curves beside each other, each on its own scale.

    Parameters
    ----------
    drawn : sequence of DrawnResponse
        From the left, three in a row.

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> from lookalike.reports.figures import DrawnResponse, responses
    >>> curve = [0.9, 0.7]
    >>> one = DrawnResponse("roc_auc", [0, 1], curve, curve, curve, curve, [0.5, 0.5], 1.0)
    >>> len(responses([one]).axes)
    1
    """
    rows = -(-len(drawn) // _BESIDE)
    figure = Figure((_WIDTH, 0.3 + _HEIGHT * rows), layout="constrained")
    for place, one in enumerate(drawn, start=1):
        axes = figure.add_subplot(rows, min(len(drawn), _BESIDE), place)
        _draw(axes, one)
    if drawn:
        lines, labels = figure.axes[0].get_legend_handles_labels()
        figure.legend(lines, labels, loc="outside upper left", ncols=3, labelcolor=MUTED)
    return figure


def _draw(axes: Axes, one: DrawnResponse) -> None:
    axes.grid(axis="y", color=GRID, linewidth=0.5)
    dials = np.asarray(one.dials, float)
    if np.isfinite(one.floors).any():
        axes.plot(dials, one.floors, color=MUTED, lw=1, ls=(0, (2, 2)), label="ignores the inputs")
    if np.isfinite(one.references).any():
        axes.plot(
            dials, one.references, color=REAL, lw=1.2, marker="o", ms=3, label="trained on it"
        )
    lows, highs = np.asarray(one.lows, float), np.asarray(one.highs, float)
    axes.fill_between(dials, lows, highs, color=SYNTHETIC, alpha=0.15, linewidth=0)
    axes.plot(dials, one.values, color=SYNTHETIC, lw=1.4, marker="o", ms=4, label="the model")
    if one.breaks is not None:
        axes.axvline(one.breaks, color=INK, lw=0.8, ls=(0, (4, 3)))
        axes.annotate(
            "breaks",
            (one.breaks, 0.03),
            xycoords=("data", "axes fraction"),
            xytext=(-2, 0),
            textcoords="offset points",
            ha="right",
            rotation=90,
            fontsize=7,
            color=INK,
        )
    axes.set_xlim(-0.04, 1.04)
    axes.set_xlabel("dial")
    axes.set_title(shorten(one.label, 30), loc="left")
