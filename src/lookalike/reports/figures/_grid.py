"""Two columns at once: real and synthetic rows side by side on one scale."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from lookalike.reports._pictures import GridAxis, ShareGrid
from lookalike.reports._text import shorten
from lookalike.reports.figures._style import GRID, REAL, SYNTHETIC, styled

__all__ = ["grid"]

_WIDTH = 6.2
_SIDE = 2.25
_LEFT = 1.15
_BOTTOM = 0.62
_TOP = 0.28
_GAP = 0.3


@styled
def grid(drawn: ShareGrid) -> Figure:
    """Draw shares of rows on a grid, real at the left, synthetic at the right.

    Parameters
    ----------
    drawn : ShareGrid
        From ``Evaluation.summary.grids`` or ``.view``.

    Returns
    -------
    matplotlib.figure.Figure
        Both on one scale, by the square root of the share, so that small ones are seen.
    """
    figure = Figure((_WIDTH, _TOP + _SIDE + _BOTTOM))
    matrices = [np.sqrt(np.array(cells, dtype=float)).T for cells in (drawn.real, drawn.synthetic)]
    top = max(max(float(m.max(initial=0.0)) for m in matrices), 1e-9)
    for place, (title, colour) in enumerate((("real", REAL), ("synthetic", SYNTHETIC))):
        left = _LEFT + place * (_SIDE + _GAP)
        height = figure.get_figheight()
        box = (left / _WIDTH, _BOTTOM / height, _SIDE / _WIDTH, _SIDE / height)
        axes = figure.add_axes(box)
        _draw(axes, matrices[place], colour, top)
        axes.set_title(title, color=colour)
        _label(axes, drawn.across, drawn.up, first=place == 0)
    return figure


def _draw(axes: Axes, matrix: npt.NDArray[np.float64], colour: str, top: float) -> None:
    # From transparent to the colour, for a light page and a dark one.
    shades = LinearSegmentedColormap.from_list("shades", [f"{colour}00", f"{colour}ff"])
    axes.imshow(matrix, cmap=shades, vmin=0, vmax=top, origin="lower", aspect="auto")
    for side in axes.spines.values():
        side.set_visible(True)
        side.set_color(GRID)


def _label(axes: Axes, across: GridAxis, up: GridAxis, *, first: bool) -> None:
    axes.tick_params(length=0, pad=3)
    axes.set_xlabel(shorten(across.name, 34))
    places, words = _ticks(across)
    axes.set_xticks(places, words, rotation=0 if len(words) < 5 else 35)
    places, words = _ticks(up)
    axes.set_yticks(places, words if first else [""] * len(words))
    if first:
        axes.set_ylabel(shorten(up.name, 30))
    if across.ends:
        # Words at the very edge would be cut off there.
        first_label, last_label = axes.get_xticklabels()
        first_label.set_horizontalalignment("left")
        last_label.set_horizontalalignment("right")
    elif len(words) >= 5:
        for label in axes.get_xticklabels():
            label.set_horizontalalignment("right")


def _ticks(axis: GridAxis) -> tuple[list[float], list[str]]:
    if axis.labels:
        return [float(i) for i in range(axis.size)], [shorten(one, 11) for one in axis.labels]
    if axis.ends:
        return [0.0, axis.size - 1.0], [shorten(one, 11) for one in axis.ends]
    return [], []
