"""From records to a verdict: comparisons of arms, corrected for their number."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from lookalike.experiments._arms import ComparedArm
from lookalike.experiments._battery import NAIVE
from lookalike.experiments._contrast import BATTERY, Contrast, Row
from lookalike.experiments._records import Record
from lookalike.experiments._score_table import ScoreTable
from lookalike.experiments._statistics import Difference, holm, repeats_needed
from lookalike.experiments._taught_arms import Labelled, ReplacedLabelled, TeacherAlone
from lookalike.experiments._verdict import Verdict
from lookalike.experiments._verdict_words import left_out, on_teacher, summary_sentence
from lookalike.metrics import LOWER_IS_BETTER

__all__ = ["build_verdict"]


def build_verdict(
    records: Sequence[Record],
    arms: Sequence[ComparedArm],
    shares: Sequence[float],
    metrics: Sequence[str],
    facts: Mapping[str, Any],
    notes: Sequence[str],
    curve: Sequence[float] = (),
) -> Verdict:
    """Compare the arms of a study and put the result into words.

    Parameters
    ----------
    records : sequence of Record
        All numbers of the study.
    arms : sequence of ComparedArm
        The sets of training rows; the first is the real one.
    shares : sequence of float
        The shares of training rows.
    metrics : sequence of str
        The metrics, the headline first.
    facts : mapping
        The facts of the study.
    notes : sequence of str
        Omissions and their reasons.
    curve : sequence of float
        Those of the shares at which models were trained on real rows alone.

    Returns
    -------
    Verdict
        With Holm's correction over all arms with synthetic rows, factors and shares, for each
        model and metric and for each of the two sorts of opponents apart; and over all controls,
        and over all shares of the real rows, where these are compared with real rows.
    """
    scores = ScoreTable(records)
    models = list(dict.fromkeys(one.model for one in records if one.model != NAIVE))
    statistics = _compared(scores, arms, shares, metrics, models)
    table = tuple(
        _row(scores, arm, share, metrics, statistics)
        for share in shares
        for arm in arms
        if arm.role == "real" or share not in curve
    )
    return Verdict(
        answer=summary_sentence(table, metrics[0]),
        metric=metrics[0],
        table=table,
        statistics=tuple(statistics),
        records=tuple(records),
        facts=dict(facts),
        notes=(*notes, *left_out(statistics, metrics[0], models), *on_teacher(table, metrics[0])),
    )


def _compared(
    scores: ScoreTable,
    arms: Sequence[ComparedArm],
    shares: Sequence[float],
    metrics: Sequence[str],
    models: Sequence[str],
) -> list[Contrast]:
    """Compare synthetic rows with real ones and with controls, and controls with real rows."""
    places = {
        role: [(arm, share) for share in shares for arm in arms if arm.role == role]
        for role in ("synthetic", "control")
    }
    overall = [(metric, BATTERY) for metric in metrics]
    detailed = overall + [(metrics[0], name) for name in models]

    def real(_arm: ComparedArm, _share: float) -> ComparedArm:
        return arms[0]

    def best(arm: ComparedArm, share: float) -> ComparedArm | None:
        return _best_control(scores, arms, arm, share, metrics[0])

    def teacher(arm: ComparedArm, _share: float) -> ComparedArm | None:
        if not isinstance(arm, Labelled | ReplacedLabelled):
            return None
        return next((one for one in arms if isinstance(one, TeacherAlone)), None)

    comparisons: list[Contrast] = []
    for role, questions, opponent in (
        ("synthetic", detailed, real),
        ("synthetic", detailed, best),
        ("synthetic", detailed, teacher),
        ("control", overall, real),
    ):
        for metric, model in questions:
            comparisons += _family(scores, places[role], opponent, metric, model)
    for metric, model in overall:
        comparisons += _fewer_rows(scores, arms[0], shares, metric, model)
    return comparisons


def _fewer_rows(
    scores: ScoreTable, real: ComparedArm, shares: Sequence[float], metric: str, model: str
) -> list[Contrast]:
    """Return the comparisons of shares of the real rows with all of them."""
    family = []
    for share in shares:
        found = None if share == 1 else scores.differences(real, real, share, metric, model, 1.0)
        if found:
            one = _comparison(real, real, share, metric, model, *found)
            family.append(replace(one, against_share=1.0))
    return _adjusted(family)


def _family(
    scores: ScoreTable,
    places: Sequence[tuple[ComparedArm, float]],
    opponent: Callable[[ComparedArm, float], ComparedArm | None],
    metric: str,
    model: str,
) -> list[Contrast]:
    """Return the comparisons that share one correction of Holm's."""
    family = []
    for arm, share in places:
        other = opponent(arm, share)
        found = other and scores.differences(arm, other, share, metric, model)
        if other and found:
            family.append(_comparison(arm, other, share, metric, model, *found))
    return _adjusted(family)


def _best_control(
    scores: ScoreTable, arms: Sequence[ComparedArm], arm: ComparedArm, share: float, metric: str
) -> ComparedArm | None:
    """Return the control that scores best: of the same factor or of none, or of any factor.

    Synthetic rows alone are added to nothing, so that no factor is more like them than another.
    """
    # The teacher is another model, and no other way to make training rows.
    controls = [one for one in arms if one.role == "control" and not isinstance(one, TeacherAlone)]
    matching = [one for one in controls if arm.alone or one.factor in (0, arm.factor)]
    sign = -1.0 if metric in LOWER_IS_BETTER else 1.0
    scored = [(scores.score(one, share, metric), one) for one in matching]
    candidates = [(sign * score, one) for score, one in scored if score is not None]
    return max(candidates, key=lambda pair: pair[0])[1] if candidates else None


def _comparison(
    arm: ComparedArm,
    other: ComparedArm,
    share: float,
    metric: str,
    model: str,
    found: Difference,
    models: tuple[str, ...],
) -> Contrast:
    return Contrast(
        arm=arm.name,
        factor=arm.factor,
        share=share,
        against=other.name,
        model=model,
        metric=metric,
        difference=found.mean,
        low=found.low,
        high=found.high,
        p=found.p,
        p_holm=None,
        repeats=found.repeats,
        repeats_needed=repeats_needed(found),
        models=models,
        against_factor=other.factor,
    )


def _adjusted(family: list[Contrast]) -> list[Contrast]:
    adjusted = holm([one.p for one in family])
    return [replace(one, p_holm=p) for one, p in zip(family, adjusted, strict=True)]


def _row(
    scores: ScoreTable,
    arm: ComparedArm,
    share: float,
    metrics: Sequence[str],
    statistics: list[Contrast],
) -> Row:
    row = Row(
        arm=arm.name,
        role=arm.role,
        factor=arm.factor,
        share=share,
        scores={metric: scores.score(arm, share, metric) for metric in metrics},
        models=scores.means(arm, share, metrics[0]),
    )
    mine = [
        one
        for one in statistics
        if (one.arm, one.factor, one.share) == (arm.name, arm.factor, share)
        and (one.model, one.metric) == (BATTERY, metrics[0])
    ]
    real = next((one for one in mine if one.against == "real"), None)
    teacher = next((one for one in mine if one.against == TeacherAlone.name), None)
    others = ("real", TeacherAlone.name)
    control = next((one for one in mine if one.against not in others), None)
    return replace(row, real=real, control=control, teacher=teacher)
