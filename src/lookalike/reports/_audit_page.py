"""A privacy audit as one page: the answer, the attacks with their controls, what was not tried.

Reports do not know the room `privacy`: they read the plain attributes of the audit.
"""

from __future__ import annotations

from typing import Any

from lookalike.reports._page_tiles import audit_tiles
from lookalike.reports._template import environment, picture
from lookalike.reports.figures._attacks import DrawnRisk, areas, risks

__all__ = ["audit_page"]


def audit_page(
    audit: Any,
    title: str,
    date: str | None = None,
) -> str:
    """Return a privacy audit as one page.

    Parameters
    ----------
    audit : PrivacyAudit
        The audit to show.
    title : str
        The page's heading.
    date : str, optional
        A date to print. There is none by default, so that the same audit is the same page.

    Returns
    -------
    str
        HTML that refers to nothing outside of itself.
    """
    attacks = [
        DrawnRisk(one.attack, one.area, one.low, one.high, 0.5, audit.blind.area)
        for one in audit.membership
    ]
    shown = [
        DrawnRisk(
            f"{one.attack}: {one.secret}" if one.secret else one.attack,
            one.success.value,
            one.success.low,
            one.success.high,
            one.control.value,
            one.baseline.value,
        )
        for one in audit.risks
    ]
    return (
        environment()
        .get_template("audit.html.j2")
        .render(
            title=title,
            date=date,
            audit=audit,
            tiles=audit_tiles(audit),
            facts=audit.facts,
            areas=picture(lambda: areas(attacks), "AUC of each membership attack", "areas"),
            risks=picture(lambda: risks(shown), "Right guesses of each attack", "risks")
            if shown
            else None,
        )
    )
