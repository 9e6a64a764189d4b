"""Generated points over the curve or surface that they are to lie on, still and moving."""

from __future__ import annotations

import io
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator
from PIL import Image

from lookalike.reports.figures._style import GRID, INK, MUTED, REAL, SYNTHETIC, styled

__all__ = [
    "Outline",
    "function_film",
    "function_measure",
    "function_points",
    "function_rotation",
    "to_gif",
    "to_png",
]

_ACROSS = 3
_PANEL = 3.1
#: Points farther out than this share of the range are drawn at the edge of the panel.
_MARGIN = 0.08
_FRAMES_PER_SECOND = 8
_COLOURS_OF_GIF = 64
#: Inches to pixels: of pictures, and of moving ones.
_DPI, _FILM_DPI = 150, 90
_HEIGHT_ANGLE = 24.0
#: In space, how much of a panel the axes fill: their labels stand outside.
_ZOOM = 0.88
#: Up to this number of values are marked one by one.
_MARKED = 60
_COLOURS = (REAL, SYNTHETIC, INK)


@dataclass(frozen=True, eq=False)
class Outline:
    """The curve or surface that points are drawn over.

    Parameters
    ----------
    labels : tuple of str
        The labels of the axes, two or three.
    points : ndarray, shape (n, axes) or (m, m, 3)
        The points of a curve, or the grid of a surface.
    """

    labels: tuple[str, ...]
    points: np.ndarray

    @property
    def is_flat(self) -> bool:
        """True if it is drawn in two dimensions."""
        return len(self.labels) == 2

    @property
    def limits(self) -> list[tuple[float, float]]:
        """The bounds of each axis, with a margin."""
        rows = self.points.reshape(-1, len(self.labels))
        low, high = rows.min(axis=0), rows.max(axis=0)
        span = np.where(high > low, high - low, 1.0) * _MARGIN
        return list(zip((low - span).tolist(), (high + span).tolist(), strict=True))


@styled
def function_points(outline: Outline, snapshots: Sequence[tuple[str, np.ndarray]]) -> Figure:
    """Draw generated points over a function at several times of training.

    Parameters
    ----------
    outline : Outline
        The function.
    snapshots : sequence of (str, ndarray)
        A title and points of shape (n, axes) for each panel.

    Returns
    -------
    matplotlib.figure.Figure
        Panels in reading order.

    Examples
    --------
    >>> import numpy as np
    >>> from lookalike.reports import figures
    >>> line = figures.Outline(("x", "y"), np.array([[0.0, 0.0], [1.0, 1.0]]))
    >>> len(figures.function_points(line, [("step 10", np.array([[0.5, 0.4]]))]).axes)
    1
    """
    across = min(_ACROSS, max(len(snapshots), 1))
    down = max(1, math.ceil(len(snapshots) / across))
    figure = Figure((_PANEL * across, _PANEL * down), layout="constrained")
    for place, (title, points) in enumerate(snapshots):
        axes = _axes(figure, (down, across, place + 1), outline)
        _dots(axes, outline, points)
        axes.set_title(title)
    return figure


@styled
def function_film(
    outline: Outline, snapshots: Sequence[tuple[str, np.ndarray]]
) -> list[Image.Image]:
    """Draw generated points over a function as they move through training.

    Parameters
    ----------
    outline : Outline
        The function.
    snapshots : sequence of (str, ndarray)
        A title and points of shape (n, axes) for each frame.

    Returns
    -------
    list of PIL.Image.Image
        The frames, for `to_gif`.
    """
    figure = Figure((4.8, 4.2), layout="constrained")
    axes = _axes(figure, (1, 1, 1), outline)
    drawn = _dots(axes, outline, np.zeros((0, len(outline.labels))))
    frames = []
    for title, points in snapshots:
        _move(drawn, outline, points)
        axes.set_title(title)
        frames.append(_frame(figure))
    return frames


@styled
def function_rotation(
    outline: Outline, points: np.ndarray, *, frames: int = 36
) -> list[Image.Image]:
    """Draw generated points over a function in space, seen from all sides.

    Parameters
    ----------
    outline : Outline
        The function, in three dimensions.
    points : ndarray, shape (n, 3)
    frames : int
        The number of views in a full turn.

    Returns
    -------
    list of PIL.Image.Image
        The frames, for `to_gif`.
    """
    figure = Figure((4.8, 4.2), layout="constrained")
    axes: Any = _axes(figure, (1, 1, 1), outline)
    _dots(axes, outline, points)
    pictures = []
    for frame in range(frames):
        axes.view_init(elev=_HEIGHT_ANGLE, azim=-60 + 360 * frame / frames)
        pictures.append(_frame(figure))
    return pictures


@styled
def function_measure(
    steps: Sequence[float], series: Mapping[str, Sequence[float | None]], title: str
) -> Figure:
    """Draw up to three measures over the steps of training.

    Parameters
    ----------
    steps : sequence of float
    series : mapping of str to sequence of float or None
        Values by label; None where nothing was measured. Truth values become one line of marks.
    title : str
        The name of the measures.

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> from lookalike.reports import figures
    >>> len(figures.function_measure([1, 2], {"diversity": [0.5, 0.9]}, "diversity").axes)
    1
    """
    figure = Figure((6.4, 2.8), layout="constrained")
    axes = figure.add_subplot()
    numbers = [value for values in series.values() for value in values if value is not None]
    truths = bool(numbers) and all(isinstance(value, bool) for value in numbers)
    for (label, values), colour in zip(series.items(), _COLOURS, strict=False):
        seen = [(x, y) for x, y in zip(steps, values, strict=True) if y is not None]
        way = "steps-post" if truths else "default"
        line = np.array(seen, float).reshape(-1, 2).T
        mark = "." if len(seen) <= _MARKED else ""
        axes.plot(*line, mark, ls="-", color=colour, lw=1.2, ms=5, label=label, ds=way)
    if truths:
        axes.set_yticks([0, 1], ["no", "yes"])
        axes.set_ylim(-0.2, 1.2)
    if not numbers:
        axes.set_yticks([])
        axes.set_xlim(0, max(steps, default=1))
        axes.text(0.5, 0.5, "not measured", transform=axes.transAxes, ha="center", color=MUTED)
    if len(series) > 1:
        axes.legend(loc="best")
    axes.set_title(title, loc="left")
    axes.set_xlabel("step")
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:,.0f}"))
    axes.grid(axis="y", color=GRID, linewidth=0.5)
    return figure


def to_png(figure: Figure) -> bytes:
    """Write a figure as PNG on white.

    Parameters
    ----------
    figure : matplotlib.figure.Figure

    Returns
    -------
    bytes
        The file.
    """
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=_DPI, facecolor="white", metadata={"Software": None})
    return buffer.getvalue()


def to_gif(frames: Iterable[Image.Image], *, hold: float = 2.0) -> bytes:
    """Write frames as an animated GIF that loops for ever.

    Parameters
    ----------
    frames : iterable of PIL.Image.Image
        One at least, all of one size.
    hold : float
        Seconds for which the last frame stays.

    Returns
    -------
    bytes
        The file.
    """
    # Other methods paint the letters, of which there are few, in the colour of the points.
    pictures = [
        frame.quantize(_COLOURS_OF_GIF, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
        for frame in frames
    ]
    pause = 1000 // _FRAMES_PER_SECOND
    pauses = [pause] * (len(pictures) - 1) + [pause + round(1000 * hold)]
    buffer = io.BytesIO()
    pictures[0].save(
        buffer,
        format="GIF",
        save_all=True,
        append_images=pictures[1:],
        duration=pauses,
        loop=0,
        optimize=True,
    )
    return buffer.getvalue()


def _axes(figure: Figure, place: tuple[int, int, int], outline: Outline) -> Any:
    """Add a panel with the function in it."""
    if outline.is_flat:
        axes: Any = figure.add_subplot(*place)
        axes.plot(*outline.points.T, ",", color=REAL, alpha=0.5, zorder=1)
        axes.grid(color=GRID, linewidth=0.4)
    else:
        # Points stand before the function, or its lines would hide them.
        axes = figure.add_subplot(*place, projection="3d", computed_zorder=False)
        axes.view_init(elev=_HEIGHT_ANGLE, azim=-60)
        axes.set_box_aspect((4, 4, 3), zoom=_ZOOM)
        for side in (axes.xaxis, axes.yaxis, axes.zaxis):
            side.set_pane_color((1.0, 1.0, 1.0, 0.0))
        if outline.points.ndim == 3:
            axes.plot_wireframe(
                *np.moveaxis(outline.points, -1, 0), color=REAL, lw=0.3, alpha=0.45, zorder=1
            )
        else:
            axes.plot(*outline.points.T, ".", color=REAL, ms=0.5, alpha=0.5, zorder=1)
        axes.set_zlim(*outline.limits[2])
        axes.set_zlabel(outline.labels[2], labelpad=-1)
        axes.zaxis.set_major_locator(_ticks())
    axes.set(xlim=outline.limits[0], ylim=outline.limits[1])
    axes.set_xlabel(outline.labels[0])
    axes.set_ylabel(outline.labels[1])
    axes.xaxis.set_major_locator(_ticks())
    axes.yaxis.set_major_locator(_ticks())
    return axes


def _ticks() -> MaxNLocator:
    return MaxNLocator(4, steps=[1, 2, 5, 10])


def _dots(axes: Axes, outline: Outline, points: np.ndarray) -> Any:
    """Add generated points, and return the function that moves them."""
    size = 1.8 if outline.is_flat else 1.5
    shown = _inside(outline, points)
    (drawn,) = axes.plot(*shown.T, "o", color=SYNTHETIC, ms=size, mew=0, alpha=0.8, zorder=2)
    return drawn


def _move(drawn: Any, outline: Outline, points: np.ndarray) -> None:
    shown = _inside(outline, points)
    if outline.is_flat:
        drawn.set_data(*shown.T)
    else:
        drawn.set_data_3d(*shown.T)


def _inside(outline: Outline, points: np.ndarray) -> np.ndarray:
    low, high = np.transpose(outline.limits)
    return np.asarray(np.clip(points, low, high))


def _frame(figure: Figure) -> Image.Image:
    figure.set_dpi(_FILM_DPI)
    figure.set_facecolor("white")
    canvas: Any = FigureCanvasAgg(figure)
    canvas.draw()
    return Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")
