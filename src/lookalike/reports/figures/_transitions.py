"""The chances of the next level given the present one: real, synthetic, and their difference."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from lookalike.reports._course import TransitionTable
from lookalike.reports._text import shorten
from lookalike.reports.figures._style import INK, MUTED, REAL, SYNTHETIC, styled

__all__ = ["transitions"]

_CELL = 0.26
_LABEL = 1.5
_HEAD = 0.36
_GAP = 0.3
_WIDTH = 10.0


@styled
def transitions(drawn: TransitionTable) -> Figure:
    """Draw which level follows which in both tables.

    Parameters
    ----------
    drawn : TransitionTable
        From ``Evaluation.summary.sequences.transitions``.

    Returns
    -------
    matplotlib.figure.Figure
        Chances of the next level (columns) given the present one (rows), in per cent: real,
        synthetic, and synthetic less real.

    Examples
    --------
    >>> from lookalike.reports import TransitionTable, figures
    >>> chances = ((0.9, 0.1), (0.2, 0.8))
    >>> table = TransitionTable("weather", ("dry", "wet"), ("dry", "wet"), chances, chances)
    >>> len(figures.transitions(table).axes)
    3
    """
    rows, columns = len(drawn.levels), len(drawn.nexts)
    tall, wide = _CELL * max(rows, 1), min((_WIDTH - _LABEL - 2 * _GAP) / 3, 0.34 * columns)
    nexts = [shorten(level, 9) for level in drawn.nexts]
    height = tall + _HEAD + 0.045 * max(map(len, nexts), default=0)
    figure = Figure((_WIDTH, height))
    real, synthetic = (
        np.array(part, dtype=float).reshape(rows, columns) for part in (drawn.real, drawn.synthetic)
    )
    panels = (
        ("real", REAL, real, _shades(REAL), (0.0, 1.0)),
        ("synthetic", SYNTHETIC, synthetic, _shades(SYNTHETIC), (0.0, 1.0)),
        ("synthetic − real", INK, synthetic - real, _both(), (-0.5, 0.5)),
    )
    for place, (title, colour, cells, shades, limits) in enumerate(panels):
        left = (_LABEL + place * (wide + _GAP)) / _WIDTH
        axes = figure.add_axes((left, 0.02, wide / _WIDTH, tall / height))
        axes.imshow(cells, cmap=shades, vmin=limits[0], vmax=limits[1], aspect="auto")
        _numbers(axes, cells, sign=place == 2)
        names = [shorten(level, 18) for level in drawn.levels] if place == 0 else []
        axes.set_yticks(range(rows) if place == 0 else [], names, color=INK)
        axes.set_xticks(range(columns), nexts, rotation=40, ha="left", rotation_mode="anchor")
        axes.xaxis.tick_top()
        axes.tick_params(length=0, pad=2)
        for side in axes.spines.values():
            side.set_visible(False)
        figure.text(left, 1 - 0.13 / height, title, color=colour, fontsize=8)
    return figure


def _shades(colour: str) -> LinearSegmentedColormap:
    """Return shades from nothing to a colour, which suit a light and a dark page."""
    clear = (*_rgb(colour), 0.04)
    return LinearSegmentedColormap.from_list("shades", [clear, (*_rgb(colour), 0.85)])


def _both() -> LinearSegmentedColormap:
    less, more = _rgb(REAL), _rgb(SYNTHETIC)
    stops = [(0.0, (*less, 0.85)), (0.5, (*less, 0.0)), (0.5, (*more, 0.0)), (1.0, (*more, 0.85))]
    return LinearSegmentedColormap.from_list("differences", stops)


def _rgb(colour: str) -> tuple[float, float, float]:
    red, green, blue = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return red, green, blue


def _numbers(axes: Axes, cells: np.ndarray, *, sign: bool) -> None:
    for row, line in enumerate(cells):
        for column, value in enumerate(line):
            if np.isfinite(value):
                text = f"{100 * value:+.0f}" if sign else f"{100 * value:.0f}"
                text = text.replace("-", "−").replace("+0", "0").replace("−0", "0")
                strong = abs(value) > (0.25 if sign else 0.5)
                colour = INK if strong else MUTED
                axes.text(column, row, text, ha="center", va="center", fontsize=6, color=colour)
