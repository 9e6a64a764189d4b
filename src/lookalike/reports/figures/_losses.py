"""The losses of all networks over the steps of training."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.figure import Figure

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
from lookalike.reports.figures._style import MUTED, REAL, styled

__all__ = ["draw_losses", "losses"]

_WIDTH, _HEIGHT = 10.0, 2.9
#: The halves of a discriminator's loss: their colours, lines and words.
_HALVES = (
    ("loss_real", REAL, ":", "on real rows"),
    ("loss_fake", MUTED, ":", "on generated rows"),
)


@styled
def losses(drawn: Curves) -> Figure:
    """Draw the losses of all networks, and the two halves of a discriminator's.

    Parameters
    ----------
    drawn : Curves
        From ``Evaluation.summary.curves``, or made by `lookalike.reports.curves`.

    Returns
    -------
    matplotlib.figure.Figure
        One panel; quantities that were not recorded are not in it.

    Examples
    --------
    >>> from lookalike.reports import Curves, figures
    >>> both = {"loss_generator": (0.9, 0.7), "loss_discriminator": (0.6, 0.7)}
    >>> len(figures.losses(Curves((1.0, 2.0), both)).axes[0].lines)
    2
    """
    figure = Figure((_WIDTH, _HEIGHT))
    axes = figure.add_axes((0.06, 0.2, 0.925, 0.67))
    draw_losses(axes, drawn, halves=True)
    legend(figure, drawn.marks)
    return figure


def draw_losses(axes: Axes, drawn: Curves, *, halves: bool) -> None:
    """Draw the losses in given axes.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        The axes to draw into.
    drawn : Curves
        The recorded curves.
    halves : bool
        True to draw the discriminator's losses on real and on generated rows as well.
    """
    names = drawn.networks
    networks = [(f"loss_{n}", colour_of(n, names), "-", n) for n in reversed(names)]
    shown = [one for one in [*networks, *_HALVES * halves] if one[0] in drawn.series]
    if not shown:
        nothing(axes, "no losses were recorded")
        return
    for name, colour, line, _ in shown:
        curve(axes, drawn, name, colour, line=line)
    over_steps(axes, drawn, [name for name, *_ in shown], "loss")
    marks(axes, drawn.marks)
    label(axes, [(words, colour) for _, colour, _, words in shown])
