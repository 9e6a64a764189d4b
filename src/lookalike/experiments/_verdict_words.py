"""The words of a verdict: they follow from its comparisons."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from lookalike.experiments._contrast import (
    BATTERY,
    HARMS,
    HELPS,
    NO_EVIDENCE,
    Contrast,
    Row,
    plain,
    signed,
)
from lookalike.experiments._statistics import LEVEL
from lookalike.experiments._taught_arms import Balanced, ReplacedBalanced, TeacherAlone
from lookalike.metrics import LOWER_IS_BETTER

__all__ = ["headline_row", "left_out", "on_teacher", "outlook", "summary_sentence"]

#: The number of harmful arms that are named beside an answer that is not about them.
_NAMED = 3
_NAMES = {
    "roc_auc": "ROC AUC",
    "average_precision": "average precision",
    "balanced_accuracy": "balanced accuracy",
    "f1": "F1",
    "log_loss": "log loss",
    "r2": "R²",
    "rmse": "RMSE",
    "mae": "mean absolute error",
}


def left_out(statistics: Sequence[Contrast], metric: str, models: Sequence[str]) -> Iterator[str]:
    """Name the models that are missing from the means of arms with synthetic rows."""
    for model in models:
        lacking = [
            f"{one.label} against {one.opponent}"
            for one in statistics
            if (one.model, one.metric) == (BATTERY, metric) and model not in one.models
        ]
        if lacking:
            more = f" and {len(lacking) - 3} more" if len(lacking) > 3 else ""
            name = _NAMES.get(metric, metric)
            yield (
                f"The mean over models leaves out {model}, which has no {name} in some splits: "
                f"{', '.join(lacking[:3])}{more}."
            )


def on_teacher(table: Sequence[Row], metric: str) -> Iterator[str]:
    """Tell help for the models apart from a better model: how the teacher of labels itself does.

    Parameters
    ----------
    table : sequence of Row
        All rows of the verdict.
    metric : str
        The headline metric.
    """
    name = _NAMES.get(metric, metric)
    for row in table:
        score = row.scores[metric]
        if row.arm != TeacherAlone.name or row.real is None or score is None:
            continue
        kept = f" with {100 * row.share:g} % of the training rows kept" if row.share != 1 else ""
        yield (
            f"The teacher of the labels itself reaches a {name} of {score:.4f}{kept}, which "
            f"differs {_differs(row.real)}."
        )
        best = max(
            (one for one in table if one.teacher is not None and one.share == row.share),
            key=lambda one: one.scores[metric] or -math.inf,
            default=None,
        )
        if best is not None and best.teacher is not None:
            yield f"{_beside_teacher(best)}: {best.label} differs {_differs(best.teacher)}."


def _beside_teacher(row: Row) -> str:
    assert row.teacher is not None
    if not row.teacher.seen:
        return "Models that learn from its labels are not told from the teacher"
    if row.teacher.difference > 0:
        return "Models that learn from its labels are better than the teacher"
    return "A better model was at hand: use the teacher, unless a small model is needed for itself"


def summary_sentence(table: Sequence[Row], metric: str) -> str:
    """State in one sentence the effect of the best arm with synthetic rows."""
    best = headline_row(table)
    if best is None:
        return _without(table, metric)
    begin = {
        HELPS: "Synthetic rows help",
        HARMS: "Synthetic rows harm",
        NO_EVIDENCE: "There is no evidence that synthetic rows help",
    }[best.word or NO_EVIDENCE]
    return f"{begin}: {_effect(best, metric)}{_harmful(table, best)}."


def _without(table: Sequence[Row], metric: str) -> str:
    """Write the answer where no synthetic rows could be judged."""
    if any(row.role == "synthetic" for row in table):
        return "Nothing can be said: no arm with synthetic rows could be compared with real rows."
    scores = [
        f"{row.scores[metric]:.4f} with {100 * row.share:g} % of the training rows kept"
        for row in table
        if row.role == "real" and row.scores[metric] is not None
    ]
    said = f": the mean {_NAMES.get(metric, metric)} is {', '.join(scores)}" if scores else ""
    return f"No synthetic rows were tried{said}."


def headline_row(table: Sequence[Row]) -> Row | None:
    """Return the row that the answer is about: the best that helps, or the best with all rows."""
    tried = _tried(table)
    tried = [row for row in tried if not row.alone] or tried
    most = max((row.share for row in tried), default=1.0)
    shown = [row for row in tried if row.word == HELPS] or [r for r in tried if r.share == most]
    return max(shown, key=lambda r: r.real.difference if r.real else -math.inf, default=None)


def _tried(table: Sequence[Row]) -> list[Row]:
    """Return the rows of arms with synthetic rows that were compared with real rows."""
    return [row for row in table if row.role == "synthetic" and row.real is not None]


def _effect(row: Row, metric: str) -> str:
    assert row.real is not None
    name, models = _NAMES.get(metric, metric), len(row.real.models)
    whose = f"the mean {name} of {models} models" if models > 1 else f"the {name}"
    less = f", that is less {name}" if metric in LOWER_IS_BETTER else ""
    words = f"{_how(row)}, {whose} differs {_differs(row.real, f'above 0 is better{less}')}"
    return words if row.control is None else f"{words}, and {_differs(row.control)}"


def _how(row: Row) -> str:
    """Describe the use of synthetic rows in an arm."""
    how = "with them alone" if row.alone else f"with {100 * row.factor:g} % more rows"
    if row.arm == Balanced.name:
        how = "with rows of rarer classes until all classes are equal"
    if row.arm == ReplacedBalanced.name:
        how += " and all classes equally often"
    if row.teacher is not None:
        how += " and labels of a teacher"
    if row.share != 1:
        how += f" and {100 * row.share:g} % of the training rows kept"
    return how


def _differs(one: Contrast, sign: str = "") -> str:
    """State the difference of an arm from its opponent, as in tables, and its word if any."""
    if one.low is None or one.high is None:
        interval = "no interval: every split gave the same"
    else:
        interval = f"95 % interval {signed(one.low)} to {signed(one.high)}"
    meaning = f"; {sign}" if sign else ""
    word = f", which is {one.word}" if one.seen else ""
    return f"from that of {one.whom} by {signed(one.difference)} ({interval}{meaning}){word}"


def _harmful(table: Sequence[Row], best: Row) -> str:
    """Name the arms that harm where the answer, which is about the best one, is another."""
    harm = [row.label for row in _tried(table) if row.word == HARMS]
    if best.word == HARMS or not harm:
        return ""
    more = f"; and {len(harm) - _NAMED} more" if len(harm) > _NAMED else ""
    return f". Other arms harm: {'; '.join(harm[:_NAMED])}{more}"


def outlook(table: Sequence[Row]) -> str:
    """Explain why the answer shows no effect, and the number of splits that would show it.

    Parameters
    ----------
    table : sequence of Row
        All rows of the verdict.

    Returns
    -------
    str
        Sentences; empty where the effect is seen.
    """
    row = headline_row(table)
    if row is None or row.word != NO_EVIDENCE:
        return ""
    return f"{_corrected_away(row)} {_needed(row)}".strip()


def _needed(row: Row) -> str:
    """State the number of splits that would show an effect of this size."""
    unseen = [one for one in (row.real, row.control) if one and not one.seen]
    if not unseen:
        return ""
    one = unseen[0]
    effect = f"a difference of {plain(abs(one.difference))} from {one.whom}"
    if one.repeats_needed is None:
        return f"No number of splits of this table would show {effect}."
    return (
        f"Seeing {effect} in four of five studies takes {one.repeats_needed:,} splits; "
        f"this study had {one.repeats:,}."
    )


def _corrected_away(row: Row) -> str:
    """Explain an interval without 0 beside words of no evidence."""
    for one in (row.real, row.control):
        if one and one.p is not None and one.p_holm is not None and one.p < LEVEL <= one.p_holm:
            return (
                f"The interval of the difference from {one.whom} leaves out 0, but it is of this "
                f"comparison alone: p is {one.p:.2g}, and {one.p_holm:.2g} after Holm's "
                "correction for all comparisons."
            )
    return ""
