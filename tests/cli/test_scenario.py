"""Tests of ``lookalike scenario``."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

from lookalike.models import Independent

Run = Callable[..., Any]
SPEC = """
[[step]]
name = "missing"
column = "x"
share = 0.25

[[step]]
name = "duplicates"
share = 0.5
"""


def written(tmp_path: Path, text: str = SPEC) -> tuple[Path, Path]:
    spec, data = tmp_path / "spec.toml", tmp_path / "data.csv"
    spec.write_text(text, encoding="utf-8")
    pd.DataFrame({"x": [1.5, 2.5, 3.5, 4.5] * 5, "y": list("abcd") * 5}).to_csv(data, index=False)
    return spec, data


def test_rows_labels_and_a_manifest_are_written(run: Run, tmp_path: Path) -> None:
    spec, data = written(tmp_path)
    out = tmp_path / "bad.csv"
    result = run("scenario", spec, "--from", data, "-o", out, "--seed", "3")
    assert result.code == 0
    assert "missing: 5 changes" in result.out
    assert len(pd.read_csv(out)) == 30
    labels = pd.read_csv(f"{out}.labels.csv")
    assert set(labels["kind"]) == {"missing", "duplicates"}
    manifest = json.loads(Path(f"{out}.manifest.json").read_text(encoding="utf-8"))
    assert manifest["seed"] == 3
    assert [step["name"] for step in manifest["steps"]] == ["missing", "duplicates"]


def test_rows_of_a_model_are_changed(run: Run, tmp_path: Path) -> None:
    spec, data = written(tmp_path)
    Independent(random_state=0).fit(data).save(tmp_path / "m.lookalike")
    out = tmp_path / "bad.parquet"
    words = ("scenario", spec, "--from", tmp_path / "m.lookalike", "-o", out)
    assert run(*words, "-n", "40").code == 0
    assert len(pd.read_parquet(out)) == 60
    assert run(*words).code == 2


def test_bad_specs_are_one_line(run: Run, tmp_path: Path) -> None:
    for text, words in (
        ("[[step]\n", "is no scenario in TOML"),
        ("seed = 1\n", "nothing else"),
        ("", "a list of steps"),
        ('[[step]]\nname = "mising"\n', "Did you mean 'missing'"),
        ('[[step]]\nname = "missing"\ncolumn = "z"\nshare = 0.1\n', "there is no 'z'"),
    ):
        spec, data = written(tmp_path, text)
        result = run("scenario", spec, "--from", data, "-o", tmp_path / "out.csv")
        assert (result.code, words in result.err) == (2, True), result.err
        assert not (tmp_path / "out.csv").exists()


def test_weights_of_a_rare_event_are_written(run: Run, tmp_path: Path) -> None:
    text = '[[step]]\nname = "rare_event"\nwhere = {y = "a"}\nrate = 0.5\n'
    spec, data = written(tmp_path, text)
    out = tmp_path / "rare.csv"
    assert run("scenario", spec, "--from", data, "-o", out).code == 0
    rows, weights = pd.read_csv(out), pd.read_csv(f"{out}.weights.csv")["weight"]
    assert (rows["y"] == "a").sum() == 10
    assert abs(weights.sum() - 20) < 1e-9
    assert weights[rows["y"] == "a"].nunique() == 1


def test_numbers_of_a_file_are_numbers(run: Run, tmp_path: Path) -> None:
    text = '[[step]]\nname = "wrong_units"\ncolumn = "x"\nshare = 1\nfactor = 10\n'
    spec, data = written(tmp_path, text)
    assert run("scenario", spec, "--from", data, "-o", tmp_path / "out.csv").code == 0
    assert pd.read_csv(tmp_path / "out.csv")["x"].tolist() == [15.0, 25.0, 35.0, 45.0] * 5
