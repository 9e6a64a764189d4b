"""The words of a stress report: what the model lost, where it breaks, what is not known."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lookalike.scenarios._stress_points import StressCurve, StressPoint, has_failed
from lookalike.scenarios._stress_slices import StressSlice

__all__ = ["answer", "standing"]

#: A detector finds changed rows where it does so at this AUC.
_FINDS = 0.75
_BREAKS, _UNMEASURED = "breaks", "not measured"


def standing(
    curves: Sequence[StressCurve],
    broken: StressCurve | None,
    weak: StressSlice | None,
    facts: dict[str, Any],
) -> str | None:
    """Return how the model stands, in a few words; None for measured detectors and alarms.

    The first of these that is so: it breaks, nothing was measured, it is weak on rows that come, it
    is behind models that know the rows, and what its greatest loss says.

    Parameters
    ----------
    curves : sequence of StressCurve
        The headline first.
    broken : StressCurve or None
        The one that breaks first.
    weak : StressSlice or None
        The rows on which the model is weak.
    facts : dict
        Of the report.
    """
    judged = facts["kind"] not in ("changes", "drift")
    if broken is not None and (judged or _failure(broken, facts) is not None):
        return _BREAKS
    if not _measured(curves[0]):
        return _UNMEASURED
    if not judged:
        return None
    if weak is not None:
        return "weak on the rows that come"
    if any(curve.lags(facts["tolerance"]) is not None for curve in curves):
        return "behind models that know the rows"
    return _margin(curves[0], facts)


def answer(
    curves: Sequence[StressCurve],
    broken: StressCurve | None,
    weak: StressSlice | None,
    facts: dict[str, Any],
) -> str:
    """Return the result of a stress test in a few sentences, which say how the model stands.

    Parameters
    ----------
    curves, broken, weak, facts
        As of `standing`.
    """
    word, curve = standing(curves, broken, weak, facts), curves[0]
    if word == _UNMEASURED:
        return f"Nothing could be measured: {curve.points[-1].reason}"
    if word == _BREAKS and broken is not None:
        failure = _failure(broken, facts)
        if failure is not None:
            return f"The model breaks at dial {failure.dial:g}. {failure.reason}"
        said = _of_broken(broken, facts)
    elif facts["kind"] == "changes":
        return _of_detector(curve.metric, _measured(curve))
    elif facts["kind"] == "drift":
        return _of_alarms(curves, _measured(curve), facts)
    else:
        said = _of_holding(curve, facts)
    return f"{said}{_of_lagging(curves, facts)}{_of_weakness(weak, facts)}"


def _measured(curve: StressCurve) -> list[StressPoint]:
    return [one for one in curve.points if one.value is not None]


def _failure(broken: StressCurve, facts: dict[str, Any]) -> StressPoint | None:
    """Return the point at which the model breaks, if it fails there."""
    breaks = broken.breaks(facts["tolerance"])
    return next((p for p in broken.points if p.dial == breaks and has_failed(p.reason)), None)


def _worst(curve: StressCurve) -> tuple[StressPoint, float] | None:
    """Return the point whose excess loss may be greatest, and that loss; None without any."""
    found = [(one, one.excess_high) for one in _measured(curve) if one.excess_high is not None]
    return max(found, key=lambda one: one[1], default=None)


def _margin(curve: StressCurve, facts: dict[str, Any]) -> str:
    """Return what the greatest loss of a model that does not break says."""
    worst = _worst(curve)
    if worst is None:
        return "no interval to judge by"
    return "holds" if worst[1] <= facts["tolerance"] else "no break found"


def _course(curve: StressCurve) -> str:
    measured = _measured(curve)
    first, last = measured[0], measured[-1]
    return (
        f"The {curve.metric} goes from {first.value:.3g} to {last.value:.3g} as the dial goes from "
        f"{first.dial:g} to {last.dial:g}."
    )


def _of_broken(curve: StressCurve, facts: dict[str, Any]) -> str:
    breaks = curve.breaks(facts["tolerance"])
    at = next(one for one in curve.points if one.dial == breaks)
    beyond = ""
    if facts["reference"]:
        beyond = " more than models that are trained on such rows"
    return (
        f"The model breaks at dial {breaks:g}: it loses {_amount(at.excess, curve)} of its "
        f"{curve.metric}{beyond} (95 %: {_amount(at.excess_low, curve)} to "
        f"{_amount(at.excess_high, curve)}). {_course(curve)}"
    )


def _of_holding(curve: StressCurve, facts: dict[str, Any]) -> str:
    worst = _worst(curve)
    if worst is None:
        return f"There is no interval to judge by. {_course(curve)}"
    point, loss = worst
    tolerance, most = _amount(facts["tolerance"], curve), _amount(max(loss, 0.0), curve)
    beyond = " beyond models that are trained on such rows" if facts["reference"] else ""
    if _margin(curve, facts) == "holds":
        return (
            f"The model holds: it loses at most {most} of its {curve.metric}{beyond} (upper end at "
            f"95 %), within the tolerance of {tolerance}. {_course(curve)}"
        )
    return (
        f"No break was found, but the model may lose up to {most} of its {curve.metric}{beyond} "
        f"(upper end at 95 %, dial {point.dial:g}), more than the tolerance of {tolerance}: more "
        f"rows would tell. {_course(curve)}"
    )


def _of_lagging(curves: Sequence[StressCurve], facts: dict[str, Any]) -> str:
    """Return where models that know the rows are better, whatever was lost since dial 0."""
    tolerance = facts["tolerance"]
    behind = [(at, curve) for curve in curves if (at := curve.lags(tolerance)) is not None]
    if not behind:
        return ""
    at, curve = min(behind, key=lambda one: one[0])
    point = next(one for one in curve.points if one.dial == at)
    return (
        f" But models that are trained on these rows are better at dial {at:g}, by "
        f"{_amount(point.behind, curve)} of {curve.metric} (95 %: "
        f"{_amount(point.behind_low, curve)} to {_amount(point.behind_high, curve)}): the model "
        "lacks what they know, such rows or a column."
    )


def _of_weakness(weak: StressSlice | None, facts: dict[str, Any]) -> str:
    """Return on which rows the model is weak, wherever the dial is."""
    if weak is None:
        return ""
    loss = "log-loss" if facts["kind"] == "classes" else "squared error"
    return (
        f" The model is weak on the {weak.rows:,} rows with {weak.words}, as they came: other such "
        f"rows say how to correct its predictions, which takes {100 * weak.gain:.1f} % off the "
        f"{loss}{_beside(weak)}. Sound predictions err as much with a chance of "
        f"{100 * weak.chance:.2g} %."
    )


def _beside(weak: StressSlice) -> str:
    if weak.sound is None:
        return ""
    most = 100 * max(weak.sound, 0.0)
    return (
        f" (at most {most:.1f} % off that of sound models, which learned other rows of this table)"
    )


def _amount(value: float | None, curve: StressCurve) -> str:
    if value is None:
        return "an unknown amount"
    return f"{value:.3f}" if curve.bounded else f"{100 * value:.1f} %"


def _of_detector(metric: str, measured: list[StressPoint]) -> str:
    first, last = measured[0], measured[-1]
    course = (
        f"The {metric} on changed rows goes from {first.value:.3f} at dial {first.dial:g} to "
        f"{last.value:.3f} at dial {last.dial:g}."
    )
    if metric != "roc_auc":
        return course
    found = next((one for one in measured if one.low is not None and one.low >= _FINDS), None)
    if found is None:
        return f"The detector finds the changed rows at no position (AUC of {_FINDS}). {course}"
    return f"The detector finds changed rows from dial {found.dial:g} on (AUC {_FINDS}). {course}"


def _of_alarms(
    curves: Sequence[StressCurve], measured: list[StressPoint], facts: dict[str, Any]
) -> str:
    runs, lines = facts["repeats"], []
    last = measured[-1]
    assert last.value is not None
    if curves[0].metric == "detected":
        lines.append(
            f"At dial {last.dial:g} an alarm followed the drift in {round(runs * last.value)} of "
            f"{runs} runs."
        )
    else:
        lines.append(f"At dial {last.dial:g} the {curves[0].metric} is {last.value:.3g}.")
    at_end = {curve.metric: curve.points[-1].value for curve in curves}
    if at_end.get("delay") is not None:
        lines.append(f"The mean delay is {at_end['delay']:,.0f} rows, to the end where none came.")
    if at_end.get("false_alarm") is not None:
        lines.append(f"{round(runs * at_end['false_alarm'])} of {runs} runs had one before it.")
    return " ".join(lines)
