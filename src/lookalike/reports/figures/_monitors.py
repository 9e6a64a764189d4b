"""All recorded quantities over the steps of training: small multiples with shaded good ranges."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lookalike.reports._summary import Curves
from lookalike.reports._text import shorten
from lookalike.reports._training_words import Quantity, quantity_of
from lookalike.reports.figures._steps import (
    PARTIES,
    curve,
    label,
    legend,
    marks,
    nothing,
    over_steps,
    party_of,
)
from lookalike.reports.figures._style import GOOD, INK, MUTED, styled

__all__ = ["monitors"]

_WIDTH = 10.0
_ROW = 1.95
_FOOT = 0.22
_ACROSS = 3
#: Parties that are rows, not networks.
_ROWS = frozenset({"real", "fake", "synthetic"})


@styled
def monitors(
    drawn: Curves,
    names: Collection[str] | None = None,
    quantities: Mapping[str, Quantity] | None = None,
) -> Figure:
    """Draw recorded quantities over the steps of training.

    Parameters
    ----------
    drawn : Curves
        From ``Evaluation.summary.curves``, or made by `lookalike.reports.curves`.
    names : collection of str, optional
        The quantities to draw; all by default.
    quantities : mapping of str to Quantity, optional
        Titles and good ranges of quantities that `lookalike` does not know.

    Returns
    -------
    matplotlib.figure.Figure
        One panel for each quantity, shared by quantities that differ only in the network or the
        rows. Good ranges are shaded, events are marked.

    Examples
    --------
    >>> from lookalike.reports import Curves, figures
    >>> seen = {"accuracy_real": (0.9, 0.7), "accuracy_fake": (0.6, 0.7), "diversity": (0.5, 0.9)}
    >>> len(figures.monitors(Curves((1.0, 2.0), seen)).axes)
    2
    """
    panels: dict[str, list[str]] = {}
    for name in drawn.series:
        if names is None or name in names:
            panels.setdefault(party_of(name)[0], []).append(name)
    down = max(1, math.ceil(len(panels) / _ACROSS))
    height = _ROW * down + _FOOT
    figure = Figure((_WIDTH, height))
    for place, members in enumerate(panels.values()):
        row, column = divmod(place, _ACROSS)
        left = (0.55 + column * _WIDTH / _ACROSS) / _WIDTH
        bottom = 1 - (_ROW * (row + 1) - 0.47) / height
        axes = figure.add_axes(
            (left, bottom, (_WIDTH / _ACROSS - 0.75) / _WIDTH, (_ROW - 0.8) / height)
        )
        _draw(axes, drawn, sorted(members, key=_rank), quantities)
    if not panels:
        nothing(figure.add_axes((0, 0, 1, 1)), "nothing was recorded")
    legend(figure, drawn.marks, rates=False)
    return figure


def _rank(name: str) -> int:
    party = party_of(name)[1]
    return list(PARTIES).index(party) if party else -1


def _draw(
    axes: Axes, drawn: Curves, names: list[str], quantities: Mapping[str, Quantity] | None
) -> None:
    meanings = [quantity_of(name, quantities) for name in names]
    # Rows are dotted where networks are drawn too, for they share colours.
    parties = [party_of(name)[1] for name in names]
    mixed = not _ROWS.isdisjoint(parties) and not _ROWS.issuperset(filter(None, parties))
    lines = [":" if mixed and party in _ROWS else "-" for party in parties]
    for name, party, line in zip(names, parties, lines, strict=True):
        colour = PARTIES.get(party, MUTED if len(names) > 1 else INK)
        curve(axes, drawn, name, colour, line=line)
    title = meanings[0].title if len(names) == 1 else party_of(names[0])[0].capitalize()
    over_steps(axes, drawn, names, shorten(title, 34 if len(names) == 1 else 14))
    _hold(axes, meanings)
    _shade(axes, meanings)
    marks(axes, drawn.marks, rates=False)
    if len(names) > 1:
        words = [
            (f"{party or 'all'}{'··' if line == ':' else ''}", PARTIES.get(party, MUTED))
            for party, line in zip(parties, lines, strict=True)
        ]
        label(axes, words, size=7)


def _hold(axes: Axes, known: list[Quantity]) -> None:
    """Show the whole range of a quantity where it has one on both sides."""
    low, high = min(one.low for one in known), max(one.high for one in known)
    if math.isfinite(low) and math.isfinite(high) and high > low:
        axes.set_yscale("linear")
        room = 0.04 * (high - low)
        axes.set_ylim(low - room, high + room)
        if all(one.flag for one in known):
            axes.set_yticks([0, 1], ["no", "yes"])


def _shade(axes: Axes, known: list[Quantity]) -> None:
    """Shade good ranges; one that reaches beyond the axis widens it to its nearer end alone."""
    ranges = {one.good for one in known if one.good is not None}
    if not ranges:
        return
    low, high = min(a for a, _ in ranges), max(b for _, b in ranges)
    bottom, top = axes.get_ylim()
    if math.isfinite(low):
        bottom, top = min(bottom, low), max(top, low + 0.05 * (top - bottom))
    if math.isfinite(high):
        bottom, top = min(bottom, high - 0.05 * (top - bottom)), max(top, high)
    axes.set_ylim(bottom, top)
    axes.axhspan(max(low, bottom), min(high, top), color=GOOD, alpha=0.13, linewidth=0, zorder=0)
