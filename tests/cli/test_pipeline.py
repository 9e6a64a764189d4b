"""Tests of ``lookalike pipeline``."""

from __future__ import annotations

import json

import pytest

import lookalike as la
from lookalike.cli import main

SPEC = """
data = "penguins.csv"
target = "sex"
estimator = "Gaussian naive Bayes"
cycles = 1
splits = 3
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    la.datasets.load("penguins").to_csv(tmp_path / "penguins.csv", index=False)
    (tmp_path / "spec.toml").write_text(SPEC, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_file_is_run_and_its_results_are_written(folder, capsys) -> None:
    words = ["pipeline", "spec.toml", "-o", "rows.csv", "--json", "report.json"]
    assert main([*words, "--html", "report.html", "--folder", "state"]) == 0
    shown = capsys.readouterr().out
    assert "+100 % rows as they come" in shown
    found = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    assert found["answer"].split()[0] in shown
    assert (folder / "rows.csv").read_text(encoding="utf-8").split("\n")[0].endswith("synthetic")
    assert "<svg" in (folder / "report.html").read_text(encoding="utf-8")
    assert (folder / "state" / "steps.json").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("spec.tml",), "is read from a TOML file"),
        (("none.toml",), "is no pipeline in TOML"),
        (("spec.toml", "-o", "spec.toml"), "must not overwrite"),
        (("spec.toml", "-o", "penguins.csv"), "must not overwrite"),
        (("spec.toml", "--folder", "penguins.csv"), "Cannot keep a pipeline"),
    ],
)
def test_a_wrong_call_is_one_line(folder, capsys, words, message) -> None:
    assert main(["pipeline", *words]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert "Traceback" not in error
