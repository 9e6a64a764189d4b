"""The studies in ``examples/``: whole, with tiny settings, on a bundled table."""

from __future__ import annotations

import csv
import sys
from functools import partial
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest

import lookalike as la
from lookalike.reports import Curves

EXAMPLES = Path(__file__).parents[2] / "examples"


def load(name: str, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    spec = spec_from_file_location(name, EXAMPLES / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    found = module_from_spec(spec)
    # Dataclasses look their module up by its name.
    monkeypatch.setitem(sys.modules, name, found)
    spec.loader.exec_module(found)
    return found


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let one monitor look instead of all, each of which is compiled."""
    whole = la.GAN.preset
    monkeypatch.setattr(la.GAN, "preset", partial(whole, monitors=["collapse"]))


@pytest.mark.usefixtures("quick")
@pytest.mark.train
@pytest.mark.slow
def test_the_study_of_batches_draws_its_comparison(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = load("reddy_batches", monkeypatch)
    settings = ["--rules", "fixed", "--widths", "8", "--batches", "64", "--epochs", "1"]
    study.main([*settings, "--out", str(tmp_path)])
    with (tmp_path / "runs.csv").open(encoding="utf-8") as file:
        (row,) = csv.DictReader(file)
    assert (row["rule"], row["width"], row["batch"], row["seed"]) == ("fixed", "8", "64", "0")
    assert row["verdict"]
    assert 0 < float(row["correlation_difference"]) <= 2
    images = {"losses-fixed.png", "heatmaps.png", "marginals.png", "correlations.png"}
    assert images <= {path.name for path in tmp_path.iterdir()}


@pytest.mark.usefixtures("quick")
@pytest.mark.train
@pytest.mark.slow
def test_the_path_is_drawn_and_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    study = load("leitner_2021_path", monkeypatch)
    study.main(["--steps", "leitner-dense-1", "--epochs", "1", "--out", str(tmp_path)])
    text = (tmp_path / "path.md").read_text(encoding="utf-8")
    assert text.count("leitner-dense-1") == 2
    assert "too weak" in text
    assert (tmp_path / "path.png").read_bytes().startswith(b"\x89PNG")
    assert "leitner-dense-1" in (tmp_path / "leitner-dense-1.html").read_text(encoding="utf-8")


def test_the_path_counts_the_words_of_several_seeds(monkeypatch: pytest.MonkeyPatch) -> None:
    study = load("leitner_2021_path", monkeypatch)
    words = ("settled", "collapsed", "settled")
    step = study.Step("a", "b", words, (), Curves((), {}), {"coverage": 0.5})
    assert step.verdict == "settled 2, collapsed 1"
    assert "| a | b | settled 2, collapsed 1 | – | 0.50 | – |" in study.markdown([step])


def test_what_the_path_shows_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    from lookalike.models._recipe import _USUAL_MONITORS
    from lookalike.training.monitors import MONITORS

    study = load("leitner_2021_path", monkeypatch)
    assert set(study.MEASURES) <= {m.name for n in _USUAL_MONITORS for m in MONITORS[n].measures}


def test_every_step_of_the_path_is_a_preset(monkeypatch: pytest.MonkeyPatch) -> None:
    from lookalike.models.presets import PRESETS

    study = load("leitner_2021_path", monkeypatch)
    named = [name.partition(", ") for name in study.PATH]
    assert {name for name, _, _ in named} == {n for n in PRESETS if n.startswith("leitner")}
    assert {change for _, _, change in named if change} == set(study.CHANGED)
