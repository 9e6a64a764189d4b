"""The record of training."""

from __future__ import annotations

from lookalike.training import History


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
