"""Losses and the discriminator's probabilities for real and generated rows, side by side."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lookalike.reports._summary import Curves
from lookalike.reports.figures._losses import draw_losses
from lookalike.reports.figures._steps import curve, label, legend, marks, nothing, over_steps
from lookalike.reports.figures._style import GRID, INK, REAL, SYNTHETIC, styled

__all__ = ["draw_probabilities", "players"]

_WIDTH, _HEIGHT = 10.0, 2.7
_PROBABILITIES = (("probability_real", REAL, "real"), ("probability_fake", SYNTHETIC, "generated"))


@styled
def players(drawn: Curves, title: str | None = None) -> Figure:
    """Draw the pair by which Leitner (2021) judged his networks: losses and mean probabilities.

    Where the two probabilities part for good, the discriminator has won and the generator learns
    no more; where they cross again and again, neither settles.

    Parameters
    ----------
    drawn : Curves
        From ``Evaluation.summary.curves``, or made by `lookalike.reports.curves`.
    title : str, optional
        A title, such as the name of a preset.

    Returns
    -------
    matplotlib.figure.Figure
        Losses on the left; on the right, the mean probability of being real that the
        discriminator gives to real and to generated rows, between 0 and 1.

    Examples
    --------
    >>> from lookalike.reports import Curves, figures
    >>> seen = {"loss_generator": (0.9, 0.7), "probability_real": (0.8, 0.6)}
    >>> len(figures.players(Curves((1.0, 2.0), seen)).axes)
    2
    """
    top = 0.0 if title is None else 0.28
    height = _HEIGHT + top
    figure = Figure((_WIDTH, height))
    for left, draw in ((0.06, _draw_losses), (0.565, draw_probabilities)):
        draw(figure.add_axes((left, 0.56 / height, 0.42, (_HEIGHT - 0.92) / height)), drawn)
    if title is not None:
        figure.text(0.06, 1 - 0.2 / height, title, color=INK, weight="bold")
    legend(figure, drawn.marks)
    return figure


def _draw_losses(axes: Axes, drawn: Curves) -> None:
    draw_losses(axes, drawn, halves=False)


def draw_probabilities(axes: Axes, drawn: Curves) -> None:
    """Draw both mean probabilities in given axes.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        The axes to draw into.
    drawn : Curves
        The recorded curves.
    """
    shown = [one for one in _PROBABILITIES if one[0] in drawn.series]
    if not shown:
        nothing(axes, "no probabilities were recorded")
        return
    axes.axhline(0.5, color=GRID, linewidth=1.2)
    for name, colour, _ in shown:
        curve(axes, drawn, name, colour)
    over_steps(axes, drawn, [name for name, *_ in shown], "mean probability of being real")
    axes.set_yscale("linear")
    axes.set_ylim(-0.02, 1.02)
    axes.set_yticks([0, 0.25, 0.5, 0.75, 1], ["0", "¼", "½", "¾", "1"])
    marks(axes, drawn.marks)
    label(axes, [(words, colour) for _, colour, words in shown])
