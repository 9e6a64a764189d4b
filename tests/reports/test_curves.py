"""Training's record as curves."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

from lookalike.reports import training_page
from lookalike.reports._curves import MOST_POINTS, curves


@dataclass
class Record:
    rows: list[dict[str, Any]] = field(default_factory=list)
    stopped: str = "done"


def test_numbers_become_curves_and_words_do_not() -> None:
    rows = [
        {"step": 10 * i, "loss": i / 2, "seconds": i, "word": "x", "flag": True} for i in (1, 2)
    ]
    found = curves(Record(rows))
    assert found is not None
    assert found.steps == (10.0, 20.0)
    assert found.series == {"loss": (0.5, 1.0)}
    assert found.stopped == "done"


def test_gaps_stay_gaps() -> None:
    found = curves([{"step": 1, "a": 1.0}, {"step": 2, "b": math.nan}, {"step": 3, "b": 4}])
    assert found is not None
    assert found.series == {"a": (1.0, None, None), "b": (None, None, 4.0)}


def test_steps_are_counted_where_they_are_not_named() -> None:
    found = curves([{"loss": 1.0}, {"loss": 2.0}])
    assert found is not None
    assert found.steps == (0.0, 1.0)


def test_long_records_are_thinned_out_and_keep_both_ends() -> None:
    found = curves([{"step": i, "loss": 1.0} for i in range(5000)])
    assert found is not None
    assert len(found.steps) == MOST_POINTS
    assert (found.steps[0], found.steps[-1]) == (0, 4999)


def test_what_is_measured_seldom_does_not_fall_between_points() -> None:
    rows = [{"step": i, "loss": 1.0, **({"seldom": i} if i % 5 == 3 else {})} for i in range(1996)]
    found = curves(rows)
    assert found is not None
    seen = [value for value in found.series["seldom"] if value is not None]
    assert len(seen) > 350


def test_a_run_that_went_back_has_attempts() -> None:
    found = curves([{"step": s, "loss": 1.0, "attempt": 1.0} for s in (1, 2, 3, 2, 3, 4)])
    assert found is not None
    assert found.attempts() == [slice(0, 3), slice(3, 6)]
    assert list(found.series) == ["loss"]


def test_nothing_recorded_is_no_curve() -> None:
    assert curves(None) is None
    assert curves([]) is None
    assert curves([{"step": 1, "loss": 1.0}]) is None
    assert curves([{"step": 1, "word": "a"}, {"step": 2}]) is None


def test_numbers_beyond_floats_are_brought_back_or_left_out() -> None:
    rows = [{"step": i, "loss": v} for i, v in enumerate((1.0, 1.7e308, -1.7e308, 10**400))]
    found = curves(rows)
    assert found is not None
    assert found.series["loss"] == (1.0, 1e300, -1e300, None)
    assert "Not drawn" not in training_page([{**row, "loss_generator": 1e308} for row in rows])
