"""Tests of ``lookalike stress``."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from lookalike.cli import main


@pytest.fixture
def files(tmp_path, monkeypatch):
    random = np.random.default_rng(0)
    x = random.normal(size=600)
    rows = pd.DataFrame(
        {"x": x, "z": random.normal(size=600), "y": x + random.normal(size=600) > 0}
    )
    rows[:300].to_csv(tmp_path / "train.csv", index=False)
    rows[300:].to_csv(tmp_path / "rows.csv", index=False)
    (tmp_path / "spec.toml").write_text(
        '[[step]]\nname = "wrong_units"\ncolumn = "x"\nshare = 1\nfactor = -1\n', encoding="utf-8"
    )
    monkeypatch.chdir(tmp_path)
    return tmp_path


QUICK = ("--repeats", "4", "--dial", "0,1", "--target", "y")


def test_trees_are_trained_and_stressed(files, capsys) -> None:
    words = ["stress", "rows.csv", "spec.toml", "--train", "train.csv", *QUICK]
    assert main([*words, "--json", "report.json", "--html", "report.html"]) == 0
    shown = capsys.readouterr().out
    assert "roc_auc" in shown
    assert "The model breaks at dial 1" in shown
    found = json.loads((files / "report.json").read_text(encoding="utf-8"))
    assert found["breaks"] == 1
    assert "<svg" in (files / "report.html").read_text(encoding="utf-8")


def test_a_model_of_ones_own_code_is_imported_from_the_folder(files, capsys) -> None:
    (files / "my_stressed_model.py").write_text(
        "def score(rows):\n    return rows['z']\n", encoding="utf-8"
    )
    words = ["stress", "rows.csv", "spec.toml", *QUICK, "--positive", "True"]
    assert main([*words, "--model", "my_stressed_model:score", "--metric", "roc_auc"]) == 0
    assert "breaks" not in capsys.readouterr().out
    assert main([*words, "--model", "my_stressed_model:scores"]) == 2
    assert "Did you mean 'score'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "Give --model"),
        (("--model", "model.joblib"), "would run any code"),
        (("--model", "nomodule_at_all:x"), "no module 'nomodule_at_all'"),
        (("--model", "nocolon"), "named MODULE:NAME"),
        (("--train", "train.csv", "--dial", "0,x"), "--dial takes numbers"),
        (("--train", "train.csv", "--positive", "perhaps"), "must be a class"),
    ],
)
def test_a_wrong_call_is_one_line(files, capsys, words, message) -> None:
    assert main(["stress", "rows.csv", "spec.toml", "--target", "y", *words]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert "Traceback" not in error
