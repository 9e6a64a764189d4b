"""Results of models by their training rows, and intervals of differences."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure

from lookalike.reports._text import shorten
from lookalike.reports.figures._scores import number
from lookalike.reports.figures._style import (
    GRID,
    INK,
    MUTED,
    REAL,
    SYNTHETIC,
    beside,
    styled,
)

__all__ = ["COLOURS", "Effect", "arms_by_model", "effects", "reach"]

#: The role of an arm, by its colour.
COLOURS = {"real": REAL, "synthetic": SYNTHETIC, "control": MUTED}
_ROW = 0.3
#: The marks of arms in the figure of models, and how far they stand from the middle of a row.
_DOTS = {"synthetic": "s", "control": "^"}
_LIFTS = {"real": 0.0, "synthetic": -0.14, "control": 0.14}
#: Intervals this many times as wide as the usual one are cut.
_WIDER = 4.0


class Effect(NamedTuple):
    """A difference with its interval.

    Parameters
    ----------
    label : str
        The compared arms.
    role : {"synthetic", "control"}
        The role of the arm.
    value : float
        The difference.
    low, high : float or None
        Its interval.
    """

    label: str
    role: str
    value: float
    low: float | None
    high: float | None


@styled
def arms_by_model(
    models: Sequence[str],
    arms: Sequence[tuple[str, str, Mapping[str, float | None]]],
    naive: float | None,
) -> Figure:
    """Draw for each model a dot for each arm, the real rows as a line, and the naive baseline.

    Parameters
    ----------
    models : sequence of str
        Their names.
    arms : sequence of (str, str, mapping of str to float or None)
        Name, role and the score of each model.
    naive : float or None
        The score of the naive baseline; it is drawn where it is near the others.

    Returns
    -------
    matplotlib.figure.Figure
        Scores far below all others are drawn at the left edge.

    Examples
    --------
    >>> from lookalike.reports.figures import arms_by_model
    >>> arms = [("real", "real", {"tree": 0.7}), ("boosted", "synthetic", {"tree": 0.72})]
    >>> len(arms_by_model(["tree"], arms, naive=0.5).axes)
    1
    """
    height = _ROW * max(len(models), 1) + 0.5
    figure = Figure((7.4, height))
    axes = figure.add_axes((0.24, 0.4 / height, 0.62, 1 - 0.45 / height))
    known = [v for _, _, scores in arms for m in models if (v := scores.get(m)) is not None]
    low, high = _ends(known)
    for row, model in enumerate(models):
        axes.axhline(row, color=GRID, linewidth=0.5, zorder=0)
        for _, role, scores in arms:
            value = scores.get(model)
            if value is None:
                continue
            spot, up = max(value, low), _LIFTS[role]
            if role == "real":
                axes.plot([spot, spot], [row - 0.32, row + 0.32], color=REAL, lw=2.2)
                beside(axes, number(value), (1.0, row), INK, across="axes")
            else:
                axes.plot(spot, row + up, _DOTS[role], color=COLOURS[role], ms=4, alpha=0.85)
    if naive is not None and low <= naive <= high:
        axes.axvline(naive, color=INK, linewidth=0.8, linestyle=(0, (3, 2)))
        axes.text(naive, -0.62, " naive", fontsize=6.5, color=INK, ha="left", va="center")
    axes.set_yticks(range(len(models)), [shorten(model, 26) for model in models], color=INK)
    axes.set_ylim(max(len(models), 1) - 0.4, -0.75)
    axes.set_xlim(low, high)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    return figure


def _ends(known: Sequence[float]) -> tuple[float, float]:
    """Return the ends of an axis that shows all scores but those far below the others."""
    if not known:
        return 0.0, 1.0
    quarter, half, top = np.quantile(known, [0.25, 0.5, 1.0])
    least = max(min(known), quarter - _WIDER * max(half - quarter, 0.02))
    margin = 0.05 * (top - least) or 0.05
    return float(least - margin), float(top + margin)


@styled
def effects(drawn: Sequence[Effect], name: str) -> Figure:
    """Draw differences with their intervals beside a line for none.

    Parameters
    ----------
    drawn : sequence of Effect
        From the top.
    name : str
        The name of the metric.

    Returns
    -------
    matplotlib.figure.Figure
        A row for each difference; the right side is better. Intervals that are far wider than the
        others are cut at the edge.

    Examples
    --------
    >>> from lookalike.reports.figures import Effect, effects
    >>> drawn = [Effect("boosted − real", "synthetic", 0.01, -0.01, 0.03)]
    >>> len(effects(drawn, "roc_auc").axes)
    1
    """
    height = _ROW * max(len(drawn), 1) + 0.5
    figure = Figure((7.4, height))
    axes = figure.add_axes((0.4, 0.45 / height, 0.55, 1 - 0.5 / height))
    axes.axvline(0, color=GRID, linewidth=1.2)
    for place, one in enumerate(drawn):
        colour = COLOURS[one.role]
        if one.low is not None and one.high is not None:
            axes.plot([one.low, one.high], [place, place], color=colour, linewidth=2.2)
        axes.plot([one.value], [place], "o", color=colour, markersize=5)
    axes.set_yticks(range(len(drawn)), [shorten(one.label, 44) for one in drawn], color=INK)
    axes.set_ylim(max(len(drawn), 1) - 0.5, -0.5)
    axes.set_xlim(*reach([(one.low, one.value, one.high) for one in drawn]))
    axes.set_xlabel(f"difference of {name}, and its 95 % interval: to the right is better")
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    return figure


def reach(drawn: Sequence[tuple[float | None, float, float | None]]) -> tuple[float, float]:
    """Return the ends of an axis of differences, on both sides of 0.

    Parameters
    ----------
    drawn : sequence of (low, value, high)
        Differences with their intervals, which may be None.

    Returns
    -------
    tuple of float
        Enough for all differences, and for intervals unless they are more than four times as
        wide as the usual one: with a few splits, some are so wide that nothing else would be seen.

    Examples
    --------
    >>> low, high = reach([(-0.01, 0.01, 0.03), (-0.02, 0.0, 0.02), (-9.0, 0.0, 9.0)])
    >>> round(low, 3), round(high, 3)
    (-0.088, 0.088)
    """
    halves = [(high - low) / 2 for low, _, high in drawn if low is not None and high is not None]
    most = _WIDER * float(np.median(halves or [0.0]))
    ends = [0.0]
    for low, value, high in drawn:
        ends += [value if low is None else max(low, value - most)]
        ends += [value if high is None else min(high, value + most)]
    finite = [end for end in ends if math.isfinite(end)]
    margin = 0.05 * (max(finite) - min(finite)) or 1.0
    return min(finite) - margin, max(finite) + margin
