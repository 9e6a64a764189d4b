"""The learning rates of both players over the steps of training."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from lookalike.reports._summary import Curves
from lookalike.reports.figures._steps import curve, label, legend, marks, nothing, over_steps
from lookalike.reports.figures._style import INK, SYNTHETIC, styled

__all__ = ["rates"]

_WIDTH, _HEIGHT = 10.0, 2.0
#: The one rate of older records was both players'.
_RATES = (
    ("rate_discriminator", INK, "discriminator", 2.6),
    ("rate_generator", SYNTHETIC, "generator", 1.2),
    ("rate", INK, "both players", 1.2),
    ("learning_rate", INK, "both players", 1.2),
)
#: From the lowest to the highest rate, this factor makes the axis logarithmic.
_DECADES = 20.0


@styled
def rates(drawn: Curves) -> Figure:
    """Draw the learning rates of both players, and where something changed them.

    Parameters
    ----------
    drawn : Curves
        From ``Evaluation.summary.curves``, or made by `lookalike.reports.curves`.

    Returns
    -------
    matplotlib.figure.Figure
        One panel; the discriminator's line is the wider one and below, so that both are seen.

    Examples
    --------
    >>> from lookalike.reports import Curves, figures
    >>> both = {"rate_generator": (1e-3, 5e-4), "rate_discriminator": (1e-3, 1e-3)}
    >>> len(figures.rates(Curves((1.0, 2.0), both)).axes[0].lines)
    2
    """
    figure = Figure((_WIDTH, _HEIGHT))
    axes = figure.add_axes((0.075, 0.29, 0.91, 0.53))
    shown = [one for one in _RATES if one[0] in drawn.series]
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
