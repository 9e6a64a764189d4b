"""``lookalike boost``: the table and the answer, the files, and errors that come early."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Learn columns independently of each other, and try two models."""
    import lookalike.experiments._battery as battery
    from lookalike.models import Independent

    monkeypatch.setattr("lookalike.cli._boost._synthesizer", lambda *_, **__: Independent())
    names = ("Gaussian naive Bayes", "decision tree")
    monkeypatch.setattr(battery, "model_names", lambda _classes: names)


def test_a_gan_with_the_settings_given_is_tried(
    run: Run, csv: Path, small: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    monkeypatch.setattr(
        "lookalike.experiments.boost", lambda *_, **more: seen.append(more["synthesizer"]) or 1 / 0
    )
    run("boost", csv, "--target", "late", *small)
    run("boost", csv, "--target", "late", "--budget", "best")
    assert [type(model).__name__ for model in seen] == ["GAN", "GAN"]
    assert [(model.steps, model.width, model.budget) for model in seen] == [
        (8, 16, "fast"),
        (None, None, "best"),
    ]


@pytest.mark.usefixtures("quick")
def test_it_shows_every_arm_and_the_answer(run: Run, csv: Path, tmp_path: Path) -> None:
    out = tmp_path / "verdict.json"
    words = ["--target", "late", "--repeats", 2, "--factor", 0.5, "--replace", "--json", out]
    page = tmp_path / "verdict.html"
    records = tmp_path / "records.sqlite"
    result = run("boost", csv, *words, "--records", records, "--html", page)
    assert result.code == 0, result.err
    lines = result.out.splitlines()
    assert lines[0].split()[:3] == ["trained", "on", "roc_auc"]
    starts = [line.split("  ")[0] for line in lines[1:]]
    assert starts[:3] == ["real", "boosted +50 %", "replaced"]
    verdict = json.loads(out.read_text())
    assert verdict["answer"] in lines[-2:]
    assert "trying: " in result.err
    assert f"wrote {out}" in result.err
    assert verdict["answer"] in page.read_text(encoding="utf-8").replace("\u00a0", " ")


@pytest.mark.usefixtures("quick")
def test_json_to_standard_output_is_alone_there(run: Run, csv: Path) -> None:
    words = ["--target", "late", "--repeats", 2, "--no-controls", "--shrink", 0.5, "--json", "-"]
    result = run("boost", csv, *words)
    assert result.code == 0, result.err
    assert [row["share"] for row in json.loads(result.out)["table"]] == [0.5] * 4


@pytest.mark.usefixtures("quick")
def test_models_and_metrics_can_be_chosen(run: Run, csv: Path) -> None:
    words = ["--target", "late", "--repeats", 2, "--no-controls", "--json", "-"]
    chosen = ["--model", "decision tree", "--metric", "accuracy", "--metric", "f1"]
    result = run("boost", csv, *words, *chosen)
    assert result.code == 0, result.err
    verdict = json.loads(result.out)
    assert verdict["metric"] == "accuracy"
    assert verdict["facts"]["models"] == ["decision tree"]
    assert set(verdict["table"][0]["scores"]) == {"accuracy", "f1"}


@pytest.mark.usefixtures("quick")
def test_parts_can_be_asked_for_alone(run: Run, csv: Path) -> None:
    words = ["--target", "late", "--repeats", 2, "--no-boost", "--no-controls", "--json", "-"]
    found = []
    for more in (["--replace", "--test-size", 0.5], ["--shrink", 0.5, "--shrink", 1]):
        result = run("boost", csv, *words, *more)
        assert result.code == 0, result.err
        found.append(json.loads(result.out))
    assert [[row["arm"] for row in one["table"]] for one in found] == [
        ["real", "replaced"],
        ["real", "real"],
    ]
    assert [one["facts"]["test_size"] for one in found] == [0.5, 0.2]


@pytest.mark.usefixtures("quick")
def test_failures_can_be_tried_again(
    run: Run, csv: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    monkeypatch.setattr(
        "lookalike.experiments.boost", lambda *_, **more: seen.append(more["retry"]) or 1 / 0
    )
    for more in ([], ["--retry"]):
        run("boost", csv, "--target", "late", "--records", tmp_path / "records.sqlite", *more)
    assert seen == [False, True]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--target", "lat"], "Did you mean 'late'?"),
        (["--target", "late", "--repeats", "1"], "repeats must be"),
        (["--target", "late", "--factor", "0"], "factors must be"),
        (["--target", "late", "--factor", "1", "--no-boost"], "--factor or --no-boost, not both"),
        (["--target", "late", "--no-boost"], "nothing to compare"),
        (["--target", "late", "--test-size", "1"], "test_size must be"),
        (["--target", "late", "--shrink", "2"], "shares must be"),
        (["--target", "late", "--budget", "quick"], "budget must be"),
        (["--target", "late", "--jobs", "0"], "n_jobs must be"),
        (["--target", "late", "--preset", "leitner"], "There is no preset 'leitner'"),
        (["--target", "late", "--preset", "reddy", "--budget", "fast"], "not both"),
        (["--target", "late", "--set", "stepps=3"], "There is no parameter 'stepps'"),
        (["--target", "late", "--preset", "reddy", "--set", "epochs=0"], "epochs must be"),
        (["--target", "late", "--model", "decision trees"], "Did you mean 'decision tree'?"),
        (["--target", "late", "--metric", "auc"], "There is no metric 'auc'"),
        (["--target", "late", "--group", "nope"], "groups must be a column"),
        ([], "--target"),
    ],
)
def test_wrong_calls_end_at_once(run: Run, csv: Path, words: list[str], message: str) -> None:
    result = run("boost", csv, *words)
    assert (result.code, result.out) == (2, "")
    assert message in result.err
    assert len(result.errors) <= 2


def test_records_must_not_overwrite_the_data(run: Run, csv: Path) -> None:
    before = csv.read_bytes()
    result = run("boost", csv, "--target", "late", "--records", csv)
    assert result.code == 2
    assert csv.read_bytes() == before
