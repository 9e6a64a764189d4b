"""One style for every figure, and figures as SVG text that is the same on every run.

Figures are made with matplotlib's object-oriented interface: no pyplot, no window, no state left
behind. Colours are written into a page as CSS variables, so that a page can be light or dark.
"""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from html import escape
from typing import Literal, ParamSpec, TypeVar

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.style import context

__all__ = [
    "GOOD",
    "GRID",
    "INK",
    "MUTED",
    "REAL",
    "SYNTHETIC",
    "beside",
    "percent",
    "styled",
    "to_svg",
]

# Blue and vermilion of Okabe & Ito (2008): distinct with every kind of colour blindness.
REAL = "#0072b2"
SYNTHETIC = "#d55e00"
INK = "#1f2328"
MUTED = "#59636e"
GRID = "#c8d0d8"
GOOD = "#1a7f37"

_VARIABLES = {
    REAL: "var(--real)",
    SYNTHETIC: "var(--synthetic)",
    INK: "var(--ink)",
    MUTED: "var(--muted)",
    GRID: "var(--line)",
    GOOD: "var(--good)",
}

_STYLE = {
    "axes.edgecolor": GRID,
    "axes.facecolor": "none",
    "axes.labelcolor": MUTED,
    "axes.labelsize": 8,
    "axes.linewidth": 0.8,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlecolor": INK,
    "axes.titlesize": 9,
    "figure.facecolor": "none",
    "font.family": ["DejaVu Sans"],
    "font.size": 8,
    "image.interpolation": "none",
    "legend.frameon": False,
    "legend.fontsize": 8,
    "savefig.facecolor": "none",
    "svg.fonttype": "none",
    "text.color": INK,
    "text.parse_math": False,
    "xtick.color": GRID,
    "xtick.labelcolor": MUTED,
    "xtick.labelsize": 7,
    "ytick.color": GRID,
    "ytick.labelcolor": MUTED,
    "ytick.labelsize": 7,
}

# Output of matplotlib that a page does not need: a style sheet that would reach the whole page,
# ids that nothing refers to, font families (the page's own are used), indents.
_TRIM = [
    (re.compile(r"<defs>\s*<style.*?</style>\s*</defs>", re.DOTALL), ""),
    (re.compile(r'<g id="[^"]*"'), "<g"),
    (re.compile(r' id="image[^"]*"'), ""),
    (re.compile(r" ?font-family: [^;\"]*;?"), ""),
    (re.compile(r"\s*\n\s*"), " "),
]

_P = ParamSpec("_P")
_R = TypeVar("_R")


@contextmanager
def _look(salt: str = "lookalike") -> Iterator[None]:
    """Set the style for a while, whatever the user's own matplotlib settings are."""
    with context(["default", {**_STYLE, "svg.hashsalt": salt}]), warnings.catch_warnings():
        # Letters that DejaVu lacks are drawn by the reader's own fonts.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        warnings.filterwarnings("ignore", message="Matplotlib currently does not support")
        # Its fall-back interval is fine.
        warnings.filterwarnings("ignore", message="AutoDateLocator was unable to pick")
        yield


def styled(draw: Callable[_P, _R]) -> Callable[_P, _R]:
    """Make a drawing function use the common style."""

    @wraps(draw)
    def wrapper(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        with _look():
            return draw(*args, **kwargs)

    return wrapper


def to_svg(figure: Figure, *, label: str, salt: str) -> str:
    """Write a figure as an SVG element for a page: no prolog, no links, no dates.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        The figure.
    label : str
        A description for readers who cannot see it.
    salt : str
        Makes the element's ids differ from those of other figures on the page.

    Returns
    -------
    str
        An ``<svg>`` element, safe to insert into HTML: text in it is escaped.
    """
    buffer = io.StringIO()
    nothing = dict.fromkeys(["Creator", "Date", "Format", "Type"])
    with _look(salt):
        figure.savefig(buffer, format="svg", metadata=nothing)
    text = buffer.getvalue()
    body = text[text.index(">", text.index("<svg")) + 1 :].strip()
    for pattern, replacement in _TRIM:
        body = pattern.sub(replacement, body)
    for colour, variable in _VARIABLES.items():
        body = body.replace(colour, variable)
    points = (figure.get_figwidth() * 72, figure.get_figheight() * 72)
    head = (
        f'<svg role="img" aria-label="{escape(label)}" viewBox="0 0 {points[0]:g} {points[1]:g}">'
    )
    return head + "\n" + body


def beside(
    axes: Axes,
    text: str,
    end: tuple[float, float],
    colour: str,
    across: Literal["data", "axes"] = "data",
) -> None:
    """Write a few letters to the right of a bar's end, or of a share of the axes' width."""
    axes.annotate(
        text,
        end,
        xycoords=axes.transData if across == "data" else axes.get_yaxis_transform(),
        xytext=(3, 0),
        textcoords="offset points",
        va="center",
        fontsize=6.5,
        color=colour,
        annotation_clip=False,
    )


def percent(share: float) -> str:
    """Write a share in per cent; a small one does not become 0."""
    if share == 0:
        return "0 %"
    if share < 0.0005:
        return "< 0.1 %"
    return "100 %" if share == 1 else f"{100 * share:.1f} %"
