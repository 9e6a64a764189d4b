"""`report` is the usual way in one call, from Python and from the command line."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import lookalike as la
from lookalike.cli import main
from lookalike.errors import ParameterError
from lookalike.workflow import Report


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> tuple[Report, Path]:
    """Return a report of a model that is fitted at once, and its page."""
    path = tmp_path_factory.mktemp("report") / "page.html"
    penguins = la.datasets.load("penguins")
    return la.report(penguins, path, model=la.Independent(), target="species"), path


@pytest.mark.slow
def test_parts_are_what_they_say(found):
    report, path = found
    assert len(report.train) + len(report.test) == 344
    assert len(report.synthetic) == len(report.train)
    assert isinstance(report.synthetic, pd.DataFrame)
    assert report.model.target_ == "species"
    assert report.evaluation.summary.holdout_rows == len(report.test)
    assert report.model.seed_ == 0
    assert "Independent" in path.read_text(encoding="utf-8")


def test_it_is_shown_as_its_evaluation(found):
    report, _ = found
    assert repr(report) == repr(report.evaluation)
    assert report.to_frame().equals(report.evaluation.to_frame())
    assert "<table>" in report._repr_html_()


def test_the_model_of_the_caller_is_not_fitted():
    model = la.Independent(random_state=3)
    report = la.report(la.datasets.load("penguins"), model=model)
    assert not hasattr(model, "schema_")
    assert report.model.seed_ == 3


def test_a_class_is_no_model():
    with pytest.raises(ParameterError, match="unfitted synthesizer or a name"):
        la.report(la.datasets.load("penguins"), model=la.Independent)


@pytest.mark.slow
def test_the_command_writes_a_page(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["example", "penguins"]) == 0
    assert main(["report", "penguins.csv", "--model", "independent", "-o", "page.html"]) == 0
    assert "penguins.csv" in Path("page.html").read_text(encoding="utf-8")
    assert "c2st" in capsys.readouterr().out


def test_examples_are_listed_and_written(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["example"]) == 0
    assert "flights" in capsys.readouterr().out
    assert main(["example", "penguins", "-o", "p.parquet"]) == 0
    assert pd.read_parquet("p.parquet").shape == (344, 8)
    assert main(["example", "pengins"]) == 2
    assert "Did you mean 'penguins'" in capsys.readouterr().err


def test_a_shell_can_ask_for_completion(monkeypatch, capsys):
    monkeypatch.setenv("_LOOKALIKE_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", "lookalike ex")
    monkeypatch.setenv("COMP_CWORD", "1")
    with pytest.raises(SystemExit):
        main([])
    assert capsys.readouterr().out.split() == ["example"]
