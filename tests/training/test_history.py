"""The record of training."""

from __future__ import annotations

import json
import math

import pytest

from lookalike.errors import ParameterError
from lookalike.training import Event, History


def test_the_record_is_one_tidy_table() -> None:
    history = History([{"step": 1.0, "loss": 2.0}, {"step": 2.0, "loss": 1.5, "held_out": 0.5}])
    assert history.names == ("step", "loss", "held_out")
    assert history["held_out"] == [None, 0.5]
    assert history.to_arrow().to_pydict()["loss"] == [2.0, 1.5]
    assert history.to_csv().splitlines() == ["step,loss,held_out", "1.0,2.0,", "2.0,1.5,0.5"]
    assert list(history.to_frame().columns) == ["step", "loss", "held_out"]


def test_the_record_survives_json() -> None:
    history = History([{"step": 1.0}], stopped="because")
    assert History.from_dict(history.to_dict()) == history


def test_events_survive_json_and_keep_their_order() -> None:
    history = History([{"step": 1.0}])
    history.add(1, "rate", "The rate was halved.")
    history.add(1, "remedy", "The run went back to step 0.")
    found = History.from_dict(json.loads(history.to_json()))
    assert found == history
    assert found.events[1] == Event(1, "remedy", "The run went back to step 0.")


def test_a_record_without_events_is_read() -> None:
    old = {"rows": [{"step": 1.0}], "stopped": "because", "cut_short": False}
    assert History.from_dict(old).events == []


def test_an_event_must_be_of_a_known_kind() -> None:
    with pytest.raises(ParameterError, match="Did you mean 'remedy'"):
        History().add(1, "remedie", "…")


def test_json_has_no_numbers_that_are_not_finite() -> None:
    text = History([{"step": 1.0, "loss": math.nan, "gap": math.inf}]).to_json()
    assert json.loads(text, parse_constant=pytest.fail)["rows"][0] == {
        "step": 1.0,
        "loss": None,
        "gap": None,
    }
