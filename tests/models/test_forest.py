"""Sequential trees: their probabilities, what they learn, and what they never repeat."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lookalike import Forest, load
from lookalike._core.errors import ModelFileError
from lookalike.models._column_trees import ColumnTrees, Growth
from lookalike.testing import synthesizer_checks

ROWS = 3_000
PLAIN = {"calibrate": False, "correct": False}


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    x = rng.normal(size=ROWS)
    # y depends on the size of x, c on both: no correlation tells either.
    y = np.abs(x) + 0.2 * rng.normal(size=ROWS)
    c = np.where((x > 0) ^ (rng.random(ROWS) < 0.1), "up", "down")
    w = np.where(rng.random(ROWS) < np.where(c == "up", 0.4, 0.05), np.nan, x * y)
    return pd.DataFrame({"x": x, "y": y, "c": c, "w": w})


@pytest.fixture(scope="module")
def model(table: pd.DataFrame) -> Forest:
    return Forest(refine=PLAIN, derive=False, random_state=0).fit(table)


@pytest.mark.parametrize(
    "check",
    [
        pytest.param(check, id=name)
        for name, check in synthesizer_checks(
            Forest(trees=2, refine={"correct": False}, random_state=0)
        )
    ],
)
def test_contract(check: Callable[[], None]) -> None:
    check()


def test_dependence_of_any_shape_is_learned(table: pd.DataFrame, model: Forest) -> None:
    made = model.sample(20_000)
    for frame in (table, made):
        frame["|x|"] = frame["x"].abs()
    real, own = (f[["|x|", "y"]].corr("spearman").iloc[0, 1] for f in (table, made))
    assert own == pytest.approx(real, abs=0.05)
    real, own = (f.groupby("c")["x"].mean() for f in (table, made))
    np.testing.assert_allclose(own, real, atol=0.1)
    real, own = (f["w"].isna().groupby(f["c"]).mean() for f in (table, made))
    np.testing.assert_allclose(own, real, atol=0.04)


def test_no_number_of_a_training_row_comes_out(table: pd.DataFrame, model: Forest) -> None:
    made = model.sample(20_000)
    assert not np.isin(made["x"], table["x"]).any()
    stored = np.concatenate([np.ravel(a).astype(float) for a in model._state().arrays.values()])
    assert not np.isin(table["x"], stored).any()


@pytest.fixture(scope="module")
def states() -> np.ndarray:
    rng = np.random.default_rng(0)
    a, b = rng.integers(0, 5, 600), rng.integers(0, 3, 600)
    c = np.where(rng.random(600) < 0.7, (a + b) % 4, rng.integers(0, 4, 600))
    return np.stack([a, b, c], axis=1)


def grown(states: np.ndarray, **options: object) -> ColumnTrees:
    rng = np.random.default_rng(0)
    ordered = [True, False, True]
    return ColumnTrees.fit(states, 2, [0, 1], [5, 3, 4], ordered, Growth(3, 5), rng, **options)


def test_states_are_drawn_with_their_probabilities(states: np.ndarray) -> None:
    trees = grown(states)
    every = np.stack(np.meshgrid(*map(np.arange, (5, 3, 4)), indexing="ij"), axis=-1).reshape(-1, 3)
    chances = np.exp(trees.log_probabilities(states, every, 2)).reshape(15, 4)
    np.testing.assert_allclose(chances.sum(axis=1), 1.0)
    rows = np.repeat(every[::4], 20_000, axis=0)
    drawn = trees.drawn(rows, np.random.default_rng(1).random((len(rows), 3))).reshape(15, -1)
    counted = np.stack([(drawn == k).mean(axis=1) for k in range(4)], axis=1)
    np.testing.assert_allclose(counted, chances, atol=0.012)
    assert np.abs(chances - chances.mean(axis=0)).max() > 0.3


def test_one_balanced_row_is_drawn_by_any_tree(states: np.ndarray) -> None:
    trees = grown(states[:200])  # few rows, so that trees differ
    every = np.stack(np.meshgrid(*map(np.arange, (5, 3, 4)), indexing="ij"), axis=-1).reshape(-1, 3)
    alone = [replace(trees, trees=(tree,)) for tree in trees.trees]
    apart = [np.exp(a.log_probabilities(states[:200], every, 2)).reshape(15, 4) for a in alone]
    at = int(np.abs(apart[0] - np.mean(apart, axis=0)).sum(axis=1).argmax())
    rng, row = np.random.default_rng(1), every[4 * at][None]
    drawn = [int(trees.balanced(row, rng)[0]) for _ in range(4_000)]
    counted = np.bincount(drawn, minlength=4) / len(drawn)
    np.testing.assert_allclose(counted, np.mean(apart, axis=0)[at], atol=0.03)
    assert np.abs(counted - apart[0][at]).max() > 0.05


def test_a_great_strength_leaves_the_marginal_distribution(states: np.ndarray) -> None:
    trees = grown(states, strength=1e9)
    chances = np.exp(trees.log_probabilities(states, states, 2))
    shares = np.bincount(states[:, 2]) / len(states)
    np.testing.assert_allclose(chances, shares[states[:, 2]], rtol=1e-3)


def test_levels_without_order_are_split_by_what_they_say() -> None:
    rng = np.random.default_rng(0)
    level = rng.integers(0, 40, 4_000)
    one = rng.permutation(40) < 20
    states = np.stack([level, np.where(rng.random(4_000) < 0.95, one[level], ~one[level])], axis=1)
    growth = Growth(1, 5)
    trees = ColumnTrees.fit(states, 1, [0], [40, 2], [False, True], growth, rng)
    root = trees.trees[0]
    goes_left = trees.ranks[0] <= root.limits[0]
    assert np.array_equal(goes_left, one) or np.array_equal(goes_left, ~one)


def test_held_out_rows_are_about_as_likely_as_in_truth(model: Forest) -> None:
    (row,) = model.history_.rows
    assert 0.5 < row["held_out"] < 3


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame({"c": np.arange(30_000).astype(str), "k": "a"}).iloc[np.arange(60_000) // 2],
        pd.DataFrame({"x": [1e300, -1e300, 0.0, np.nan] * 10, "k": ["a", "b"] * 20}),
        pd.DataFrame({"x": [1.5] * 2, "c": ["a"] * 2}),
        pd.DataFrame({"a": ["u", "v"] * 20, "b": ["s"] * 40, "c": [True, False] * 20}),
    ],
    ids=["30,000 levels", "huge numbers", "two equal rows", "only levels"],
)
def test_ugly_tables(frame: pd.DataFrame) -> None:
    kinds = {"c": "categorical"} if len(frame) > 50_000 else None
    made = Forest(random_state=0, refine=PLAIN).fit(frame, kinds=kinds).sample(60)
    assert list(made.columns) == list(frame.columns)
    assert len(made) == 60


@pytest.mark.parametrize(
    "name",
    ["order", "inputs", "marginal", "nodes", "splits", "right", "ends", "states"],
)
def test_damaged_arrays_are_refused(
    model: Forest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    state = model._state()
    last = int(model._order[-1])
    key = name if name == "order" else f"column {last}/{name}"
    state.arrays[key] = state.arrays[key] - 7
    monkeypatch.setattr(model, "_state", lambda: state)
    model.save(tmp_path / "m.lookalike")
    with pytest.raises(ModelFileError, match=r"damaged|fit together"):
        load(tmp_path / "m.lookalike")
