"""A stress report as one page: where the model breaks, its response curves, the steps.

Reports do not know the room `scenarios`: they read the plain attributes of the report.
"""

from __future__ import annotations

from typing import Any

from lookalike.reports._page_tiles import stress_tiles
from lookalike.reports._template import environment, picture
from lookalike.reports.figures._response import DrawnResponse, responses

__all__ = ["stress_page"]


def stress_page(
    report: Any,
    title: str,
    date: str | None = None,
) -> str:
    """Return a stress report as one page.

    Parameters
    ----------
    report : StressReport
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
    tolerance = report.facts["tolerance"]
    drawn = [_drawn(curve, tolerance) for curve in report.curves if _is_measured(curve)]
    words = "Response of the model over the dial, by metric"
    return (
        environment()
        .get_template("stress.html.j2")
        .render(
            title=title,
            date=date,
            report=report,
            tiles=stress_tiles(report),
            facts=report.facts,
            curves=picture(lambda: responses(drawn), words, "responses") if drawn else None,
        )
    )


def _is_measured(curve: Any) -> bool:
    return any(point.value is not None for point in curve.points)


def _drawn(curve: Any, tolerance: float) -> DrawnResponse:
    def column(name: str) -> list[float]:
        values = [getattr(point, name) for point in curve.points]
        return [float("nan") if value is None else value for value in values]

    return DrawnResponse(
        curve.metric,
        [point.dial for point in curve.points],
        column("value"),
        column("low"),
        column("high"),
        column("reference"),
        column("floor"),
        curve.breaks(tolerance),
    )
