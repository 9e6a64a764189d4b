"""Effects over the number of rows that are added, or that are kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lookalike.reports._text import shorten
from lookalike.reports.figures._arms import COLOURS as _COLOURS
from lookalike.reports.figures._arms import reach
from lookalike.reports.figures._style import GRID, MUTED, REAL, styled

__all__ = ["EffectCurve", "EffectPanel", "EffectPoint", "effect_curves"]

_WIDTH, _HEIGHT = 7.4, 2.7
#: Curves end at 1; arms without a factor stand to the right of it, one after the other.
_STEP = 0.08
_DODGE = 0.018
_MARKS = "os^Dv<>"


class EffectPoint(NamedTuple):
    """One effect with its interval.

    Parameters
    ----------
    at : float or None
        The factor or the share; None where an arm has none.
    value : float
        The difference to real rows.
    low, high : float or None
        Its interval.
    """

    at: float | None
    value: float
    low: float | None
    high: float | None


class EffectCurve(NamedTuple):
    """The effects of one arm.

    Parameters
    ----------
    label : str
        The arm.
    role : {"synthetic", "control"}
        The role of the arm.
    points : sequence of EffectPoint
        From the left.
    """

    label: str
    role: str
    points: Sequence[EffectPoint]


class EffectPanel(NamedTuple):
    """Curves that are drawn together.

    Parameters
    ----------
    title : str
        Their common property; may be empty.
    curves : sequence of EffectCurve
        One for each arm.
    """

    title: str
    curves: Sequence[EffectCurve]


@styled
def effect_curves(
    panels: Sequence[EffectPanel], name: str, axis: Literal["factor", "share"]
) -> Figure:
    """Draw effects over the factor or the share, panels below each other on one scale.

    Parameters
    ----------
    panels : sequence of EffectPanel
        From the top.
    name : str
        The name of the metric.
    axis : {"factor", "share"}
        The horizontal axis: the rows added for each real one, in equal steps, or the share of
        training rows kept.

    Returns
    -------
    matplotlib.figure.Figure
        The line at 0 stands for the real rows; higher is better. Intervals that are far wider
        than the others are cut at the edge.

    Examples
    --------
    >>> from lookalike.reports.figures import EffectCurve, EffectPanel, EffectPoint, effect_curves
    >>> points = [EffectPoint(0.2, 0.01, -0.01, 0.03), EffectPoint(2.0, 0.02, 0.0, 0.04)]
    >>> panel = EffectPanel("", [EffectCurve("boosted", "synthetic", points)])
    >>> len(effect_curves([panel], "roc_auc", "factor").axes)
    1
    """
    points = [point for _, curves in panels for curve in curves for point in curve.points]
    places = sorted({point.at for point in points if point.at is not None})
    edges = reach([(point.low, point.value, point.high) for point in points])
    figure = Figure((_WIDTH, _HEIGHT * max(len(panels), 1)))
    if not places:
        figure.text(0.5, 0.5, "nothing could be compared", ha="center", va="center", color=MUTED)
    for row, panel in enumerate(panels if places else ()):
        bottom = 1 - (row + 1 - 0.24) / len(panels)
        axes = figure.add_axes((0.1, bottom, 0.66, 0.62 / len(panels)))
        spots = _spots(places, axis)
        _draw(axes, panel, dict(zip(places, spots, strict=True)))
        axes.set_ylim(*edges)
        axes.set_xticks(spots, [_tick(place, axis) for place in places])
        axes.set_xlabel("rows added" if axis == "factor" else "training rows kept", loc="left")
        axes.set_ylabel(f"difference of {shorten(name, 18)}")
        axes.set_title(panel.title, loc="left")
    return figure


def _draw(axes: Axes, panel: EffectPanel, spots: Mapping[float, float]) -> None:
    axes.grid(axis="y", color=GRID, linewidth=0.5)
    axes.axhline(0, color=REAL, linewidth=1.2, label="real rows")
    aside = 1.0
    for place, curve in enumerate(panel.curves):
        dodge = _DODGE * (place - (len(panel.curves) - 1) / 2)
        at = [spots[point.at] + dodge for point in curve.points if point.at is not None]
        if not at:
            aside += _STEP
            at = [aside]
        colour, label = _COLOURS[curve.role], shorten(curve.label, 22)
        mark = _MARKS[place % len(_MARKS)]
        values = [point.value for point in curve.points]
        axes.plot(at, values, marker=mark, color=colour, ms=4, lw=1, label=label)
        for spot, point in zip(at, curve.points, strict=True):
            if point.low is not None and point.high is not None:
                axes.plot([spot, spot], [point.low, point.high], color=colour, lw=1.1, alpha=0.7)
    axes.legend(loc="upper left", bbox_to_anchor=(1.01, 1.04), labelcolor=MUTED)


def _spots(places: Sequence[float], axis: str) -> list[float]:
    """Return the positions on the axis, from 0 to 1: factors in equal steps, shares as they are."""
    if len(places) < 2:
        return [0.5] * len(places)
    values = np.arange(len(places)) if axis == "factor" else np.array(places)
    spots: list[float] = ((values - values[0]) / (values[-1] - values[0])).tolist()
    return spots


def _tick(place: float, axis: str) -> str:
    return f"+{100 * place:g} %" if axis == "factor" else f"{100 * place:g} %"
