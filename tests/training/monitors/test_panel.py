"""All monitors together: whose turn it is, and what is passed on."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

import numpy as np
import pytest

from lookalike._core.errors import ParameterError
from lookalike.training.monitors import (
    MONITORS,
    IntervalSnapshot,
    Measure,
    Monitor,
    MonitorData,
    Panel,
    Players,
)


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


def test_each_looks_at_its_turn_and_all_at_the_end(scene):
    panel = Panel([Counter()])
    panel.begin(scene[0])
    assert [panel.due(k) for k in range(1, 7)] == [False, False, True, False, False, True]
    assert panel.measure(1, scene[1]) == {}
    assert panel.measure(3, scene[1]) == {"looks": 1.0}
    assert panel.due(4, last=True)
    assert panel.measure(4, scene[1], last=True) == {"looks": 2.0}


def test_looks_can_be_farther_apart_for_all(scene):
    panel = Panel([Counter(), Players()], every=2)
    panel.begin(scene[0])
    assert [k for k in range(1, 13) if panel.due(k)] == [2, 4, 6, 8, 10, 12]
    assert [k for k in range(1, 13) if "looks" in panel.measure(k, scene[1])] == [6, 12]
    assert panel.due(1, last=True)


def test_all_monitors_together_measure_all(scene, scenes):
    panel = Panel(MONITORS.create_all(MONITORS))
    panel.begin(scene[0])
    found = panel.measure(2, scene[1])
    assert {"accuracy", "diversity", "coverage", "convergence", "detector"} <= set(found)
    assert all(np.isfinite(value) for value in found.values())


def test_rows_that_are_not_finite_are_not_looked_at(scene, scenes):
    data, snapshot = scene
    broken = scenes.rows(np.full((512, 2), np.nan))
    lost = replace(snapshot, fake=broken, measures={})
    panel = Panel(MONITORS.create_all(MONITORS))
    panel.begin(data)
    assert panel.measure(2, lost) == {}


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
