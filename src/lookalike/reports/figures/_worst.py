"""The worst columns and the worst pairs of columns, side by side."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lookalike.reports._summary import ColumnRow, PairRow
from lookalike.reports._text import shorten
from lookalike.reports.figures._style import INK, MUTED, SYNTHETIC, beside, percent, styled

__all__ = ["worst"]

MOST = 10
_WIDTH = 10.0
_ROW = 0.24
_TOP = 0.34
_LEAST_REACH = 0.05
_Entry = tuple[str, float, float | None]


@styled
def worst(columns: Sequence[ColumnRow], pairs: Sequence[PairRow], most: int = MOST) -> Figure:
    """Draw the errors of the worst columns and pairs of columns.

    Parameters
    ----------
    columns : sequence of ColumnRow
        From ``Evaluation.summary.columns``; those without a `shape` score are left out.
    pairs : sequence of PairRow
        From ``Evaluation.summary.associations.pairs()``; those without a `trend` score likewise.
    most : int
        The most columns, and the most pairs, to draw.

    Returns
    -------
    matplotlib.figure.Figure
        Bars of 1 − score; a tick stands where real rows are, as far as that is known.
    """
    single: list[_Entry] = [
        (shorten(row.column, 24), 1 - row.scores["shape"], _off(row.ceilings.get("shape")))
        for row in columns
        if "shape" in row.scores
    ]
    double: list[_Entry] = [
        (f"{shorten(row.first, 16)} × {shorten(row.second, 16)}", 1 - trend, None)
        for row in pairs
        if (trend := row.scores.get("trend")) is not None
    ]
    single, double = (sorted(e, key=lambda one: -one[1])[:most] for e in (single, double))
    height = _ROW * max(len(single), len(double), 2) + _TOP
    figure = Figure((_WIDTH, height))
    for entries, title, left, width in (
        (single, "columns (1 − shape)", 0.17, 0.24),
        (double, "pairs of columns (1 − trend)", 0.7, 0.24),
    ):
        tall = _ROW * max(len(entries), 1)
        axes = figure.add_axes((left, 1 - (_TOP + tall) / height, width, tall / height))
        _draw(axes, entries)
        axes.set_title(title, loc="left", fontsize=8, color=MUTED)
    return figure


def _off(ceiling: float | None) -> float | None:
    return None if ceiling is None else 1 - ceiling


def _draw(axes: Axes, entries: Sequence[_Entry]) -> None:
    axes.set_xticks([])
    axes.spines["bottom"].set_visible(False)
    if not entries:
        axes.set_axis_off()
        axes.text(0, 0.5, "none was scored", color=MUTED, va="center")
        return
    places = np.arange(len(entries))[::-1]
    axes.barh(places, [off for _, off, _ in entries], height=0.6, color=SYNTHETIC, alpha=0.85)
    for place, (_, off, real) in zip(places, entries, strict=True):
        if real is not None:
            axes.plot([real, real], [place - 0.4, place + 0.4], color=INK, linewidth=1.4)
        end = max(off, real or 0.0)
        beside(axes, percent(off), (end, place), MUTED)
    # Errors of less than a few per cent must not look large.
    axes.set_xlim(0, max(_LEAST_REACH, *(max(off, real or 0.0) for _, off, real in entries)))
    axes.set_ylim(-0.5, len(entries) - 0.5)
    axes.set_yticks(places, [label for label, _, _ in entries], color=INK)
    axes.tick_params(length=0, pad=4)
