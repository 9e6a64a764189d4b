"""The words of a stress report come from one decision: the answer says how the model stands."""

from __future__ import annotations

import pytest

from lookalike.scenarios._stress_points import StressCurve, StressPoint
from lookalike.scenarios._stress_report import StressReport
from lookalike.scenarios._stress_slices import StressSlice

FACTS = {"kind": "classes", "tolerance": 0.05, "reference": False, "repeats": 5}
START = StressPoint(0.0, 0.9, excess=0.0, excess_low=0.0, excess_high=0.0)
FAILED = StressPoint(1.0, reason="The model failed: ValueError: a level")
WEAK = StressSlice("region = 'west'", 60, 0.7, 0.3, 0.001, significant=True)


def curve(*points: StressPoint, metric: str = "roc_auc") -> StressCurve:
    return StressCurve(metric, True, True, points)


def lost(low: float | None, high: float | None, **more: object) -> StressPoint:
    middle = None if low is None or high is None else (low + high) / 2
    return StressPoint(1.0, 0.5, excess=middle, excess_low=low, excess_high=high, **more)


BROKEN = curve(START, lost(0.2, 0.4, significant=True), metric="recall")
UNMEASURED = curve(*(StressPoint(d, reason="It gives no probabilities.") for d in (0.0, 1.0)))
HOLDS = curve(START, lost(-0.01, 0.03))
BEHIND = curve(START, lost(-0.01, 0.03, behind=0.2, behind_low=0.1, behind_high=0.3, lagging=True))


@pytest.mark.parametrize(
    ("curves", "kind", "slices", "standing", "answer"),
    [
        ([HOLDS], "classes", (), "holds", "The model holds: it loses at most 0.030"),
        ([curve(START, lost(-0.1, 0.2))], "classes", (), "no break found", "No break was found"),
        ([curve(START, lost(None, None))], "classes", (), "holds", "The model holds"),
        (
            [curve(lost(None, None), lost(None, None))],
            "classes",
            (),
            "no interval to judge by",
            "There is no interval",
        ),
        ([HOLDS, BROKEN], "classes", (), "breaks", "The model breaks at dial 1: it loses 0.300"),
        # The headline has no value, and another metric breaks, or none does.
        ([UNMEASURED, BROKEN], "classes", (), "breaks", "The model breaks at dial 1: it loses 0.3"),
        ([UNMEASURED, HOLDS], "classes", (), "not measured", "Nothing could be measured: It gives"),
        ([UNMEASURED, HOLDS], "classes", (WEAK,), "not measured", "Nothing could be measured"),
        (
            [curve(START, FAILED)],
            "classes",
            (),
            "breaks",
            "The model breaks at dial 1. The model f",
        ),
        # The headline fails where another metric broke before.
        (
            [
                curve(START, StressPoint(0.5, 0.8, excess=0.1), FAILED),
                curve(START, StressPoint(0.5, 0.4, excess=0.5, significant=True), FAILED),
            ],
            "classes",
            (),
            "breaks",
            "The model breaks at dial 0.5: it loses 0.500",
        ),
        ([BROKEN], "classes", (WEAK,), "breaks", "The model breaks at dial 1: it loses"),
        ([HOLDS], "classes", (WEAK,), "weak on the rows that come", "The model holds"),
        ([BEHIND], "classes", (WEAK,), "weak on the rows that come", "The model holds"),
        ([BEHIND], "classes", (), "behind models that know the rows", "The model holds"),
        ([BROKEN], "changes", (), None, "The recall on changed rows goes from 0.900"),
        (
            [curve(START, FAILED)],
            "changes",
            (),
            "breaks",
            "The model breaks at dial 1. The model f",
        ),
        ([UNMEASURED], "drift", (), "not measured", "Nothing could be measured"),
        ([curve(START, lost(0, 0), metric="detected")], "drift", (), None, "At dial 1 an alarm"),
    ],
)
def test_the_answer_says_how_the_model_stands(curves, kind, slices, standing, answer) -> None:
    found = StressReport(tuple(curves), {**FACTS, "kind": kind}, slices=slices)
    assert found.standing == standing
    assert found.answer.startswith(answer)
    if standing == "weak on the rows that come":
        assert "The model is weak on the 60 rows with region = 'west'" in found.answer
        assert "with a chance of 0.1 %" in found.answer
    if standing == "behind models that know the rows":
        assert "are better at dial 1" in found.answer
