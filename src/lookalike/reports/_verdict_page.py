"""A verdict on synthetic rows as one page: the answer first, then its basis.

Reports do not know experiments: they read the plain attributes of the verdict.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

from markupsafe import Markup

from lookalike.reports._page_tiles import verdict_tiles
from lookalike.reports._template import environment, svg
from lookalike.reports.figures._arms import Effect, arms_by_model, effects
from lookalike.reports.figures._effect_curves import (
    EffectCurve,
    EffectPanel,
    EffectPoint,
    effect_curves,
)
from lookalike.reports.figures._learning_curve import CurvePoint, LearningLine, learning_curve

__all__ = ["verdict_page"]

_NAIVE = "naive baseline"
_ALL = "all models"


class _Failure(NamedTuple):
    """Numbers that could not be measured, for one reason."""

    arms: list[str]
    model: str
    metrics: list[str]
    numbers: int
    reason: str


def verdict_page(
    verdict: Any,
    title: str,
    date: str | None = None,
) -> str:
    """Return the verdict of `boost` as one page.

    Parameters
    ----------
    verdict : Verdict
        The verdict to show.
    title : str
        The page's heading.
    date : str, optional
        A date to print. There is none by default, so that the same verdict is the same page.

    Returns
    -------
    str
        HTML that refers to nothing outside of itself.
    """
    whole = [row.share for row in verdict.table if row.role != "real"]
    shares = list(dict.fromkeys(whole or [row.share for row in verdict.table]))
    return (
        environment()
        .get_template("verdict.html.j2")
        .render(
            title=title,
            date=date,
            verdict=verdict,
            tiles=verdict_tiles(verdict),
            curve=_curve(verdict),
            facts=verdict.facts,
            synthetic=any(row.role == "synthetic" for row in verdict.table),
            effects=_effects(verdict),
            by_factor=_by_factor(verdict),
            by_share=_by_share(verdict),
            figures=[(share, _bars(verdict, share)) for share in shares],
            overall=[one for one in verdict.statistics if one.model == _ALL],
            single=[one for one in verdict.statistics if one.model != _ALL],
            failures=_failures(verdict),
        )
    )


def _failures(verdict: Any) -> list[_Failure]:
    """Return the missing numbers by reason; arms that lack the same ones stand together."""
    labels = {(row.arm, row.factor, row.share): row.label for row in verdict.table}
    counts = Counter(
        (one.model, one.reason, labels.get((one.arm, one.factor, one.share), one.arm), one.metric)
        for one in verdict.records
        if one.reason is not None
    )
    parts: dict[tuple[str, str, str], dict[str, int]] = {}
    for (model, reason, label, metric), count in counts.items():
        parts.setdefault((model, reason, label), {})[metric] = count
    arms: dict[tuple[Any, ...], list[str]] = {}
    for (model, reason, label), metrics in parts.items():
        arms.setdefault((model, reason, tuple(metrics.items())), []).append(label)
    order = {label: place for place, label in enumerate(labels.values())}
    return [
        _Failure(
            ["every arm"]
            if len(found) == len(order)
            else sorted(found, key=lambda label: order.get(label, len(order))),
            model,
            [name for name, _ in metrics],
            len(found) * sum(count for _, count in metrics),
            reason,
        )
        for (model, reason, metrics), found in arms.items()
    ]


def _effects(verdict: Any) -> Markup | None:
    drawn = []
    for row in verdict.table:
        opponents = (row.real, "synthetic"), (row.control, "control"), (row.teacher, "control")
        for one, role in opponents:
            if one is not None and row.role == "synthetic":
                label = f"{row.label} − {one.opponent}"
                drawn.append(Effect(label, role, one.difference, one.low, one.high))
    if not drawn:
        return None
    return svg(effects(drawn, verdict.metric_name), "Differences and their intervals", "effects")


def _curve(verdict: Any) -> Markup | None:
    """Draw the learning curve through all real rows: fewer of them, and more rows than these."""
    lines: dict[tuple[str, str], list[CurvePoint]] = {}
    for row in verdict.table:
        one = row.real
        if one is None or row.alone or (row.role != "real" and (row.share < 1 or not row.factor)):
            continue
        size = row.share if row.role == "real" else 1 + row.factor
        point = CurvePoint(size, one.difference, one.low, one.high)
        lines.setdefault((row.arm, row.role), []).append(point)
    if sum(len(points) for (_, role), points in lines.items() if role != "control") < 2:
        return None
    drawn = [LearningLine(arm, role, points) for (arm, role), points in lines.items()]
    label = "Differences from all real rows by the number of training rows"
    return svg(learning_curve(drawn, verdict.metric_name), label, "learning-curve")


def _by_factor(verdict: Any) -> Markup | None:
    """Draw effects over the rows that were added, a panel for each of several shares."""
    rows = [row for row in verdict.table if row.real is not None and not row.alone]
    rows = [row for row in rows if row.role != "real"]
    shares = list(dict.fromkeys(row.share for row in rows))
    if len(shares) < 2 or len({row.factor for row in rows if row.factor}) < 2:
        return None
    panels = [
        _panel(
            f"{100 * share:g} % of the training rows kept" if len(shares) > 1 else "",
            [(row, row.factor or None) for row in rows if row.share == share],
        )
        for share in shares
    ]
    label = f"Differences of {verdict.metric} to real rows by the rows that were added"
    return svg(effect_curves(panels, verdict.metric_name, "factor"), label, "by-factor")


def _by_share(verdict: Any) -> list[Markup]:
    """Draw effects over the rows that were kept, a panel for each factor; the replaced apart."""
    rows = [row for row in verdict.table if row.real is not None and row.role != "real"]
    if len({row.share for row in rows}) < 2:
        return []
    alone = [row for row in rows if row.alone]
    rows = [row for row in rows if not row.alone]
    free = [row for row in rows if not row.factor]
    panels = [
        _panel(
            f"{100 * factor:g} % more rows",
            [(row, row.share) for row in rows if row.factor == factor or row in free],
        )
        for factor in dict.fromkeys(row.factor for row in rows if row.factor)
    ]
    figures = [panels] if panels else []
    if alone:
        figures.append([_panel("synthetic rows alone", [(row, row.share) for row in alone + free])])
    label = f"Differences of {verdict.metric} to real rows by the training rows that were kept"
    return [
        svg(effect_curves(drawn, verdict.metric_name, "share"), label, f"by-share-{place}")
        for place, drawn in enumerate(figures)
    ]


def _panel(title: str, places: Sequence[tuple[Any, float | None]]) -> EffectPanel:
    """Return a curve for each arm, through its rows at their places."""
    points: dict[tuple[str, str], list[EffectPoint]] = {}
    for row, at in places:
        point = EffectPoint(at, row.real.difference, row.real.low, row.real.high)
        points.setdefault((row.arm, row.role), []).append(point)
    curves = [
        EffectCurve(arm, role, sorted(found, key=lambda point: point.at or 0.0))
        for (arm, role), found in points.items()
    ]
    return EffectPanel(title, curves)


def _bars(verdict: Any, share: float) -> Markup:
    rows = [row for row in verdict.table if row.share == share]
    models = [name for name in verdict.facts["models"] if name in rows[0].models]
    arms = [(row.label.split(",")[0], row.role, row.models) for row in rows]
    drawn = arms_by_model(models, arms, rows[0].models.get(_NAIVE))
    return svg(drawn, f"{verdict.metric} of each model by its training rows", f"arms-{share}")
