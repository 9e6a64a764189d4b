"""How a number goes on: its course, its memory and its spectrum, real and synthetic."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from lookalike.reports._course import Course, PairMatrix
from lookalike.reports.figures._style import GRID, MUTED, REAL, SYNTHETIC, styled

__all__ = ["course"]

_WIDTH, _HEIGHT = 10.0, 1.75
_ALONG = {
    "event": "event of a history",
    "step": "step of a block",
    "row": "the whole series, means of neighbouring rows",
}


@styled
def course(drawn: Course) -> Figure:
    """Draw how a number goes on in both tables.

    Parameters
    ----------
    drawn : Course
        From ``Evaluation.summary.sequences.courses``.

    Returns
    -------
    matplotlib.figure.Figure
        Three panels: the course (bands from the first to the last tenth of all units around the
        middle, and a few synthetic units as thin lines; or, of a single series, its means); the
        autocorrelation by lag; the spectrum.

    Examples
    --------
    >>> from lookalike.reports import Course, figures
    >>> band = ((0.0, 0.0), (1.0, 1.0), (2.0, 2.0))
    >>> len(figures.course(Course("x", "event", (1.0, 2.0), band, band)).axes)
    3
    """
    figure = Figure((_WIDTH, _HEIGHT))
    height, bottom = 0.68, 0.2
    left = figure.add_axes((0.05, bottom, 0.43, height))
    _panel(left, drawn)
    middle = figure.add_axes((0.545, bottom, 0.19, height))
    _memory(middle, drawn)
    right = figure.add_axes((0.795, bottom, 0.19, height))
    _spectrum(right, drawn)
    return figure


def _panel(axes: Axes, drawn: Course) -> None:
    steps = np.asarray(drawn.steps)
    for row in drawn.examples:
        axes.plot(steps, _floats(row), color=SYNTHETIC, linewidth=0.6, alpha=0.6)
    for curves, colour in ((drawn.real, REAL), (drawn.synthetic, SYNTHETIC)):
        values = [_floats(row) for row in curves]
        if len(values) == 3:
            axes.fill_between(steps, values[0], values[2], color=colour, alpha=0.16, linewidth=0)
            values = values[1:2]
        for one in values:
            axes.plot(steps, one, color=colour, linewidth=1.3)
    if drawn.along == "row":
        axes.set_xticks([])
    axes.set_xlabel(_ALONG[drawn.along], fontsize=7, labelpad=2)
    axes.margins(x=0.01)


def _memory(axes: Axes, drawn: Course) -> None:
    axes.set_title("autocorrelation by lag", loc="left", fontsize=7.5, color=MUTED, pad=3)
    if not drawn.real_memory:
        _nothing(axes, "histories are too short")
        return
    axes.axhline(0, color=GRID, linewidth=0.8)
    lags = np.arange(1, len(drawn.real_memory) + 1)
    for values, colour in ((drawn.real_memory, REAL), (drawn.synthetic_memory, SYNTHETIC)):
        axes.plot(lags, _floats(values), "o-", color=colour, linewidth=1.1, markersize=2.2)
    axes.set_ylim(min(-0.25, *_finite(drawn.real_memory), *_finite(drawn.synthetic_memory)), 1.05)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))


def _spectrum(axes: Axes, drawn: Course) -> None:
    title = "spectrum, cycles per step"
    axes.set_title(title, loc="left", fontsize=7.5, color=MUTED, pad=3)
    if not drawn.frequencies:
        _nothing(axes, "too few lags")
        return
    for values, colour in ((drawn.real_spectrum, REAL), (drawn.synthetic_spectrum, SYNTHETIC)):
        axes.plot(drawn.frequencies, values, color=colour, linewidth=1.2)
    axes.set_yticks([])
    axes.set_xlim(0, 0.5)
    axes.set_ylim(bottom=0)


def _nothing(axes: Axes, words: str) -> None:
    axes.set_axis_off()
    axes.text(0, 0.5, words, color=MUTED, va="center", transform=axes.transAxes)


def _floats(row: PairMatrix | Sequence[float | None]) -> np.ndarray:
    return np.array(row, dtype=float)


def _finite(values: Sequence[float | None]) -> list[float]:
    return [value for value in values if value is not None]
