"""Tests of the output: its streams, and its form in a pipe and in wide and narrow terminals."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lookalike._core.errors import LookalikeWarning
from lookalike.cli._print import printable, show_table

Run = Callable[..., Any]


def lookalike(*words: object, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command line in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "lookalike", *map(str, words)],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )


def test_help_and_version_go_to_standard_output(run: Run) -> None:
    for words in ([], ["--help"], ["fit", "--help"]):
        result = run(*words)
        assert (result.code, result.err) == (0, "")
        assert "Usage" in result.out
    assert run("--version").out.startswith("lookalike 0.")


def test_help_lists_exactly_the_commands_that_the_guide_describes(run: Run) -> None:
    guide = Path(__file__).parents[2] / "docs" / "guide" / "command-line.md"
    described = re.findall(r"^lookalike (\w+) ", guide.read_text(encoding="utf-8"), re.MULTILINE)
    listed = re.findall(r"^  (\w+) ", run("--help").out.partition("Commands:")[2], re.MULTILINE)
    assert sorted(listed) == sorted(set(described))


def test_piped_tables_are_plain_and_whole(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    show_table(["name", "n"], [["long " * 60, 1], ["[bold]x[/bold]\n\x1b[31m", 22]], numbers=["n"])
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3
    assert "long " * 59 in lines[1]
    assert lines[2].startswith(r"[bold]x[/bold]\n\x1b[31m ")
    assert lines[2].rstrip().endswith("22")


@pytest.mark.parametrize("width", ["30", "200"])
def test_terminal_tables_lose_nothing(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, width: str
) -> None:
    monkeypatch.setenv("COLUMNS", width)
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    show_table(["column", "why"], [["workclass", "because of its eight distinct values"]])
    out = capsys.readouterr().out
    assert not re.search(r"\x1b\[[349]\d", out)  # no colour; bold is none
    lines = re.sub(r"\x1b\[\d*m", "", out).splitlines()
    assert max(map(len, lines)) <= int(width)
    for word in ["workclass", "because", "of", "its", "eight", "distinct", "values"]:
        assert word in out


def test_printable() -> None:
    assert printable("naïve 日本") == "naïve 日本"
    assert printable("a\tb\r") == r"a\tb\r"
    assert printable("a\xa0b") == "a b"


def test_warnings_of_the_package_become_lines(
    run: Run, csv: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from lookalike.tables import read_table

    def warn(path: str) -> object:
        warnings.warn("Column 'x' is text.\nIt is not learned.", LookalikeWarning, stacklevel=2)
        warnings.warn("not ours", FutureWarning, stacklevel=2)
        return read_table(path)

    monkeypatch.setattr("lookalike.tables.read_table", warn)
    result = run("info", csv)
    assert result.code == 0
    assert result.err == "warning: Column 'x' is text. It is not learned.\n"


@pytest.mark.slow
def test_pipe_between_processes(fitted: Path) -> None:
    made = lookalike("sample", fitted, "-n", 30, "-o", "-")
    assert made.returncode == 0
    info = subprocess.run(
        [sys.executable, "-m", "lookalike", "info", "-"],
        input=made.stdout,
        capture_output=True,
        text=True,
        check=True,
    )
    assert info.stdout.startswith("30 rows, 4 columns")


@pytest.mark.slow
def test_names_that_the_encoding_cannot_show_are_escaped(tmp_path: Path) -> None:
    path = tmp_path / "straße.csv"
    path.write_text("größe,日本\n1.5,a\n2.5,b\n", encoding="utf-8")
    result = lookalike("info", path, PYTHONIOENCODING="ascii")
    assert result.returncode == 0
    assert r"gr\xf6\xdfe" in result.stdout


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full to write to")
def test_full_standard_output(csv: Path) -> None:
    with open("/dev/full", "w") as full:
        result = subprocess.run(
            [sys.executable, "-m", "lookalike", "info", str(csv)],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert result.returncode == 2
    assert result.stderr == "error: Cannot write to standard output: No space left on device.\n"
