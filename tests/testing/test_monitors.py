"""Every monitor keeps the contract, and the checks find those that do not."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import pytest

from lookalike.testing import check_monitor, monitor_checks
from lookalike.training.monitors import MONITORS, Measure, Monitor

CHECKS = {
    f"{name}: {check}": run
    for name, monitor in MONITORS.items()
    for check, run in monitor_checks(monitor)
}


@pytest.mark.parametrize("name", CHECKS)
def test_every_monitor_keeps_the_contract(name):
    CHECKS[name]()


def test_no_two_monitors_measure_under_one_name():
    names = [m.name for monitor in MONITORS.values() for m in monitor.measures]
    assert len(set(names)) == len(names)


class Spread(Monitor):
    """Measures how wide the generated rows are, and does all right."""

    name: ClassVar[str] = "spread"
    cost: ClassVar[str] = "nothing"
    measures: ClassVar = (Measure("spread", 0, 1e9, "near that of real rows"),)

    def measure(self, snapshot):
        return {"spread": float(np.ptp(snapshot.fake.matrix))}


class Undeclared(Spread):
    """Returns what it does not declare."""

    def measure(self, snapshot):
        return {"width": 1.0}


class NotANumber(Spread):
    """Returns NaN."""

    def measure(self, snapshot):
        return {"spread": float("nan")}


class Beyond(Spread):
    """Leaves its range."""

    def measure(self, snapshot):
        return {"spread": -1.0}


class Never(Spread):
    """Declares more than it returns."""

    measures: ClassVar = (*Spread.measures, Measure("other", 0, 1, "any"))


class Remembers(Spread):
    """Keeps what it saw for the next run."""

    seen: ClassVar[list] = []

    def measure(self, snapshot):
        self.seen.append(1)
        return {"spread": float(len(self.seen))}


class Meddles(Spread):
    """Changes what it is shown."""

    def measure(self, snapshot):
        snapshot.fake.matrix[:] = 0
        return super().measure(snapshot)


def test_a_sound_monitor_passes():
    check_monitor(Spread)


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        (Undeclared, "Undeclared fails .*: width is not declared"),
        (NotANumber, "NotANumber fails .*: spread is nan"),
        (Beyond, "Beyond fails .*: spread = -1.0 is not in"),
        (Never, r"Never fails all_measures_occur: .*\['other'\]"),
        (Remembers, "Remembers fails is_deterministic: "),
        (Meddles, "Meddles fails changes_nothing: "),
    ],
)
def test_what_is_broken_is_found(broken, words):
    with pytest.raises(AssertionError, match=words):
        check_monitor(broken)
