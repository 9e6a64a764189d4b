"""Events are JSON lines that another process can follow."""

from __future__ import annotations

import json
import logging
from contextlib import suppress
from pathlib import Path

import pytest

from lookalike._core.events import LOG_VARIABLE, log_event, logged_to
from lookalike._core.progress import progress
from lookalike.cli import main
from lookalike.training import Event, History

ROOT = logging.getLogger("lookalike")


def lines(path: Path) -> list[dict[str, object]]:
    """Return the events of a file without their times."""
    found = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert all(one.pop("time") > 0 for one in found)
    return found


def test_stages_measures_and_events_are_written(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    history = History()
    with logged_to(path):
        with progress("training", 10, show=False) as report:
            report(5, {"loss": 0.5})
            history.record(5, {"loss": float("nan"), "diversity": 0.9})
        history.record_events([Event(5, "rate", "The rate was halved: é.")])
        ROOT.info("a plain message is no event")
    begin, half, measured, end, event = lines(path)
    assert begin == {"kind": "begin", "title": "training"}
    assert half == {"kind": "progress", "title": "training", "done": 5, "total": 10}
    assert measured == {"kind": "measures", "step": 5.0, "loss": None, "diversity": 0.9}
    assert end["kind"] == "end"
    assert event == {"kind": "event", "step": 5, "sort": "rate", "words": "The rate was halved: é."}
    assert len(history) == 1


def test_files_grow_and_the_logger_is_left_as_it_was(tmp_path: Path) -> None:
    level, handlers = ROOT.level, list(ROOT.handlers)
    for _ in range(2):
        with suppress(ZeroDivisionError), logged_to(tmp_path / "a"):
            log_event(ROOT, "words", "begin", title="x")
            _ = 1 / 0
    assert len(lines(tmp_path / "a")) == 2
    assert (ROOT.level, ROOT.handlers) == (level, handlers)
    with logged_to(None):
        log_event(ROOT, "words", "begin", title="x")


def test_the_command_line_logs_where_it_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(LOG_VARIABLE, str(tmp_path / "events.jsonl"))
    assert main(["example", "penguins"]) == 0
    assert main(["compare", "penguins.csv", "--models", "independent"]) == 0
    titles = [one["title"] for one in lines(tmp_path / "events.jsonl") if one["kind"] == "begin"]
    assert titles == ["comparing"]
    monkeypatch.setenv(LOG_VARIABLE, str(tmp_path / "absent" / "events.jsonl"))
    assert main(["example", "penguins"]) == 2
