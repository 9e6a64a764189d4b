"""The words of a verdict: they follow from its comparisons."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from lookalike.experiments._arms import Replaced
from lookalike.experiments._metrics import LOWER_IS_BETTER
from lookalike.experiments._statistics import LEVEL

if TYPE_CHECKING:
    from lookalike.experiments._verdict import Comparison, Row

__all__ = [
    "BATTERY",
    "HARMS",
    "HELPS",
    "NO_EVIDENCE",
    "answer",
    "corrected_away",
    "label",
    "left_out",
    "plain",
    "signed",
    "telling",
]

HELPS = "helps"
HARMS = "harms"
NO_EVIDENCE = "no evidence that it helps"
#: Stands for the mean over all models.
BATTERY = "all models"

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


def left_out(statistics: Sequence[Comparison], metric: str, models: Sequence[str]) -> Iterator[str]:
    """Say which models are not in the means that arms with synthetic rows are judged by."""
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


def answer(table: Sequence[Row], metric: str) -> str:
    """Say in one sentence what the best arm with synthetic rows does."""
    best = telling(table)
    if best is None:
        return _without(table, metric)
    begin = {
        HELPS: "Synthetic rows help",
        HARMS: "Synthetic rows harm",
        NO_EVIDENCE: "There is no evidence that synthetic rows help",
    }[best.word or NO_EVIDENCE]
    return f"{begin}: {_effect(best, metric)}."


def _without(table: Sequence[Row], metric: str) -> str:
    """Say what can be said where no synthetic rows could be judged."""
    if any(row.role == "synthetic" for row in table):
        return "Nothing can be said: no arm with synthetic rows could be compared with real rows."
    scores = [
        f"{row.scores[metric]:.4f} with {100 * row.share:g} % of the training rows kept"
        for row in table
        if row.role == "real" and row.scores[metric] is not None
    ]
    said = f": the mean {_NAMES.get(metric, metric)} is {', '.join(scores)}" if scores else ""
    return f"No synthetic rows were tried{said}."


def telling(table: Sequence[Row]) -> Row | None:
    """Return the row that the answer is about: the best that helps, or the best with all rows."""
    tried = [row for row in table if row.role == "synthetic" and row.real is not None]
    tried = [row for row in tried if row.arm != Replaced.name] or tried
    most = max((row.share for row in tried), default=1.0)
    shown = [row for row in tried if row.word == HELPS] or [r for r in tried if r.share == most]
    return max(shown, key=lambda r: r.real.difference if r.real else -math.inf, default=None)


def _effect(row: Row, metric: str) -> str:
    assert row.real is not None
    how = (
        "with them alone" if row.arm == Replaced.name else f"with {100 * row.factor:g} % more rows"
    )
    if row.share != 1:
        how += f" and {100 * row.share:g} % of the training rows kept"
    name, models = _NAMES.get(metric, metric), len(row.real.models)
    whose = f"the mean {name} of {models} models" if models > 1 else f"the {name}"
    words = f"{how}, {whose} {_change(row.real, metric)} against real rows alone"
    if row.control is not None:
        words += f", and {_change(row.control, metric)} against the best cheap control"
        words += f" ({row.control.opponent})"
    return words


def _change(one: Comparison, metric: str) -> str:
    """Say which way a metric goes, by how much, with the interval of just that."""
    better = one.difference >= 0
    verb = "falls by" if better == (metric in LOWER_IS_BETTER) else "rises by"
    if one.difference == 0:
        verb = "changes by"
    ends = [end if better else -end for end in (one.low, one.high) if end is not None]
    size = plain(abs(one.difference))
    if not ends:
        return f"{verb} {size} (no interval: every split gave the same)"
    low, high = sorted(ends)
    return f"{verb} {size} (95 % interval {plain(low)} to {plain(high)})"


def corrected_away(row: Row) -> str:
    """Explain an interval without 0 beside words of no evidence."""
    for one, whom in ((row.real, "real rows"), (row.control, "the best cheap control")):
        if one and one.p_holm is not None and one.p is not None and one.p < LEVEL <= one.p_holm:
            return (
                f"The interval against {whom} leaves out 0, but it is of this comparison alone: "
                f"p is {one.p:.2g}, and {one.p_holm:.2g} after Holm's correction for all that "
                "were made."
            )
    return ""


def label(arm: str, factor: float, share: float) -> str:
    name = arm if factor == 0 or arm == Replaced.name else f"{arm} +{100 * factor:g} %"
    return name if share == 1 else f"{name}, {100 * share:g} % kept"


def signed(value: float) -> str:
    size = abs(value)
    digits = 4 if size < 1 else max(0, 3 - int(math.log10(size)))
    return f"{round(value, digits) + 0.0:+.{digits}f}".replace("-", "−")


def plain(value: float) -> str:
    return signed(value).removeprefix("+")
