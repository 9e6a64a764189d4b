"""All monitors together: whose turn it is, and what is passed on."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

import numpy as np
import pytest

from lookalike._core.errors import ParameterError
from lookalike.training._monitoring import _measured, _turn
from lookalike.training.monitors import (
    MONITORS,
    IntervalSnapshot,
    Measure,
    Monitor,
    MonitorData,
    Players,
)


def begun(data):
    """Return all monitors, ready to measure."""
    found = MONITORS.create_all(MONITORS)
    for monitor in found:
        monitor.begin(data)
    return found


class Counter(Monitor):
    """Counts its looks, and says something that is not defined."""

    name: ClassVar[str] = "counter"
    cost: ClassVar[str] = "nothing"
    every: ClassVar[int] = 3
    measures: ClassVar = (Measure("looks", 0, 99, "any"),)

    def begin(self, data):
        self.looks = 0

    def measure(self, snapshot):
        self.looks += 1
        return {"looks": float(self.looks), "odd": float("nan")}


@pytest.fixture(scope="module")
def scene(scenes):
    """Return a data, and a snapshot of the same rows."""
    rows = scenes.rows(np.random.default_rng(0).normal(size=(512, 2)))
    zeros = np.zeros(512, np.float32)
    return MonitorData(rows, None, ()), IntervalSnapshot(
        10, 10, rows, None, rows, zeros, zeros, {"accuracy": 0.6}, ()
    )


def turn(kinds, interval, every=1, *, last=False):
    return _turn(kinds, interval, every, last=last)


def test_each_measures_at_its_turn_and_all_at_the_end(scene):
    counter = Counter()
    counter.begin(scene[0])
    assert [bool(turn([counter], k)) for k in range(1, 7)] == [False, False, True] * 2
    assert _measured(turn([counter], 1), scene[1]) == {}
    assert _measured(turn([counter], 3), scene[1]) == {"looks": 1.0}
    assert _measured(turn([counter], 4, last=True), scene[1]) == {"looks": 2.0}


def test_measurements_can_be_farther_apart_for_all(scene):
    kinds = [Counter(), Players()]
    assert [k for k in range(1, 13) if turn(kinds, k, 2)] == [2, 4, 6, 8, 10, 12]
    assert [k for k in range(1, 13) if kinds[0] in turn(kinds, k, 2)] == [6, 12]
    assert turn(kinds, 1, 2, last=True) == kinds


def test_all_monitors_together_measure_all(scene):
    data, snapshot = scene
    found = _measured(begun(data), snapshot)
    assert {"accuracy", "diversity", "coverage", "convergence", "detector"} <= set(found)
    assert all(np.isfinite(value) for value in found.values())


def test_rows_that_are_not_finite_are_not_measured(scene, scenes):
    data, snapshot = scene
    broken = replace(snapshot, fake=scenes.rows(np.full((512, 2), np.nan)), measures={})
    assert _measured(begun(data), broken) == {}


def test_names_and_monitors_of_your_own_are_taken():
    own = Counter()
    assert [type(m) for m in MONITORS.create_all(["players", own])] == [Players, Counter]
    first, again = MONITORS.create_all(["collapse"]), MONITORS.create_all(["collapse"])
    assert first[0] is not again[0]


def test_an_unknown_name_is_an_error_with_a_hint():
    with pytest.raises(ParameterError, match=r"got 'colapse'\. Did you mean 'collapse'\?"):
        MONITORS.create_all(["colapse"])


@pytest.mark.parametrize("odd", [["players"], {"players": 1}, None, 3, np.zeros(2), Players])
def test_what_is_no_name_is_an_error_too(odd):
    with pytest.raises(ParameterError, match="A monitor must be one of 'players', "):
        MONITORS.create_all(["collapse", odd])
