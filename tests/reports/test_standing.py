"""Tests of a score's standing between floor and ceiling."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from lookalike.metrics import Score
from lookalike.reports import Evaluation
from lookalike.reports._standing import note, references


def score(value: float | None, ceiling: float | None, floor: float | None, **more: Any) -> Score:
    return Score("trend", value, ceiling, floor, "higher", 0, 1, **more)


@pytest.mark.parametrize(
    ("value", "ceiling", "floor", "chance", "where"),
    [
        (0.8, 0.9, 0.5, 0.02, "between"),
        (0.89, 0.9, 0.5, 0.02, "real"),
        (1.0, 0.9, 0.5, 0.02, "real"),
        (0.5, 0.9, 0.5, 0.02, "independent"),
        (0.3, 0.9, 0.5, 0.02, "independent"),
        # Columns alone do not know that they were shuffled.
        (0.9, 0.9, 0.9, 0.02, "unplaced"),
        (0.9, 0.9, 0.95, 0.0, "unplaced"),
        (0.3, 0.9, 0.89, 0.02, "unplaced"),
        (None, 0.9, 0.5, 0.02, "unknown"),
        (0.8, None, 0.5, 0.02, "unknown"),
        (0.8, 0.9, None, 0.02, "unknown"),
    ],
)
def test_standing(
    value: float | None, ceiling: float | None, floor: float | None, chance: float, where: str
) -> None:
    found = score(value, ceiling, floor, chance=chance)
    assert found.standing == where
    # What is not between two references has no bar.
    assert (found.position is None) == (where in ("unplaced", "unknown"))


def test_less_is_better_where_the_score_says_so() -> None:
    found = Score("correlation_difference", 0.1, 0.0, 0.4, "lower", 0, 2)
    assert found.standing == "between"
    assert found.shortfall == pytest.approx(0.25)


def test_a_short_way_does_not_blow_small_gaps_up() -> None:
    assert score(0.980, 0.990, 0.989).shortfall == pytest.approx(0.1)


def test_chance_is_no_shortfall() -> None:
    assert score(0.95, 1.0, 0.5, chance=0.06).shortfall == 0
    assert score(0.95, 1.0, 0.5, chance=0.04).shortfall == pytest.approx(0.1)
    # Detectors differ by that much on any table.
    assert score(0.97, 1.0, 0.5, tolerance=0.04).shortfall == 0


@pytest.mark.parametrize("absent", ["value", "ceiling", "floor"])
def test_nothing_falls_short_without_all_three(absent: str) -> None:
    numbers = {"value": 0.5, "ceiling": 1.0, "floor": 0.0, absent: None}
    assert score(**numbers).shortfall is None


def test_what_has_no_bar_has_words() -> None:
    assert "no place between them" in note(score(0.9, 0.9, 0.9))
    assert "less than both" in note(score(0.3, 0.9, 0.9))
    assert note(score(0.3, 0.9, 0.5)) == "No better than independent columns."
    assert note(score(0.7, 0.9, 0.5)) == note(score(None, None, None)) == ""


def test_references_say_where_real_rows_come_from(evaluation: Evaluation) -> None:
    held = replace(evaluation.summary, holdout_rows=1200)
    assert "1,200 held-out" in references(held)["ceiling"]
    assert "no rows were held out" in references(None)["ceiling"]
