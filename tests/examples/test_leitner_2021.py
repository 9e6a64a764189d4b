"""The scripts that repeat the thesis of Leitner 2021 run, and its defects are what they say."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from sklearn.linear_model import LogisticRegression

import lookalike as la
from lookalike.nn.penalties import PENALTIES, Interpolated

FOLDER = Path(__file__).parents[2] / "examples" / "leitner_2021"
Load = Callable[[str], ModuleType]


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch) -> Load:
    """Return a loader of scripts, with penalties and modules put back afterwards."""
    monkeypatch.syspath_prepend(str(FOLDER))
    monkeypatch.setitem(PENALTIES, "broadcast", Interpolated)  # taken out again afterwards
    for name in ("thesis", "replication", "defects", "search"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    return importlib.import_module


@pytest.fixture
def titanic(tmp_path: Path) -> Path:
    """Return a file in the form of the Titanic data: invented passengers."""
    rng = np.random.default_rng(0)
    rows = 60
    survived = (rng.random(rows) < 0.4).astype(float)
    frame = pd.DataFrame(
        {
            "pclass": rng.integers(1, 4, rows),
            "survived": survived,
            "name": [f"passenger {k}" for k in range(rows)],
            "sex": rng.choice(["female", "male"], rows),
            "age": np.where(rng.random(rows) < 0.1, np.nan, 30 + 5 * rng.normal(size=rows)),
            "sibsp": rng.integers(0, 3, rows),
            "parch": rng.integers(0, 3, rows),
            "fare": np.exp(rng.normal(size=rows)) + 5 * survived,
            "embarked": rng.choice(["S", "C", "Q"], rows),
        }
    )
    path = tmp_path / "titanic.csv"
    pd.concat([frame, frame.iloc[:1].assign(survived=np.nan)]).to_csv(path, index=False)
    return path


def run(module: ModuleType, monkeypatch: pytest.MonkeyPatch, *words: Any) -> None:
    """Run a script's main function with words of a command line."""
    monkeypatch.setattr(sys, "argv", [module.__name__, *map(str, words)])
    module.main()


def test_tables_are_prepared_as_the_thesis_says(load: Load, titanic: Path, tmp_path: Path) -> None:
    thesis = load("thesis")
    passengers = thesis.titanic(titanic)
    assert passengers.shape == (60, 8)
    assert not {"name", "survived"} & set(passengers.columns)
    wines = pd.DataFrame({"type": ["red", "white"], "pH": [3.1, 3.2], "quality": [6, 7]})
    wines.to_csv(tmp_path / "wine.csv", index=False)
    assert thesis.wine(tmp_path / "wine.csv")[thesis.TARGET].tolist() == [0, 1]
    for words, codes in ((["tested_negative", "tested_positive"], [0, 1]), ([1, 0], [1, 0])):
        pd.DataFrame({"plas": [1, 2], "class": words}).to_csv(tmp_path / "d.csv", index=False)
        assert thesis.diabetes(tmp_path / "d.csv")[thesis.TARGET].tolist() == codes


def test_published_accuracies_are_the_thesis_s(load: Load) -> None:
    thesis = load("thesis")
    real, boosted, replaced = thesis.published("wine")
    assert (real["dense network"], boosted["dense network"]) == (1065 / 1300, 1069 / 1300)
    assert all(replaced[model] < real[model] - 0.35 for model in thesis.MODELS)


def test_the_replication_prints_both_beside_each_other(
    load: Load,
    titanic: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    script = load("replication")
    monkeypatch.setattr("thesis.synthesizer", lambda *_, **__: la.Independent())
    words = ["--titanic", titanic, "--out", tmp_path, "--repeats", 2, "--synthesizers", "default"]
    run(script, monkeypatch, *words, "--models", "decision tree", "Gaussian naive Bayes")
    text = (tmp_path / "results.md").read_text(encoding="utf-8")
    assert text in capsys.readouterr().out
    assert "| decision tree | 0.756 | 0.760 | 0.489 |" in text
    assert "thesis 15.6" in text  # the mean of 26.7 and 4.6 points
    assert (tmp_path / "titanic-default.html").is_file()


@pytest.mark.train
@pytest.mark.slow
def test_the_search_runs_within_boost(
    load: Load,
    titanic: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    script = load("search")
    monkeypatch.setattr("thesis.synthesizer", lambda *_, **__: la.Independent())
    small = {"layers": [1], "units": [8], "learning_rate": [1e-2], "dropout": [0.2, 0.5]}
    monkeypatch.setattr(script, "GRID", small)
    words = ["--titanic", titanic, "--out", tmp_path, "--repeats", 2, "--grid"]
    more = ["--network-epochs", 2, "--shares", 1, "--factors", 0.5]
    run(script, monkeypatch, *words, *more)
    assert "boosted +50 %" in capsys.readouterr().out


def test_the_search_space_is_the_thesis_s(load: Load) -> None:
    search = load("search").random_search(200)
    drawn = [dict(one) for one in search_candidates(search)]
    for name, low, high in (
        ("layers", 1, 8),
        ("units", 1, 100),
        ("learning_rate", 3e-4, 3e-2),
        ("dropout", 0.2, 0.6),
    ):
        values = [one[name] for one in drawn]
        assert low <= min(values) < max(values) <= high
    assert {one["activation"] for one in drawn} == {"elu", "selu", "relu"}
    for one in drawn[:3]:
        search.estimator.set_params(**one)._check_parameters()


@pytest.mark.train
@pytest.mark.slow
def test_the_random_space_is_fitted(load: Load) -> None:
    script = load("search")
    rng = np.random.default_rng(0)
    inputs = rng.normal(size=(60, 3))
    search = script.random_search(2, epochs=2)
    search.fit(inputs, (inputs[:, 0] > 0).astype(int))
    tried = search.cv_results_["params"]
    assert len({one["learning_rate"] for one in tried}) == 2
    assert search.best_params_ in tried
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    assert search.predict_proba(inputs).shape == (60, 2)


def search_candidates(search: Any) -> list[dict[str, Any]]:
    """Return the settings that a search would try."""
    from sklearn.model_selection import ParameterSampler

    return list(ParameterSampler(search.param_distributions, search.n_iter, random_state=0))


@pytest.mark.train
@pytest.mark.slow
def test_labels_cut_at_zero_are_nearly_all_ones(load: Load) -> None:
    defects = load("defects")
    rng = np.random.default_rng(0)
    rows = pa.table({"x": rng.normal(size=60), "label": rng.choice(["no", "yes"], 60)})
    shares = {}
    small = {"steps": 4, "width": 8, "depth": 1, "held_out": 0.0, "monitors": False}
    small |= {"refine": {"calibrate": False, "correct": False}, "conditions": False}
    small |= {"encodings": {"label": "standard"}, "training": {"penalty": None}}
    model = defects.NumberLabels(**small, random_state=0)
    model.fit(rows, target="label", kinds={"label": "categorical"})
    for kind in (defects.NumberLabels, defects.LabelsCutAtZero):
        model.__class__ = kind  # the same numbers, cut elsewhere
        made = np.array(model.sample(200)["label"].to_pylist())
        assert set(made) <= {"no", "yes"}
        shares[kind] = np.mean(made == "yes")
    assert shares[defects.LabelsCutAtZero] > shares[defects.NumberLabels] + 0.1


@pytest.mark.slow
def test_the_broadcast_penalty_draws_slopes_to_too_little(load: Load) -> None:
    broadcast = load("defects").Broadcast(weight=1.0)
    rows = jax.random.normal(jax.random.key(0), (32, 5))

    def penalties(slope: float) -> list[float]:
        weights = jnp.full(5, slope / 5**0.5)  # a linear critic of this slope
        found = (Interpolated(weight=1.0), broadcast)
        return [float(one(lambda x: x @ weights, rows, -rows, jax.random.key(1))) for one in found]

    assert penalties(1.0) == pytest.approx([0.0, (32**0.5 - 1) ** 2], rel=1e-4, abs=1e-6)
    assert penalties(32**-0.5)[1] == pytest.approx(0.0, abs=1e-6)


def test_scalers_that_are_fitted_again_move_held_out_rows(load: Load) -> None:
    wrapped = load("defects").RescaledByItself(LogisticRegression())
    rng = np.random.default_rng(0)
    inputs = np.column_stack([rng.normal(size=200), rng.integers(0, 2, 200)])
    labels = (inputs[:, 0] > 0).astype(int)
    wrapped.fit(inputs, labels)
    high = inputs[inputs[:, 0] > 0]
    assert wrapped.model_.predict(high).mean() > 0.95
    assert wrapped.predict(high).mean() < 0.8  # moved to a mean of 0
    moved = wrapped._scaled(high)
    np.testing.assert_array_equal(moved[:, 1], high[:, 1])  # levels are not scaled
