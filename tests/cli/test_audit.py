"""``lookalike audit``."""

from __future__ import annotations

import json


def parts(csv, tmp_path):
    """Divide the small table into rows that are learned and rows that are not."""
    head, *rows = csv.read_text().splitlines()
    paths = tmp_path / "train.csv", tmp_path / "control.csv"
    for path, some in zip(paths, (rows[:60], rows[60:]), strict=True):
        path.write_text("\n".join([head, *some]) + "\n")
    return paths


def test_a_copied_table_is_found(run, csv, tmp_path):
    train, control = parts(csv, tmp_path)
    page, file = tmp_path / "audit.html", tmp_path / "audit.json"
    done = run(
        *("audit", train, train, "--control", control, "--secret", "late"),
        *("--html", page, "--json", file),
    )
    assert done.code == 0
    assert "membership" in done.out
    assert "copies of learned rows" in done.out
    assert json.loads(file.read_text())["facts"]["secrets"] == ["late"]
    assert "What was not attacked" in page.read_text()


def test_wrong_calls_are_one_line(run, csv, tmp_path):
    train, control = parts(csv, tmp_path)
    for words, message in (
        (["--control", train], "must be different rows"),
        (["--control", control, "--secret", "lat"], "'late'"),
        (["--control", control, "--level", "2"], "give the fitted model"),
        ([], "--control"),
    ):
        done = run("audit", train, csv, *words)
        assert done.code == 2
        assert message in done.err


def test_a_private_model_shows_its_ledger(run, csv, tmp_path):
    model = tmp_path / "m.lookalike"
    done = run(
        *("fit", csv, "-o", model, "--model", "private", "--seed", 1),
        *("--set", "epsilon=2", "--set", "domain={'age': (18, 80), 'pay': (0, 4000)}"),
    )
    assert done.code == 0
    shown = run("info", model).out
    assert "ε = 2, δ = 1e-09 for one row" in shown
    assert "which columns go together" in shown
    wrong = run("fit", csv, "-o", model, "--model", "private", "--set", "epsilon=0")
    assert wrong.code == 2
    assert "epsilon" in wrong.err
