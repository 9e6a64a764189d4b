"""The guide's tables of monitors say what the classes say."""

from __future__ import annotations

from pathlib import Path

import pytest

from lookalike.models._recipe import _USUAL_MONITORS
from lookalike.training.monitors import MONITORS, Measure, Monitor

GUIDE = Path(__file__).parents[3] / "docs/guide/training.md"


def number(value: float) -> str:
    """Return a bound as the guide writes it."""
    return f"{value:g}".replace("-", "−").replace("inf", "∞")


def row_of_monitor(kind: type[Monitor]) -> str:
    looks = "every one" if kind.every == 1 else f"every {kind.every}"
    default = "yes" if kind.name in _USUAL_MONITORS else "no"
    return f"| `{kind.name}` | {looks} | {kind.cost} | {default} |"


def row_of_measure(kind: type[Monitor], measure: Measure) -> str:
    span = f"{number(measure.low)} to {number(measure.high)}"
    return f"| `{kind.name}` | `{measure.name}` | {span} | {measure.good} |"


@pytest.mark.parametrize("kind", MONITORS.values(), ids=list(MONITORS))
def test_every_monitor_is_in_the_guide_as_it_is(kind: type[Monitor]) -> None:
    lines = GUIDE.read_text(encoding="utf-8").splitlines()
    assert row_of_monitor(kind) in lines
    for measure in kind.measures:
        assert row_of_measure(kind, measure) in lines


def test_what_runs_by_default_are_monitors() -> None:
    assert set(_USUAL_MONITORS) < set(MONITORS)
    assert "detector" not in _USUAL_MONITORS
