"""The remaining time is that of the work so far, whether reports come often or seldom."""

from __future__ import annotations

import sys
from types import ModuleType

import pytest

from lookalike._core import progress as module
from lookalike._core.progress import progress, stage, watched


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        """Return the time that was set."""
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Return the clock of progress."""
    clock = Clock()
    monkeypatch.setattr(module, "time", clock)
    return clock


def test_plain_lines_tell_the_remaining_time(
    clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    with progress("trying", 20, show=True) as report:
        for done in (1, 5, 20):
            clock.now = 100.0 + 60 * done
            report(done, {"loss": 0.5})
    assert capsys.readouterr().err.splitlines() == [
        "trying: 5/20  0:15:00 left  loss 0.5",
        "trying: 20/20  0:00:00 left  loss 0.5",
    ]


def test_what_was_done_before_does_not_count(
    clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    with progress("trying", 10, show=True, begin=8) as report:
        clock.now += 60
        report(9, {})
    assert capsys.readouterr().err == "trying: 9/10  0:01:00 left\n"


def test_a_terminal_tells_it_too_however_seldom_reports_come(
    clock: Clock, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "120")
    with progress("trying", 4, show=True) as report:
        clock.now += 600
        report(1, {})
        clock.now += 60
    assert "0:29:00 left" in capsys.readouterr().err


class ZMQInteractiveShell:
    """Named as the shell of a notebook."""


def test_a_notebook_has_one_line(
    clock: Clock, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    shell = ModuleType("IPython")
    shell.get_ipython = ZMQInteractiveShell  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "IPython", shell)
    assert watched()
    with progress("training", 10, show=None) as report, progress("within", 5, show=None) as inner:
        inner(5, {})
        for done in (5, 10):
            clock.now += 60
            report(done, {"loss": 0.5})
    text = capsys.readouterr().err
    assert text.count("\n") == 1
    assert "training: 50 %  0:01:00 left  loss 0.5" in text
    assert "done in 0:02:00" in text
    assert "within" not in text


def test_nobody_watches_a_pipe(capsys: pytest.CaptureFixture[str]) -> None:
    with progress("training", 10, show=None) as report, stage("correcting", show=None):
        report(10, {})
    assert capsys.readouterr().err == ""


def test_stages_are_logged(caplog: pytest.LogCaptureFixture) -> None:
    with (
        caplog.at_level("INFO", logger="lookalike"),
        progress("training", 10, show=False),
        stage("correcting", show=False),
    ):
        pass
    words = [record.getMessage() for record in caplog.records]
    assert [text.split(" after")[0] for text in words] == [
        "training: begins",
        "correcting: begins",
        "correcting: ended",
        "training: ended",
    ]
