"""The words of a verdict: they follow from its comparisons."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from lookalike._core.differences import plain
from lookalike.experiments._contrast import (
    BATTERY,
    BETTER,
    HARMS,
    HELPS,
    NO_EVIDENCE,
    WORSE,
    Contrast,
    Row,
)
from lookalike.experiments._statistics import LEVEL
from lookalike.experiments._taught_arms import Balanced, ReplacedBalanced, TeacherAlone
from lookalike.metrics import LOWER_IS_BETTER

__all__ = [
    "fewer_rows",
    "headline_row",
    "left_out",
    "metric_name",
    "more_rows",
    "on_teacher",
    "outlook",
    "summary_sentence",
]

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


def metric_name(metric: str) -> str:
    """Return the name of a metric within a sentence.

    Examples
    --------
    >>> metric_name("roc_auc")
    'ROC AUC'
    """
    return _NAMES.get(metric, metric)


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
            name = metric_name(metric)
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
    name = metric_name(metric)
    for row in table:
        score = row.scores[metric]
        if row.arm != TeacherAlone.name or row.real is None or score is None:
            continue
        kept = f" with {100 * row.share:g} % of the training rows kept" if row.share != 1 else ""
        yield (
            f"The teacher of the labels itself reaches a {name} of {score:.3f}{kept}: "
            f"{_against(row.real)}."
        )
        best = max(
            (one for one in table if one.teacher is not None and one.share == row.share),
            key=lambda one: one.scores[metric] or -math.inf,
            default=None,
        )
        if best is not None and best.teacher is not None:
            yield f"{_beside_teacher(best)}: {best.label} {_against(best.teacher)}."


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
        NO_EVIDENCE: "No evidence that synthetic rows help",
    }[best.word or NO_EVIDENCE]
    return f"{begin}: {_effect(best, metric)}{_harmful(table, best)}."


def _without(table: Sequence[Row], metric: str) -> str:
    """Write the answer where no synthetic rows could be judged."""
    if any(row.role == "synthetic" for row in table):
        return "Nothing can be said: no arm with synthetic rows could be compared with real rows."
    scores = [
        f"{row.scores[metric]:.3f} with {100 * row.share:g} % of the training rows kept"
        for row in table
        if row.role == "real" and row.scores[metric] is not None
    ]
    said = f": the mean {metric_name(metric)} is {', '.join(scores)}" if scores else ""
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
    name, models = metric_name(metric), len(row.real.models)
    words = f"{_how(row)}, {name} {_against(row.real)}"
    if row.control is not None:
        words += f", and {_against(row.control)}"
    meaning = [f"means of {models} models"] if models > 1 else []
    if metric in LOWER_IS_BETTER:
        meaning.append(f"above 0 is better, that is less {name}")
    return "; ".join([words, *meaning])


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


def _against(one: Contrast) -> str:
    """State the difference of an arm from its opponent, as in tables, and its word if any."""
    word = f" ({one.word})" if one.seen else ""
    return f"{one.stated}{word}, against {one.whom}"


def _harmful(table: Sequence[Row], best: Row) -> str:
    """Name the arms that harm where the answer, which is about the best one, is another."""
    harm = [row.label for row in _tried(table) if row.word == HARMS]
    if best.word == HARMS or not harm:
        return ""
    more = f"; and {len(harm) - _NAMED} more" if len(harm) > _NAMED else ""
    return f". Other arms harm: {'; '.join(harm[:_NAMED])}{more}"


def fewer_rows(table: Sequence[Row]) -> Row | None:
    """Return the row of the largest share of real rows that was compared with all of them."""
    fewer = [row for row in table if row.role == "real" and row.real is not None]
    return max(fewer, key=lambda row: row.share, default=None)


def more_rows(table: Sequence[Row], metric: str) -> str:
    """State whether more real rows would help, by what the last ones have brought.

    Parameters
    ----------
    table : sequence of Row
        All rows of the verdict.
    metric : str
        The headline metric.

    Returns
    -------
    str
        A sentence; empty where no share of the real rows was compared with all of them.
    """
    last = fewer_rows(table)
    if last is None or last.real is None:
        return ""
    begin = {
        WORSE: "More real rows would probably help",
        BETTER: "More real rows may harm: the models are worse with all of them",
    }.get(last.real.word, "No evidence that more real rows would help")
    share = f"{100 * last.share:g} % of the real rows"
    return f"{begin}: with {share}, {metric_name(metric)} {_against(last.real)}."


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
