"""All columns in one figure, real over synthetic."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.figure import Figure

from lookalike.reports._summary import Marginal
from lookalike.reports._text import shorten
from lookalike.reports.figures._marginal import WIDTH, draw_marginal, height_of
from lookalike.reports.figures._style import INK, MUTED, REAL, SYNTHETIC, styled

__all__ = ["marginals"]

MOST_COLUMNS = 30
_ACROSS = 3
_GAP = 0.3
_TITLE = 0.3
_HEAD = 0.3


@styled
def marginals(drawn: Sequence[Marginal], most: int = MOST_COLUMNS) -> Figure:
    """Draw the distributions of many columns in both tables: the sheet of Reddy (figure 3).

    Parameters
    ----------
    drawn : sequence of Marginal
        From ``Evaluation.summary.marginals``, the worst first.
    most : int
        The most columns to draw.

    Returns
    -------
    matplotlib.figure.Figure
        Three columns across; each as `marginal` draws it, under its name.

    Examples
    --------
    >>> from lookalike.reports import Bar, Marginal, figures
    >>> columns = [Marginal(name, (Bar("yes", 0.4, 0.5),)) for name in ("smokes", "drinks")]
    >>> len(figures.marginals(columns).axes)
    2
    """
    shown = list(drawn)[:most]
    rows = [shown[place : place + _ACROSS] for place in range(0, len(shown), _ACROSS)]
    heights = [_TITLE + _GAP + max(map(height_of, row)) for row in rows]
    height = _HEAD + sum(heights) or _HEAD
    figure = Figure((_ACROSS * WIDTH + (_ACROSS - 1) * _GAP, height))
    across = figure.get_figwidth()
    figure.text(0.04 * WIDTH / across, 1 - 0.18 / height, "real", color=REAL)
    figure.text((0.04 * WIDTH + 0.4) / across, 1 - 0.18 / height, "synthetic", color=SYNTHETIC)
    if not shown:
        figure.text(0.5, 0.5, "no columns", ha="center", va="center", color=MUTED)
    top = height - _HEAD
    for row, tall in zip(rows, heights, strict=True):
        for place, column in enumerate(row):
            left = place * (WIDTH + _GAP)
            at = ((left + 0.04 * WIDTH) / across, (top - 0.2) / height)
            figure.text(*at, shorten(column.column, 34), color=INK, weight="bold")
            draw_marginal(figure, column, left, top - _TITLE)
        top -= tall
    return figure
