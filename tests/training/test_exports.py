"""A history in other programs: written, and read back by them where they are installed."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from lookalike.errors import MissingDependencyError, OutputError
from lookalike.training import History
from lookalike.training._export_tensorboard import _tag

needs_tensorboard = pytest.mark.skipif(
    find_spec("tensorboard") is None, reason="tensorboard, an extra, is not installed"
)
needs_mlflow = pytest.mark.skipif(
    find_spec("mlflow") is None, reason="mlflow, an extra, is not installed"
)


@pytest.fixture
def history() -> History:
    rows = [{"step": 10.0 * i, "loss_generator": 1.0 / i, "held_out": 0.5 + i} for i in (1, 2, 3)]
    del rows[0]["held_out"]
    found = History(rows, stopped="all 30 steps were completed")
    found.add(20, "rate", "The rate was halved: it said … “enough”.")
    return found


@pytest.mark.skipif(find_spec("tensorboard") is not None, reason="tensorboard is installed")
def test_without_tensorboard_it_says_what_to_install(history: History, tmp_path: Path) -> None:
    with pytest.raises(MissingDependencyError, match="pip install tensorboard"):
        history.to_tensorboard(tmp_path)


@pytest.mark.skipif(find_spec("mlflow") is not None, reason="mlflow is installed")
def test_without_mlflow_it_says_what_to_install(history: History) -> None:
    with pytest.raises(MissingDependencyError, match="pip install mlflow"):
        history.to_mlflow()


def test_tags_put_quantities_of_one_kind_together() -> None:
    assert [_tag(n) for n in ("loss_real", "vendi")] == ["loss/loss_real", "monitors/vendi"]


def read_events(folder: Path) -> Any:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    found = EventAccumulator(str(folder))
    found.Reload()
    return found


@needs_tensorboard
@pytest.mark.filterwarnings("ignore")  # what tensorboard itself warns of
def test_tensorboard_reads_back_what_was_written(history: History, tmp_path: Path) -> None:
    history.to_tensorboard(tmp_path / "run")
    found = read_events(tmp_path / "run")
    scalars = [(one.step, round(one.value, 6)) for one in found.Scalars("loss/loss_generator")]
    assert scalars == [(10, 1.0), (20, 0.5), (30, 0.333333)]
    assert [one.step for one in found.Scalars("monitors/held_out")] == [20, 30]
    (event,) = found.Tensors("events/rate")
    assert event.step == 20
    assert event.tensor_proto.string_val[0].decode() == history.events[0].words
    with pytest.raises(OutputError, match="another folder"):
        history.to_tensorboard(tmp_path / "run")


@needs_tensorboard
@pytest.mark.filterwarnings("ignore")
def test_tensorboard_sees_each_attempt_as_a_run(history: History, tmp_path: Path) -> None:
    history.rows += [{"step": 20.0, "loss_generator": 0.4}, {"step": 30.0, "loss_generator": 0.3}]
    history.to_tensorboard(tmp_path)
    steps = [
        [one.step for one in read_events(tmp_path / name).Scalars("loss/loss_generator")]
        for name in ("attempt-1", "attempt-2")
    ]
    assert steps == [[10, 20, 30], [20, 30]]


@needs_tensorboard
def test_a_folder_that_cannot_be_written_is_said(history: History, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="Cannot write"):
        history.to_tensorboard(tmp_path / "file" / "run")


@needs_mlflow
@pytest.mark.filterwarnings("ignore")  # what mlflow itself warns of
def test_mlflow_keeps_a_run(
    history: History, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("MLFLOW_DISABLE_TELEMETRY", "DO_NOT_TRACK"):
        monkeypatch.setenv(name, "true")
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.chdir(tmp_path)
    from mlflow import MlflowClient

    number = history.to_mlflow(run_name="mine", parameters={"width": 64, "words": "x" * 9999})
    again = history.to_mlflow(run_name="other")
    assert (tmp_path / "mlflow.db").is_file()
    client = MlflowClient("sqlite:///mlflow.db")
    run = client.get_run(number)
    assert run.info.run_name == "mine"
    assert run.info.status == "FINISHED"
    assert run.info.experiment_id == client.get_run(again).info.experiment_id
    assert run.data.params["width"] == "64"
    losses = [(one.step, one.value) for one in client.get_metric_history(number, "loss_generator")]
    assert losses == [(10, 1.0), (20, 0.5), (30, pytest.approx(1 / 3))]
    assert [one.step for one in client.get_metric_history(number, "held_out")] == [20, 30]
    artifact = client.download_artifacts(number, "history.json", str(tmp_path))
    values = json.loads(Path(artifact).read_text(encoding="utf-8"))
    assert History.from_dict(values) == history
    assert not (tmp_path / "mlruns" / ".trash").exists()
