"""A verdict on synthetic rows as one page: the answer first, then all that it rests on.

Reports do not know experiments: what is shown is read from the verdict's plain attributes.
"""

from __future__ import annotations

from typing import Any

from markupsafe import Markup

from lookalike.reports._html import environment, svg
from lookalike.reports.figures._arms import Effect, arms_by_model, effects

__all__ = ["verdict_page"]

_NAIVE = "naive baseline"
_ALL = "all models"


def verdict_page(verdict: Any, title: str, date: str | None) -> str:
    """Write the verdict of `boost` as HTML.

    Parameters
    ----------
    verdict : Verdict
        What to show.
    title : str
        The page's heading.
    date : str or None
        A date to print, as it is; None for none, so that the same verdict is the same page.

    Returns
    -------
    str
        A whole page without links to other files.
    """
    shares = list(dict.fromkeys(row.share for row in verdict.table))
    return (
        environment()
        .get_template("verdict.html.j2")
        .render(
            title=title,
            date=date,
            verdict=verdict,
            facts=verdict.facts,
            effects=_effects(verdict),
            figures=[(share, _bars(verdict, share)) for share in shares],
            overall=[one for one in verdict.statistics if one.model == _ALL],
            single=[one for one in verdict.statistics if one.model != _ALL],
            failures=sorted({r.reason for r in verdict.records if r.reason is not None}),
        )
    )


def _effects(verdict: Any) -> Markup | None:
    drawn = []
    for row in verdict.table:
        for role, one in (("synthetic", row.real), ("control", row.control)):
            if one is not None:
                label = f"{row.label} − {one.against}"
                drawn.append(Effect(label, role, one.difference, one.low, one.high))
    if not drawn:
        return None
    return svg(effects(drawn, verdict.metric), "Differences and their intervals", "effects")


def _bars(verdict: Any, share: float) -> Markup:
    rows = [row for row in verdict.table if row.share == share]
    models = [name for name in verdict.facts["models"] if name in rows[0].models]
    arms = [(row.label.split(",")[0], row.role, row.models) for row in rows]
    drawn = arms_by_model(models, arms, rows[0].models.get(_NAIVE))
    return svg(drawn, f"{verdict.metric} of each model by what it was trained on", f"arms-{share}")
