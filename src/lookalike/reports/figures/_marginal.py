"""One column, real against synthetic: histograms, and bars of shares."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from lookalike.reports._summary import Bar, Histogram, Marginal
from lookalike.reports._text import shorten
from lookalike.reports.figures._style import (
    GRID,
    INK,
    MUTED,
    REAL,
    SYNTHETIC,
    beside,
    percent,
    styled,
)

__all__ = ["draw_marginal", "height_of", "marginal"]

WIDTH = 3.1
_LABELS = 1.12
_NUMBERS = 0.55
_ROW = 0.28
_PLOT = 1.1
_TICKS = 0.32
# Dates that matplotlib's calendar cannot hold (years 1 to 9999, as days since 1970).
_FIRST_DAY, _LAST_DAY = -719_162, 2_932_896
# By the length of an axis in days: the format of dates, that of the last one, and their number.
_PATTERNS = (
    (1500, "%Y", "%Y", 6),
    (100, "%b %Y", "%b %Y", 4),
    (4, "%d %b", "%d %b %Y", 6),
    (0.2, "%d %b, %H:%M", "%d %b, %H:%M", 4),
    (0, "%H:%M:%S", "%H:%M:%S", 4),
)
#: Narrower ranges have no round numbers.
_TINY = 1e-290
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


@styled
def marginal(drawn: Marginal) -> Figure:
    """Draw the distribution of one column in both tables.

    Parameters
    ----------
    drawn : Marginal
        From ``Evaluation.summary.marginals``.

    Returns
    -------
    matplotlib.figure.Figure
        A histogram where there are numbers, and paired bars for levels,
        missing cells and values that stand aside; the column's name is not in it.

    Examples
    --------
    >>> from lookalike.reports import Bar, Marginal, figures
    >>> column = Marginal("colour", (Bar("red", 0.4, 0.5), Bar("blue", 0.6, 0.5)))
    >>> len(figures.marginal(column).axes)
    1
    """
    height = height_of(drawn)
    figure = Figure((WIDTH, height))
    draw_marginal(figure, drawn, 0.0, height)
    return figure


def height_of(drawn: Marginal) -> float:
    """Return the height of a column's drawing in inches."""
    return max(sum(_parts(drawn)), 0.4)


def _parts(drawn: Marginal) -> tuple[float, float]:
    """Return the inches of the histogram and of the bars."""
    plot = _PLOT + _TICKS + 0.08 if drawn.histogram is not None else 0.0
    return plot, _ROW * len(drawn.bars) + 0.06 if drawn.bars else 0.0


def draw_marginal(figure: Figure, drawn: Marginal, left: float, top: float) -> None:
    """Draw one column into a part of a figure.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        The figure to draw into.
    drawn : Marginal
        The column.
    left, top : float
        The part's upper left corner, in inches from the figure's lower left corner.
    """
    across, up = figure.get_figwidth(), figure.get_figheight()
    plot, rows = _parts(drawn)

    def box(x: float, y: float, width: float, height: float) -> tuple[float, float, float, float]:
        return (left + x) / across, (top - y) / up, width / across, height / up

    if drawn.histogram is not None:
        _draw_histogram(
            figure.add_axes(box(0.04 * WIDTH, plot - _TICKS, 0.92 * WIDTH, _PLOT)), drawn.histogram
        )
    if drawn.bars:
        width = WIDTH - _LABELS - _NUMBERS
        _draw_bars(
            figure.add_axes(box(_LABELS, plot + rows - 0.03, width, rows - 0.06)),
            drawn.bars,
            # Beside a histogram, a bar is a share of all rows: 2 % must not fill the width.
            whole=drawn.histogram is not None,
        )
    if not drawn.bars and drawn.histogram is None:
        place = ((left + WIDTH / 2) / across, (top - height_of(drawn) / 2) / up)
        figure.text(*place, "no rows", ha="center", va="center", color=MUTED)


def _draw_histogram(axes: Axes, drawn: Histogram) -> None:
    edges = _shares(drawn.edges, drawn)
    # The real rows are an area and the synthetic ones a line, so that both are seen where they
    # agree, without a third colour.
    axes.stairs(drawn.real, edges, fill=True, color=REAL, alpha=0.22, linewidth=0)
    axes.stairs(drawn.real, edges, color=REAL, linewidth=2.2, alpha=0.75)
    axes.stairs(drawn.synthetic, edges, color=SYNTHETIC, linewidth=1.3)
    axes.set_xlim(0, 1)
    top = max((*drawn.real, *drawn.synthetic), default=0)
    axes.set_ylim(0, 1.04 * top or 1)
    axes.spines["left"].set_visible(False)
    axes.set_yticks([])
    _label_numbers(axes, drawn)


def _shares(values: Sequence[float], drawn: Histogram) -> npt.NDArray[np.float64]:
    """Return the positions of numbers on the axis, which goes from 0 to 1.

    Matplotlib itself has no axis for the largest floats, nor for very near ones.
    """
    # Halved, for the difference of the largest floats is not finite.
    low, high = drawn.edges[0] / 2, drawn.edges[-1] / 2
    if high == low:
        return np.linspace(0, 1, len(values))
    return (np.asarray(values, dtype=float) / 2 - low) / (high - low)


def _label_numbers(axes: Axes, drawn: Histogram) -> None:
    low, high = drawn.edges[0], drawn.edges[-1]
    if drawn.axis == "date" and low > _FIRST_DAY and high < _LAST_DAY and high - low > 1e-3:
        labels = _dates(low, high)
    else:
        unit = {"number": "", "date": " d", "clock": " h"}.get(drawn.axis, f" {drawn.axis}")
        labels = _round_numbers(low, high, unit)
    shares = _shares([place for place, _ in labels], drawn)
    axes.set_xticks(shares, [words for _, words in labels])
    for share, label in zip(shares, axes.get_xticklabels(), strict=True):
        # Words at the very edge would be cut off there.
        label.set_horizontalalignment(
            "left" if share < 0.08 else "right" if share > 0.92 else "center"
        )


def _round_numbers(low: float, high: float, unit: str) -> list[tuple[float, str]]:
    """Return round numbers as places and words, or both ends where there are none between them."""
    span = high - low
    if np.isfinite(span) and span > 1e-9 * max(abs(low), abs(high)) and span > _TINY:
        places = MaxNLocator(5).tick_values(low, high)
        inside = [float(place) for place in places if low <= place <= high]
        return [(place, _say(place, span) + unit) for place in inside]
    digits = next((d for d in (3, 6, 9, 12, 15) if f"{low:.{d}g}" != f"{high:.{d}g}"), 17)
    return [(end, _minus(f"{end:.{digits}g}") + unit) for end in (low, high)]


def _dates(low: float, high: float) -> list[tuple[float, str]]:
    """Return round dates as places and words."""
    pattern, last, most = next(entry[1:] for entry in _PATTERNS if high - low > entry[0])
    locator = AutoDateLocator(minticks=3, maxticks=most, tz="UTC")  # type: ignore[no-untyped-call]
    ends = (_EPOCH + dt.timedelta(days=day) for day in (low, high))
    places = [float(p) for p in locator.tick_values(*ends)]  # type: ignore[no-untyped-call]
    inside = [place for place in places if low <= place <= high]
    words = [(_EPOCH + dt.timedelta(days=place)).strftime(pattern) for place in inside]
    words[-1:] = [(_EPOCH + dt.timedelta(days=place)).strftime(last) for place in inside[-1:]]
    return list(zip(inside, words, strict=True))


def _say(value: float, span: float) -> str:
    """Write a tick: 1200 as it is, 12k, 1.2M, 1.2G, and larger or tiny numbers as 1.2e+15."""
    if abs(value) <= 1e-9 * span:
        return "0"
    size = max(abs(value), span)
    if size >= 1e14 or size < 1e-4:
        return _minus(f"{value:.2g}")
    for unit, letter, limit in ((1e9, "G", 1e9), (1e6, "M", 1e6), (1e3, "k", 1e4)):
        if size >= limit:
            return _minus(f"{value / unit:.6g}{letter}")
    return _minus(f"{value:.6g}")


def _minus(text: str) -> str:
    return text.replace("-", "−") if text.startswith("-") and "e" not in text else text


def _draw_bars(axes: Axes, bars: Sequence[Bar], *, whole: bool) -> None:
    places = np.arange(len(bars))[::-1]
    for shift, colour, shares in (
        (0.19, REAL, [bar.real for bar in bars]),
        (-0.19, SYNTHETIC, [bar.synthetic for bar in bars]),
    ):
        axes.barh(places + shift, shares, height=0.34, color=colour, alpha=0.85)
    longest = max(max(bar.real, bar.synthetic) for bar in bars) or 1
    axes.set_xlim(0, 1 if whole else longest)
    axes.set_ylim(-0.5, len(bars) - 0.5)
    axes.spines["bottom"].set_visible(False)
    axes.set_xticks([])
    axes.set_yticks(places, [shorten(bar.label, 18) for bar in bars])
    axes.tick_params(axis="y", length=0, pad=4)
    for label, bar in zip(axes.get_yticklabels(), bars, strict=True):
        label.set_color(INK if bar.role == "level" else MUTED)
        label.set_fontstyle("normal" if bar.role == "level" else "italic")
    for place, bar in zip(places, bars, strict=True):
        for shift, colour, share in ((0.19, REAL, bar.real), (-0.19, SYNTHETIC, bar.synthetic)):
            beside(axes, percent(share), (share, float(place) + shift), colour)
    axes.spines["left"].set_color(GRID)
