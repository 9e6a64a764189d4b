"""Alarms: silent where a run is well or only begins, certain where it is not."""

from __future__ import annotations

import math

import pytest

from lookalike.training import MEASURES
from lookalike.training._failures import FailureDetector

TOTAL = 4_000
WELL = {
    **dict.fromkeys(MEASURES, 0.7),
    "convergence": 1.0,
    "coverage": 0.95,
    "collapsed": 0.0,
}
COLLAPSED = WELL | {"collapsed": 1.0, "coverage": 0.2}
DEFEATED = WELL | {"accuracy_real": 0.98, "accuracy_fake": 0.93, "convergence": 3.0}
DIVERGED = WELL | {"convergence": 9.0}
FAR = WELL | {"convergence": 3.0, "coverage": 0.2}


def listen(
    looks: list[dict[str, float]], detector: FailureDetector | None = None
) -> list[str | None]:
    """Return what an alarm says of looks that are 100 steps apart, from step 2,000 on."""
    detector = FailureDetector(TOTAL) if detector is None else detector
    return [detector.update(2_000 + 100 * k, look) for k, look in enumerate(looks)]


def stalled() -> FailureDetector:
    """Return an alarm of a run that was as near as it ever came at step 100."""
    detector = FailureDetector(TOTAL)
    assert detector.update(100, WELL) is None
    return detector


def test_a_run_that_is_well_is_left_alone() -> None:
    noisy = [WELL | {"convergence": 0.5 + 0.1 * (k % 7)} for k in range(20)]
    assert listen(noisy) == [None] * 20


@pytest.mark.parametrize(
    ("look", "words"),
    [(COLLAPSED, "collapsed"), (DEFEATED, "won"), (DIVERGED, "diverged"), (FAR, "remain far")],
)
def test_what_lasts_for_three_looks_is_an_alarm(look: dict[str, float], words: str) -> None:
    *before, said = listen([WELL, look, look, look], stalled())
    assert before == [None] * 3
    assert said is not None
    assert words in said


def test_a_generator_that_goes_from_mode_to_mode_has_collapsed() -> None:
    assert listen([COLLAPSED, WELL, COLLAPSED, WELL, COLLAPSED], stalled())[-1] is not None
    rarely = [COLLAPSED, WELL, WELL, WELL, COLLAPSED, WELL, WELL, WELL] * 3
    assert listen(rarely, stalled()) == [None] * len(rarely)


def test_an_alarm_ends_where_the_last_look_is_well() -> None:
    assert listen([COLLAPSED, COLLAPSED, COLLAPSED], stalled())[-1] is not None
    assert listen([COLLAPSED, COLLAPSED, COLLAPSED, WELL], stalled())[-1] is None


@pytest.mark.parametrize("change", [{"convergence": 1.5}, {"coverage": 0.6}])
def test_rows_that_are_near_or_reach_many_are_not_far(change: dict[str, float]) -> None:
    assert listen([FAR | change] * 6, stalled()) == [None] * 6


def test_a_discriminator_that_wins_against_rows_that_are_near_is_no_alarm() -> None:
    assert listen([DEFEATED | {"convergence": 1.5}] * 6, stalled()) == [None] * 6


@pytest.mark.parametrize("look", [COLLAPSED, DEFEATED, FAR])
def test_a_run_that_is_slow_but_comes_nearer_is_left_alone(look: dict[str, float]) -> None:
    detector = FailureDetector(TOTAL)
    looks = [look | {"convergence": 10 * 0.98**k} for k in range(40)]
    assert [detector.update(100 * k, look) for k, look in enumerate(looks, 1)] == [None] * 40


@pytest.mark.parametrize(("look", "words"), [(COLLAPSED, "collapsed"), (FAR, "remain far")])
def test_a_run_does_not_end_on_what_is_not_hoped_for(look: dict[str, float], words: str) -> None:
    def said(best: int) -> list[str | None]:
        """Come nearer up to a look, then no more."""
        detector = FailureDetector(TOTAL)
        looks = [look | {"convergence": 10 * 0.9 ** min(k, best)} for k in range(1, 11)]
        steps = [TOTAL * k // 10 for k in range(1, 11)]
        return [
            detector.update(step, look, last=step == TOTAL)
            for step, look in zip(steps, looks, strict=True)
        ]

    assert said(10) == [None] * 10
    *before, last = said(8)
    assert before == [None] * 9
    assert last is not None
    assert words in last


@pytest.mark.parametrize(("total", "grace"), [(4_000, 400), (800, 250)])
def test_a_run_has_time_to_find_its_way(total: int, grace: int) -> None:
    detector, end = FailureDetector(total), grace + round(0.3 * total) + 20
    said = [detector.update(step, COLLAPSED) for step in range(10, end + 10, 10)]
    assert said[:-1] == [None] * (len(said) - 1)
    assert said[-1] is not None


def test_without_a_measure_of_distance_a_collapse_counts_as_it_is() -> None:
    assert listen([dict.fromkeys(MEASURES, 0.7) | {"collapsed": 1.0}] * 3)[-1] is not None


def test_losses_that_are_not_finite_are_an_alarm_at_once() -> None:
    assert FailureDetector(TOTAL).update(1, WELL | {"loss_generator": math.nan}) is not None


def test_what_was_not_measured_raises_nothing() -> None:
    assert listen([dict.fromkeys(MEASURES, 1.0)] * 6) == [None] * 6


def test_a_remedy_has_time_and_then_has_to_help() -> None:
    assert listen([FAR] * 6) == [None] * 6
    detector = FailureDetector(TOTAL)
    detector.begin(2_000)
    said = listen([FAR] * 7, detector)
    assert said[:6] == [None] * 6
    assert said[6] is not None
    assert "did not help" in said[6]


def test_a_mended_run_must_not_end_on_an_alarm() -> None:
    detector = FailureDetector(TOTAL)
    assert detector.update(TOTAL, COLLAPSED, last=True) is None
    detector.begin(1_000)
    assert detector.update(TOTAL, COLLAPSED, last=True) is not None
    assert not detector.useless


def test_a_generator_that_reaches_next_to_nothing_is_useless() -> None:
    detector = stalled()
    listen([COLLAPSED | {"coverage": 0.04}] * 3, detector)
    assert detector.useless
    listen([WELL], detector)
    assert not detector.useless
