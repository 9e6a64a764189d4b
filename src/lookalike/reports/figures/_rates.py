"""The learning rates over the steps of training."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from lookalike.reports._summary import Curves
from lookalike.reports.figures._steps import (
    colour_of,
    curve,
    label,
    legend,
    marks,
    nothing,
    over_steps,
)
from lookalike.reports.figures._style import INK, styled

__all__ = ["rates"]

_WIDTH, _HEIGHT = 10.0, 2.0
#: Columns of records in which all networks have one rate.
_SHARED = ("rate", "learning_rate")
#: The width of the uppermost line, and how much wider each line below is, so that all are seen.
_LINE, _WIDER = 1.2, 1.4
#: From the lowest to the highest rate, this factor makes the axis logarithmic.
_DECADES = 20.0


@styled
def rates(drawn: Curves) -> Figure:
    """Draw the learning rate of each optimiser, with marks where it was changed.

    Parameters
    ----------
    drawn : Curves
        From ``Evaluation.summary.curves``, or made by `lookalike.reports.curves`.

    Returns
    -------
    matplotlib.figure.Figure
        One panel; the lines below are the wider ones, so that all are seen.

    Examples
    --------
    >>> from lookalike.reports import Curves, figures
    >>> both = {"rate_generator": (1e-3, 5e-4), "rate_discriminator": (1e-3, 1e-3)}
    >>> len(figures.rates(Curves((1.0, 2.0), both)).axes[0].lines)
    2
    """
    figure = Figure((_WIDTH, _HEIGHT))
    axes = figure.add_axes((0.075, 0.29, 0.91, 0.53))
    names = [name for name in drawn.series if name.startswith("rate_")]
    order = dict.fromkeys([f"rate_{network}" for network in drawn.networks] + names)
    networks = [name.removeprefix("rate_") for name in order if name in names]
    shown = [
        (f"rate_{name}", colour_of(name, networks), name, _LINE + _WIDER * place)
        for place, name in enumerate(networks)
    ][::-1]
    shown += [(name, INK, "all networks", _LINE) for name in _SHARED if name in drawn.series]
    if not shown:
        nothing(axes, "no learning rates were recorded")
        return figure
    names = [name for name, *_ in shown]
    for name, colour, _, width in shown:
        curve(axes, drawn, name, colour, width=width)
    over_steps(axes, drawn, names, "learning rate")
    values = np.array([v for n in names for v in drawn.series[n] if v is not None and v > 0])
    if len(values) and values.max() > _DECADES * values.min():
        axes.set_yscale("log")
        axes.yaxis.set_major_locator(LogLocator(numticks=5))
        axes.yaxis.set_minor_formatter(NullFormatter())
    else:
        axes.set_yscale("linear")
        axes.set_ylim(0, 1.08 * values.max() if len(values) else 1)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda y, _: f"{y:.3g}"))
    marks(axes, drawn.marks)
    label(axes, [(words, colour) for _, colour, words, _ in shown])
    legend(figure, drawn.marks)
    return figure
