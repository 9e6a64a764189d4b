"""``lookalike function`` from a formula to a folder of results."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow.csv as pacsv
import pytest
from PIL import Image

import lookalike
from lookalike.datasets.functions import FUNCTIONS
from lookalike.experiments import FunctionRun
from lookalike.reports import figures
from lookalike.tables import write_table

Run = Callable[..., Any]
SMALL = ["--points", 64, "--set", "steps=8", "--set", "width=16", "--set", "depth=1"]
FLAT = {
    "accuracies.png",
    "accuracy.json",
    "collapse.png",
    "convergence.png",
    "diversity.png",
    "losses.png",
    "model.lookalike",
    "points.csv",
    "points.png",
    "rate.png",
    "report.csv",
    "report.html",
    "training.gif",
}


def names(folder: Path) -> set[str]:
    """Return the names of the files in a folder."""
    return {path.name for path in folder.iterdir()}


@pytest.mark.slow
@pytest.mark.train
def test_formula_of_two_variables(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # tests/reports/test_function_figures.py counts the views of a whole turn
    turn = partial(figures.function_rotation, frames=3)
    monkeypatch.setattr(figures, "function_rotation", turn)
    out = tmp_path / "a" / "folder"
    ranges = ["--range", "x=-pi:pi", "--range", "y=-2:2"]
    result = run("function", "sin(x)*y", *ranges, *SMALL, "--noise", 0.01, "--out", out)
    assert result.code == 0, result.err
    assert names(out) == FLAT | {"rotation.gif"}
    points = pacsv.read_csv(out / "points.csv")
    assert points.column_names == ["x", "y", "value"]
    assert points.num_rows == 64
    report = pacsv.read_csv(out / "report.csv")
    assert report["step"].to_pylist() == [4, 8]
    assert {"epoch", "D loss real", "mode collapse"} < set(report.column_names)
    assert None not in report.to_pylist()[-1].values()
    model = lookalike.load(out / "model.lookalike")
    assert model.sample(64).column_names == ["x", "y", "value"]
    for words in ("D loss real", "error of the value", "cells of the domain", "the target"):
        assert words in result.out
    page = (out / "report.html").read_text(encoding="utf-8")
    assert page.count("<img") == 3
    assert page.count("data:image/gif") == 2
    for words in ("the target", "error of the value", "D learning rate", "The game", "report.csv"):
        assert words in page
    assert 'src="http' not in page
    for picture in out.glob("*.[pg][ni][gf]"):
        Image.open(picture).verify()


@pytest.mark.slow
@pytest.mark.train
def test_the_folder_says_what_was_measured(run: Run, tmp_path: Path) -> None:
    result = run("function", "spiral", "--range", "t=0:6", *SMALL, "--out", tmp_path, "--quiet")
    assert (result.code, result.err) == (0, "")
    assert names(tmp_path) == FLAT
    facts = json.loads((tmp_path / "accuracy.json").read_text())
    assert facts["function"] == "spiral"
    assert facts["ranges"] == {"t": [0.0, 6.0]}
    assert facts["accuracy"]["vertical"] is None
    assert facts["accuracy"]["nearest"] > facts["held_out_points"]["nearest"]
    assert facts["held_out_points"]["coverage"] == 1
    assert f"{100 * facts['accuracy']['nearest']:.2f} %" in result.out
    with Image.open(tmp_path / "training.gif") as film:
        assert film.n_frames >= 2


@pytest.mark.train
def test_the_same_seed_gives_the_same_points(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def points_alone(found: FunctionRun, out: Path) -> None:
        write_table(found.generated, str(out / "points.csv"))

    monkeypatch.setattr("lookalike.cli._function._write", points_alone)
    for folder, seed in (("a", 1), ("b", 1), ("c", 2)):
        words = ["function", "line", *SMALL, "--seed", seed, "--out", tmp_path / folder]
        assert run(*words).code == 0
    a, b, c = ((tmp_path / folder / "points.csv").read_bytes() for folder in "abc")
    assert a == b != c


@pytest.mark.train
def test_preset(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_pictures(found: FunctionRun, out: Path) -> None:
        write_table(found.report, str(out / "report.csv"))
        found.model.save(out / "model.lookalike")

    monkeypatch.setattr("lookalike.cli._function._write", no_pictures)
    words = ["--preset", "joshi-2d", "--points", 64, "--steps", 4, "--out", tmp_path, "--quiet"]
    result = run("function", "x**2", *words)
    assert result.code == 0, result.err
    assert lookalike.load(tmp_path / "model.lookalike").batch_size == 10
    assert pacsv.read_csv(tmp_path / "report.csv")["points generated"].to_pylist()[-1] == 40


def test_list(run: Run) -> None:
    result = run("function", "--list")
    assert result.code == 0
    assert result.err == ""
    lines = result.out.splitlines()
    assert [line.split()[0] for line in lines] == ["name", *FUNCTIONS]
    assert "distance 0:40.77 m" in result.out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["function"], "--list"),
        (["function", "spirl"], "'spiral'"),
        (["function", "__import__('os').system('true')"], "is none of them"),
        (["function", "().__class__"], "not arithmetic"),
        (["function", "sni(x)"], "'sin'"),
        (["function", "log(x)"], "x from -3 to"),
        (["function", "1/x"], "with x at 0"),
        (["function", "tan(x)"], "x from -1.571 to 1.571"),
        (["function", "x**2", "--range", "y=0:1"], "no variable 'y'"),
        (["function", "x**2", "--range", "x=0"], "V=LO:HI"),
        (["function", "x**2", "--range", "0:1"], "V=LO:HI"),
        (["function", "x**2", "--range", "x=a:1"], "'a'"),
        (["function", "x**2", "--range", "x=1:0"], "range of 'x'"),
        (["function", "x**2", "--points", "3"], "points"),
        (["function", "x**2", "--noise", "-1"], "noise"),
        (["function", "x**2", "--preset", "joshi-4d"], "'joshi-3d'"),
        (["function", "x**2", "--set", "stepz=3"], "'steps'"),
        (["function", "x**2", "--steps", "0"], "steps"),
    ],
)
def test_bad_calls_are_refused(
    run: Run, tmp_path: Path, words: list[str], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = run(*words)
    assert (result.code, result.out) == (2, ""), result.err
    assert len(result.errors) == 1
    assert said in result.err
    assert not list(tmp_path.rglob("*.*"))


def test_unwritable_folder_is_found_before_the_work(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: object, **__: object) -> None:
        raise AssertionError("the output was not checked first")

    monkeypatch.setattr("lookalike.experiments.learn_function", never)
    (tmp_path / "file").write_text("")
    (tmp_path / "folder" / "points.csv").mkdir(parents=True)
    assert run("function", "line", "--out", tmp_path / "file").code == 2
    assert run("function", "line", "--out", tmp_path / "folder").code == 2
