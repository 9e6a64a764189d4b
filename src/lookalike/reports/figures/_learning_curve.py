"""The learning curve of a study: fewer real rows on the left, added rows on the right."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from lookalike.reports._text import shorten
from lookalike.reports.figures._arms import COLOURS, reach
from lookalike.reports.figures._style import GRID, INK, MUTED, REAL, styled

__all__ = ["CurvePoint", "LearningLine", "learning_curve"]

_MARKS = {"real": "o", "synthetic": "s", "control": "^"}
#: Lines stand this far apart, in decades of the number of rows, so that their intervals are seen.
_DODGE = 0.012
#: Places whose ratio is less than this have labels side by side.
_NEAR = 1.3


class CurvePoint(NamedTuple):
    """A difference from all real rows, at a number of training rows.

    Parameters
    ----------
    size : float
        The number of training rows, as a multiple of all real ones.
    value : float
        The difference.
    low, high : float or None
        Its interval.
    """

    size: float
    value: float
    low: float | None
    high: float | None


class LearningLine(NamedTuple):
    """The points of one sort of training rows.

    Parameters
    ----------
    label : str
        The sort of rows.
    role : {"real", "synthetic", "control"}
        Its role in the comparison.
    points : sequence of CurvePoint
        From the left.
    """

    label: str
    role: str
    points: Sequence[CurvePoint]


@styled
def learning_curve(lines: Sequence[LearningLine], name: str) -> Figure:
    """Draw differences from all real rows over the number of training rows.

    Parameters
    ----------
    lines : sequence of LearningLine
        Each begins, or ends, at all real rows, where the difference is 0.
    name : str
        The name of the metric, in words.

    Returns
    -------
    matplotlib.figure.Figure
        Rows on a logarithmic axis, the real ones as 100 %; higher is better. Intervals that are
        far wider than the others are cut at the edge.

    Examples
    --------
    >>> from lookalike.reports.figures import CurvePoint, LearningLine, learning_curve
    >>> fewer = LearningLine("real", "real", [CurvePoint(0.3, -0.02, -0.03, -0.01)])
    >>> more = LearningLine("synthetic", "synthetic", [CurvePoint(1.2, 0.0, -0.01, 0.01)])
    >>> len(learning_curve([fewer, more], "ROC AUC").axes)
    1
    """
    figure = Figure((7.4, 3.1))
    axes = figure.add_axes((0.1, 0.16, 0.63, 0.78))
    axes.set_xscale("log")
    axes.grid(axis="y", color=GRID, linewidth=0.5)
    axes.axhline(0, color=GRID, linewidth=1.2)
    for place, line in enumerate(lines):
        _draw(axes, line, 10 ** (_DODGE * (place - (len(lines) - 1) / 2)))
    axes.plot([1], [0], "o", color=REAL, ms=6, zorder=4)
    axes.annotate(
        "all real rows",
        (1, 0),
        (-6, 6),
        textcoords="offset points",
        ha="right",
        fontsize=7,
        color=INK,
    )
    points = [point for line in lines for point in line.points]
    sizes = sorted({1.0, *(point.size for point in points)})
    axes.set_xticks(sizes, [f"{100 * size:g} %" for size in sizes])
    _part(axes, sizes)
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_ylim(*reach([(point.low, point.value, point.high) for point in points]))
    axes.set_xlabel("training rows: real ones alone up to 100 %, then with rows added", loc="left")
    axes.set_ylabel(f"difference of {shorten(name, 18)}")
    axes.legend(loc="upper left", bbox_to_anchor=(1.01, 1.04), labelcolor=MUTED)
    return figure


def _draw(axes: Axes, line: LearningLine, aside: float) -> None:
    """Draw a line through all real rows, and the intervals of its other points."""
    whole = CurvePoint(1.0, 0.0, None, None)
    drawn = sorted([*line.points, whole], key=lambda point: point.size)
    colour = COLOURS[line.role]
    style = (0, (3, 2)) if line.role == "control" else "solid"
    at = [point.size if math.isclose(point.size, 1) else point.size * aside for point in drawn]
    values = [point.value for point in drawn]
    axes.plot(at, values, color=colour, lw=1.2, ls=style, marker=_MARKS[line.role], ms=4,
              label=shorten(line.label, 24))  # fmt: skip
    for spot, point in zip(at, drawn, strict=True):
        if point.low is not None and point.high is not None:
            axes.plot([spot, spot], [point.low, point.high], color=colour, lw=1.6, alpha=0.6)


def _part(axes: Axes, sizes: Sequence[float]) -> None:
    """Write the labels of neighbouring places away from each other."""
    labels = axes.get_xticklabels()
    for place, (one, other) in enumerate(pairwise(sizes)):
        if other / one < _NEAR:
            labels[place].set_horizontalalignment("right")
            labels[place + 1].set_horizontalalignment("left")
