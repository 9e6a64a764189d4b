"""Where a score stands between floor and ceiling."""

from __future__ import annotations

import pytest

from lookalike.metrics import Score
from lookalike.reports._standing import standing


def test_the_way_is_from_floor_to_ceiling() -> None:
    found = standing(Score("trend", 0.8, 0.9, 0.5, "higher", 0, 1))
    assert found is not None
    assert found.value == pytest.approx(0.75)
    assert found.floor == pytest.approx(0)


def test_less_is_better_where_the_score_says_so() -> None:
    found = standing(Score("correlation_difference", 0.1, 0.0, 0.4, "lower", 0, 2))
    assert found is not None
    assert found.value == pytest.approx(0.75)


def test_a_short_way_does_not_blow_small_gaps_up() -> None:
    found = standing(Score("shape", 0.980, 0.990, 0.989, "higher", 0, 1))
    assert found is not None
    assert found.value == pytest.approx(0.9)
    assert found.floor == pytest.approx(0.99)


def test_a_floor_above_the_ceiling_is_shown_beyond_it() -> None:
    found = standing(Score("shape", 0.98, 0.98, 1.0, "higher", 0, 1))
    assert found is not None
    assert found.floor > 1
    assert found.value == pytest.approx(1)


@pytest.mark.parametrize("absent", ["value", "ceiling", "floor"])
def test_nothing_stands_without_all_three(absent: str) -> None:
    numbers = {"value": 0.5, "ceiling": 1.0, "floor": 0.0, absent: None}
    assert standing(Score("x", direction="higher", low=0, high=1, **numbers)) is None
