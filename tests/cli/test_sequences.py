"""Tests of ``lookalike evaluate`` for histories and series."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

Run = Callable[..., Any]


def histories(path: Path, seed: int) -> Path:
    random = np.random.default_rng(seed)
    table = pd.DataFrame(
        {
            "id": np.repeat(np.arange(40), 5),
            "t": np.tile(np.arange(5), 40),
            "x": random.normal(size=200),
        }
    )
    table.to_csv(path, index=False)
    return path


def test_histories_are_scored_from_files(run: Run, tmp_path: Path) -> None:
    real, other = (histories(tmp_path / f"{name}.csv", seed) for seed, name in enumerate("ab"))
    page = tmp_path / "page.html"
    words = ("--entity", "id", "--time", "t", "--metric", "coherence", "--html", page)
    result = run("evaluate", real, other, *words)
    assert result.code == 0
    assert "coherence" in result.out
    assert "How events follow each other" in page.read_text(encoding="utf-8")


def test_blocks_of_a_series_are_scored_as_json(run: Run, tmp_path: Path) -> None:
    real, other = (histories(tmp_path / f"{name}.csv", seed) for seed, name in enumerate("ab"))
    words = ("--window", "10", "--metric", "autocorrelation", "--json", "-")
    result = run("evaluate", real, other, *words)
    assert result.code == 0
    values = json.loads(result.out)
    assert list(values["scores"]) == ["autocorrelation"]
    assert values["summary"]["sequences"]["unit"] == "blocks"


def test_an_unknown_column_is_one_line(run: Run, tmp_path: Path) -> None:
    real = histories(tmp_path / "a.csv", 0)
    result = run("evaluate", real, real, "--entity", "ids")
    assert result.code == 2
    assert "there is no 'ids'. Did you mean 'id'?" in result.err


def test_presets_say_what_they_are_for_and_are_checked(run: Run, tmp_path: Path) -> None:
    presets = json.loads(run("info", "--presets", "--json").out)
    found = {name: presets[name]["data"] for name in ("timegan", "reddy", "dcgan")}
    assert found == {"timegan": "series", "reddy": "tables", "dcgan": "images"}
    data, model = histories(tmp_path / "a.csv", 0), tmp_path / "m.lookalike"
    result = run("fit", data, "-o", model, "--time", "t", "--entity", "id", "--preset", "timegam")
    assert result.code == 2
    assert "Did you mean 'timegan'?" in result.err
    words = ("--preset", "timegan", "--set", "engine=trees", "--set", "trees=2")
    assert run("fit", data, "-o", model, "--time", "t", "--entity", "id", *words).code == 0
