"""A comparison of models as one page: the answer first, then scores and costs.

Reports do not know experiments: they read the plain attributes of the comparison.
"""

from __future__ import annotations

from typing import Any

from lookalike.metrics import METRICS
from lookalike.reports._page_tiles import comparison_tiles
from lookalike.reports._template import environment, picture
from lookalike.reports.figures._models import ComparedModel, models

__all__ = ["comparison_page"]


def comparison_page(
    comparison: Any,
    title: str,
    date: str | None = None,
) -> str:
    """Return a comparison of models as one page.

    Parameters
    ----------
    comparison : Comparison
        The comparison to show.
    title : str
        The page's heading.
    date : str, optional
        A date to print. There is none by default, so that the same comparison is the same page.

    Returns
    -------
    str
        HTML that refers to nothing outside of itself.
    """
    trials = comparison.trials
    drawn = [
        ComparedModel(name, one.choose, one.report)
        for name, one in zip(comparison.names, trials, strict=True)
        if one.choose is not None and one.report is not None
    ]
    names = dict.fromkeys(name for one in trials for name in one.scores)
    return (
        environment()
        .get_template("comparison.html.j2")
        .render(
            title=title,
            date=date,
            comparison=comparison,
            tiles=comparison_tiles(comparison),
            facts=comparison.facts,
            figure=picture(
                lambda: models(drawn, comparison.floor, comparison.ceiling),
                "Detectability of each model on the rows that choose and on those that report",
                "models",
            )
            if drawn
            else None,
            measures=[(name, _title(name)) for name in names],
            scored=[one for one in trials if one.scores],
        )
    )


def _title(name: str) -> str:
    found = METRICS.registered(name)
    return name if found is None else found.title
