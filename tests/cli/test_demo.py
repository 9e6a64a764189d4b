"""The demo, with a short training."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow.csv as pacsv
import pytest

import lookalike


@pytest.mark.train
def test_demo_writes_rows_a_model_and_a_report(
    run: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick: dict[str, Any] = {
        "width": 16,
        "depth": 1,
        "batch_size": 32,
        "training": {"penalty": None},
    }
    small = partial(lookalike.GAN, **quick, monitors=False, held_out=0.0, refine={"correct": False})
    monkeypatch.setattr("lookalike.models.GAN", small, raising=False)
    monkeypatch.setattr("lookalike.cli._demo._STEPS", 8)
    penguins = lookalike.datasets.load("penguins", kind="pyarrow")
    out = tmp_path / "a" / "folder"
    result = run("demo", "--out", out)
    assert result.code == 0, result.err
    names = ["model.lookalike", "report.html", "synthetic.csv"]
    assert sorted(path.name for path in out.iterdir()) == names
    rows = pacsv.read_csv(out / "synthetic.csv")
    assert rows.column_names == penguins.column_names
    assert rows.num_rows == 275
    assert lookalike.load(out / "model.lookalike").target_ == "species"
    for words in ("c2st", "independent", "report.html", "lookalike fit"):
        assert words in result.out
    assert "1/3" in result.err
    assert "3/3" not in result.out
