"""A pipeline's report as one page: what each cycle gained, what was weak, every step's digests.

Reports do not know the room `experiments`: they read the plain attributes of the report.
"""

from __future__ import annotations

from typing import Any

from markupsafe import Markup

from lookalike.reports._page_tiles import pipeline_tiles
from lookalike.reports._template import environment, picture
from lookalike.reports.figures._arms import Effect, effects

__all__ = ["pipeline_page"]


def pipeline_page(
    report: Any,
    title: str,
    date: str | None = None,
) -> str:
    """Return the report of a pipeline as one page.

    Parameters
    ----------
    report : PipelineReport
        The report to show.
    title : str
        The page's heading.
    date : str, optional
        A date to print. There is none by default, so that the same report is the same page.

    Returns
    -------
    str
        HTML that refers to nothing outside of itself.
    """
    metric = report.metric_name
    tried = [
        Effect(
            f"{one.number}: {one.made}",
            "synthetic" if one.kept else "control",
            one.gain,
            one.gain_low,
            one.gain_high,
        )
        for one in report.cycles
        if one.gain is not None
    ]
    beside = [
        Effect(f"over {one.name}", "synthetic", one.gain, one.low, one.high)
        for one in report.rivals
        if one.gain is not None
    ]
    last = report.final
    if last.report_gain is not None and any(one.kept for one in report.cycles):
        since = (last.report_gain, last.report_low, last.report_high)
        beside.insert(0, Effect(f"over {report.cycles[0].made}", "synthetic", *since))
    return (
        environment()
        .get_template("pipeline.html.j2")
        .render(
            title=title,
            date=date,
            report=report,
            tiles=pipeline_tiles(report),
            facts=report.facts,
            tried=_drawn(tried, metric, "Gain of each change on the validation rows"),
            beside=_drawn(beside, metric, "Gain of the final rows on the report rows"),
        )
    )


def _drawn(found: list[Effect], metric: str, words: str) -> Markup | None:
    return picture(lambda: effects(found, metric), words, words) if found else None
