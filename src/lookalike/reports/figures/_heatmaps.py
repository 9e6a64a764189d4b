"""Associations of all pairs of columns: real, synthetic, and their difference."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from lookalike.reports._summary import Associations
from lookalike.reports._text import breadth, shorten
from lookalike.reports.figures._style import GRID, MUTED, styled

__all__ = ["heatmaps", "worst_columns"]

#: The largest number of readable columns; of more, the worst are drawn.
MOST_COLUMNS = 30
# From strong purple over a light grey to strong green: distinct with every kind of colour
# blindness, and none of the colours that stand for real and synthetic.
_COLOURS = LinearSegmentedColormap.from_list(
    "lookalike", ["#762a83", "#c2a5cf", "#f0f0f0", "#a6dba0", "#1b7837"]
)
_WIDTH = 10.0
_LEFT = 1.3
#: The scale of differences is the same on every page: beyond this, the colour is full.
_LARGE = 0.5
_GAP = 0.14
_TOP = 0.3
_SCALE = 0.6
#: A little room on the right, or the last frame would be cut.
_PANEL = (_WIDTH - _LEFT - 2 * _GAP - 0.04) / 3
# Points that a label may take, and the width of a letter as a share of its height.
_LABEL = 88
_LETTER = 0.61


@styled
def heatmaps(drawn: Associations, most: int = MOST_COLUMNS) -> Figure:
    """Draw the associations of the real table, the synthetic table, and their difference.

    Parameters
    ----------
    drawn : Associations
        From ``Evaluation.summary.associations``.
    most : int
        The most columns to draw; those whose associations differ most are kept.

    Returns
    -------
    matplotlib.figure.Figure
        Three squares side by side, with a scale below each.
    """
    chosen = worst_columns(drawn, most)
    size = len(chosen)
    if size < 2:
        figure = Figure((_WIDTH, 0.5))
        figure.text(0.5, 0.5, "no two columns to compare", ha="center", va="center", color=MUTED)
        return figure
    font = float(np.clip(130 / size, 5.5, 8))
    names = [shorten(drawn.columns[i], int(_LABEL / (_LETTER * font))) for i in chosen]
    below = font * _LETTER * max(map(breadth, names)) / 72 + _SCALE
    real, synthetic = (
        np.array(matrix, dtype=float)[np.ix_(chosen, chosen)]
        for matrix in (drawn.real, drawn.synthetic)
    )
    difference = synthetic - real
    figure = Figure((_WIDTH, _TOP + _PANEL + below))
    panels = (
        ("real", real, 1.0),
        ("synthetic", synthetic, 1.0),
        ("difference: synthetic − real", difference, _LARGE),
    )
    for place, (title, matrix, limit) in enumerate(panels):
        left = _LEFT + place * (_PANEL + _GAP)
        axes = figure.add_axes(_box(figure, left, below, _PANEL, _PANEL))
        _draw(axes, matrix, limit)
        axes.set_title(title)
        axes.set_xticks(range(size), names, rotation=90, fontsize=font)
        axes.set_yticks(range(size), names if place == 0 else [""] * size, fontsize=font)
        box = _box(figure, left + 0.2 * _PANEL, 0.25, 0.6 * _PANEL, 0.1)
        _draw_scale(figure.add_axes(box), limit)
    return figure


def _box(
    figure: Figure, left: float, bottom: float, width: float, height: float
) -> tuple[float, float, float, float]:
    """Turn inches into shares of a figure."""
    across, up = figure.get_figwidth(), figure.get_figheight()
    return left / across, bottom / up, width / across, height / up


def worst_columns(drawn: Associations, most: int) -> list[int]:
    """Return the places of the columns whose associations differ most, in the table's order."""
    real, synthetic = (np.array(m, dtype=float) for m in (drawn.real, drawn.synthetic))
    size = len(drawn.columns)
    if size <= most:
        return list(range(size))
    gaps = np.nan_to_num(np.abs(real - synthetic)).sum(axis=1)
    return sorted(int(i) for i in np.argsort(-gaps, kind="stable")[:most])


def _draw(axes: Axes, matrix: npt.NDArray[np.float64], limit: float) -> None:
    shown = matrix.copy()
    # Both halves are the same: the lower one is drawn.
    shown[np.triu_indices(len(shown))] = np.nan
    axes.imshow(shown, cmap=_COLOURS, vmin=-limit, vmax=limit, aspect="auto")
    axes.tick_params(length=0, pad=3)
    for side in axes.spines.values():
        side.set_visible(True)
        side.set_color(GRID)


def _draw_scale(axes: Axes, limit: float) -> None:
    axes.imshow(
        np.linspace(-limit, limit, 65)[None, :],
        cmap=_COLOURS,
        aspect="auto",
        extent=(-limit, limit, 0, 1),
    )
    axes.set_yticks([])
    axes.set_xticks([-limit, 0, limit], [f"−{limit:.2g}", "0", f"{limit:.2g}"])
    axes.tick_params(length=0, pad=2)
    for side in axes.spines.values():
        side.set_visible(False)
