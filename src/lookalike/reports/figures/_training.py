"""What training recorded, over its steps."""

from __future__ import annotations

import math

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from lookalike.reports._summary import Curves
from lookalike.reports._text import shorten
from lookalike.reports.figures._style import GRID, INK, MUTED, REAL, SYNTHETIC, styled

__all__ = ["training"]

_WIDTH = 10.0
_ROW = 2.1
_ACROSS = 3
#: Words that say of what a quantity is recorded, and the colour that stands for it; quantities that
#: differ in such a word alone share one panel.
_PARTIES = {
    "generator": SYNTHETIC,
    "discriminator": INK,
    "critic": INK,
    "real": REAL,
    "fake": SYNTHETIC,
    "synthetic": SYNTHETIC,
}


@styled
def training(drawn: Curves) -> Figure:
    """Draw all recorded quantities over the steps of training.

    Parameters
    ----------
    drawn : Curves
        From ``Evaluation.summary.curves``.

    Returns
    -------
    matplotlib.figure.Figure
        One panel for each quantity; what is recorded of both networks shares one panel.

    Examples
    --------
    >>> from lookalike.reports import Curves, figures
    >>> losses = {"loss_generator": (0.9, 0.7), "loss_discriminator": (0.6, 0.7)}
    >>> len(figures.training(Curves((1.0, 2.0), losses)).axes)
    1
    """
    panels: dict[str, list[str]] = {}
    for name in drawn.series:
        panels.setdefault(_split(name)[0], []).append(name)
    down = max(1, math.ceil(len(panels) / _ACROSS))
    height = _ROW * down
    figure = Figure((_WIDTH, height))
    for place, (quantity, names) in enumerate(panels.items()):
        row, column = divmod(place, _ACROSS)
        left = (0.55 + column * _WIDTH / _ACROSS) / _WIDTH
        bottom = 1 - (_ROW * (row + 1) - 0.5) / height
        box = (left, bottom, (_WIDTH / _ACROSS - 0.75) / _WIDTH, (_ROW - 0.85) / height)
        _draw(figure.add_axes(box), drawn, quantity, names)
    if not panels:
        figure.text(0.5, 0.5, "nothing was recorded", ha="center", va="center", color=MUTED)
    return figure


def _split(name: str) -> tuple[str, str]:
    """Split a recorded name into its quantity and the party of which it is, if any."""
    words = name.split("_")
    party = next((word for word in words if word in _PARTIES), "")
    return " ".join(word for word in words if word != party) or name, party


def _rank(name: str) -> int:
    party = _split(name)[1]
    return list(_PARTIES).index(party) if party else -1


def _draw(axes: Axes, drawn: Curves, quantity: str, names: list[str]) -> None:
    steps = np.array(drawn.steps)
    for place, name in enumerate(sorted(names, key=_rank)):
        party = _split(name)[1]
        colour = _PARTIES.get(party, INK)
        values = np.array(drawn.series[name], dtype=float)
        known = np.isfinite(values)
        mark = "" if known.sum() > 30 else "."
        axes.plot(steps[known], values[known], marker=mark, color=colour, lw=1.2, ms=4)
        if party:
            above = (0.98, 1.04 + 0.1 * (len(names) - 1 - place))
            axes.text(*above, party, color=colour, ha="right", transform=axes.transAxes)
    axes.set_title(shorten(quantity, 30), loc="left")
    axes.xaxis.set_major_locator(MaxNLocator(4, integer=True))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:,.0f}"))
    axes.yaxis.set_major_locator(MaxNLocator(4))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda y, _: f"{y:.4g}"))
    axes.grid(axis="y", color=GRID, linewidth=0.5)
    axes.set_xlabel("step", labelpad=1)
