"""Adversarial random forests: exact probabilities, conditions, and what they never repeat."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lookalike import AdversarialForest, load
from lookalike._core.errors import ModelFileError
from lookalike.models._adversarial_trees import AdversarialGrowth, Round
from lookalike.models._density_forest import DensityForest
from lookalike.testing import synthesizer_checks

ROWS = 2_000
SIZES = (5, 3, 4)
PLAIN = {"calibrate": False, "correct": False}


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    x = rng.normal(size=ROWS)
    y = np.abs(x) + 0.2 * rng.normal(size=ROWS)
    c = np.where((x > 0) ^ (rng.random(ROWS) < 0.1), "up", "down")
    w = np.where(rng.random(ROWS) < np.where(c == "up", 0.4, 0.05), np.nan, x * y)
    return pd.DataFrame({"x": x, "y": y, "c": c, "w": w})


@pytest.fixture(scope="module")
def model(table: pd.DataFrame) -> AdversarialForest:
    return AdversarialForest(refine=PLAIN, derive=False, random_state=0).fit(table)


@pytest.fixture(scope="module")
def rounds() -> list[Round]:
    return []


@pytest.fixture(scope="module")
def states() -> np.ndarray:
    rng = np.random.default_rng(0)
    a, b = rng.integers(0, 5, 600), rng.integers(0, 3, 600)
    c = np.where(rng.random(600) < 0.7, (a + b) % 4, rng.integers(0, 4, 600))
    return np.stack([a, b, c], axis=1)


@pytest.fixture(scope="module")
def forest(states: np.ndarray, rounds: list[Round]) -> DensityForest:
    ranks = (np.arange(5), np.array([2, 0, 1]), np.arange(4))
    growth = AdversarialGrowth(4, 5, 2, 3, SIZES, ranks, 0)
    return growth.grown(states, rounds.append)


@pytest.fixture(scope="module")
def every(forest: DensityForest) -> tuple[np.ndarray, np.ndarray]:
    """All rows of states, and their probabilities."""
    rows = np.stack(np.meshgrid(*map(np.arange, SIZES), indexing="ij"), axis=-1).reshape(-1, 3)
    return rows, np.exp(forest.log_probabilities(rows))


@pytest.mark.parametrize(
    "check",
    [
        pytest.param(check, id=name)
        for name, check in synthesizer_checks(
            AdversarialForest(trees=3, rounds=2, refine={"correct": False}, random_state=0)
        )
    ],
)
def test_contract(check: Callable[[], None]) -> None:
    check()


def test_probabilities_of_all_rows_add_up(every: tuple[np.ndarray, np.ndarray]) -> None:
    assert every[1].sum() == pytest.approx(1.0, abs=1e-6)
    assert (every[1] > 0).all()


@pytest.mark.parametrize(
    "evidence",
    [
        {},
        {2: np.array([[0.0, 1.0, 0.0, 0.0]])},
        {0: np.array([[1.0, 0.5, 0.0, 0.0, 2.0]]), 2: np.array([[0.0, 0.0, 1.0, 1.0]])},
    ],
    ids=["ordinary", "a known cell", "weights of two"],
)
def test_rows_are_drawn_with_their_exact_probabilities(
    forest: DensityForest, every: tuple[np.ndarray, np.ndarray], evidence: dict[int, np.ndarray]
) -> None:
    rows, chances = every
    for v, weights in evidence.items():
        chances = chances * weights[0, rows[:, v]]
    n = 200_000
    drawn = forest.drawn(evidence, np.random.default_rng(1).random((n, 4)))
    shares = np.bincount(drawn @ [12, 4, 1], minlength=60) / n
    np.testing.assert_allclose(shares, chances / chances.sum(), atol=0.004)


def test_a_row_does_not_depend_on_the_evidence_of_others(forest: DensityForest) -> None:
    uniforms = np.random.default_rng(2).random((700, 4))
    weights = np.random.default_rng(3).random((700, 4)) + 0.01
    together = forest.drawn({2: weights}, uniforms)
    some = slice(300, 310)
    np.testing.assert_array_equal(forest.drawn({2: weights[some]}, uniforms[some]), together[some])


def test_rounds_end_with_a_guess_or_when_left_out_rows_become_less_likely(
    forest: DensityForest, rounds: list[Round]
) -> None:
    likely = [found.likelihood for found in rounds]
    assert rounds[0].accuracy > 0.6
    assert len(likely) == 3 or rounds[-1].accuracy <= 0.51 or likely[-1] <= max(likely[:-1])
    best = rounds[int(np.argmax(likely))].forest
    assert [len(t.tree.splits) for t in forest.trees] == [len(t.tree.splits) for t in best.trees]


def test_dependence_of_any_shape_is_learned(table: pd.DataFrame, model: AdversarialForest) -> None:
    made = model.sample(20_000)
    real, own = (
        f.assign(s=f["x"].abs())[["s", "y"]].corr("spearman").iloc[0, 1] for f in (table, made)
    )
    assert own > 0.6 * real
    real, own = (f["w"].isna().groupby(f["c"]).mean() for f in (table, made))
    np.testing.assert_allclose(own, real, atol=0.08)


def test_no_training_row_is_stored_or_drawn(table: pd.DataFrame, model: AdversarialForest) -> None:
    assert not np.isin(model.sample(20_000)["x"], table["x"]).any()
    cells = model._forest.trees[0].cells
    # Within every leaf, each column is sorted by itself: rows cannot be put together again.
    tree = model._forest.trees[0].tree
    for first, after in tree.ends[tree.splits < 0]:
        assert after - first >= 2
        assert (np.diff(cells[first:after].astype(int), axis=0) >= 0).all()


def test_conditions_are_met_by_the_weights_of_leaves(
    table: pd.DataFrame, model: AdversarialForest
) -> None:
    made = model.sample(4_000, given={"c": "up", "y": (1.0, None)})
    assert (made["c"] == "up").all()
    assert made["y"].min() >= 1.0
    real = table[(table["c"] == "up") & (table["y"] >= 1.0)]
    assert made["x"].mean() == pytest.approx(real["x"].mean(), abs=0.25)
    rare = model.sample(50, given={"x": (2.2, None)})
    assert rare["x"].min() >= 2.2


def test_unusual_rows_are_unlikely(table: pd.DataFrame, model: AdversarialForest) -> None:
    odd = table.head(200).assign(y=table["y"].max() - table["y"].head(200))
    assert model.log_prob(table.head(200)).mean() > model.log_prob(odd).mean() + 0.5


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame({"c": np.arange(30_000).astype(str), "k": "a"}).iloc[np.arange(60_000) // 2],
        pd.DataFrame({"x": [1e300, -1e300, 0.0, np.nan] * 10, "k": ["a", "b"] * 20}),
        pd.DataFrame({"x": [1.5] * 2, "c": ["a"] * 2}),
        pd.DataFrame({"x": [1.0]}),
        pd.DataFrame({"a": ["u", "v"] * 20, "b": ["s"] * 40, "c": [True, False] * 20}),
    ],
    ids=["30,000 levels", "huge numbers", "two equal rows", "one cell", "only levels"],
)
@pytest.mark.filterwarnings("ignore:No value of 'x' occurs")
def test_ugly_tables(frame: pd.DataFrame) -> None:
    kinds = {"c": "categorical"} if len(frame) > 50_000 else None
    model = AdversarialForest(random_state=0, trees=2, refine=PLAIN).fit(frame, kinds=kinds)
    made = model.sample(60)
    assert list(made.columns) == list(frame.columns)
    assert len(made) == 60


@pytest.mark.parametrize("name", ["nodes", "splits", "limits", "right", "ends", "cells", "ranks"])
def test_damaged_arrays_are_refused(
    model: AdversarialForest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    state = model._state()
    key = f"forest/{name}"
    state.arrays[key] = state.arrays[key] - 77
    monkeypatch.setattr(model, "_state", lambda: state)
    model.save(tmp_path / "m.lookalike")
    with pytest.raises(ModelFileError, match=r"damaged|fit together"):
        load(tmp_path / "m.lookalike")
