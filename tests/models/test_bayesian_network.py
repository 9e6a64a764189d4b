"""The Bayesian network: its structure, its tables, and exact conditions where they are promised."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lookalike import BayesianNetwork, load
from lookalike._core.errors import ModelFileError
from lookalike.models._conditional_table import ConditionalTable
from lookalike.models._discrete_network import DiscreteNetwork
from lookalike.testing import synthesizer_checks

ROWS = 4_000
PLAIN = {"calibrate": False, "correct": False}


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    a, b = rng.integers(0, 2, (2, ROWS))
    c = (rng.random(ROWS) < np.array([[0.1, 0.2], [0.3, 0.95]])[a, b]).astype(int)
    x = rng.normal(size=ROWS)
    w = np.where(rng.random(ROWS) < 0.2, np.nan, np.exp(x + 0.3 * rng.normal(size=ROWS)))
    words = np.array(["no", "yes"])
    return pd.DataFrame({"a": words[a], "b": words[b], "c": words[c], "x": x, "w": w})


@pytest.fixture(scope="module")
def model(table: pd.DataFrame) -> BayesianNetwork:
    return BayesianNetwork(refine=PLAIN, random_state=0).fit(table)


@pytest.mark.parametrize(
    "check",
    [
        pytest.param(check, id=name)
        for name, check in synthesizer_checks(
            BayesianNetwork(refine={"correct": False}, random_state=0)
        )
    ],
)
def test_contract(check: Callable[[], None]) -> None:
    check()


def test_both_parents_are_found_and_missing_cells_too(
    table: pd.DataFrame, model: BayesianNetwork
) -> None:
    made = model.sample(20_000)
    real, own = (
        frame.groupby(["a", "b"])["c"].apply(lambda c: (c == "yes").mean())
        for frame in (table, made)
    )
    np.testing.assert_allclose(own, real, atol=0.05)
    real, own = (frame[["x", "w"]].corr("spearman").loc["x", "w"] for frame in (table, made))
    assert own == pytest.approx(real, abs=0.03)
    assert made["w"].isna().mean() == pytest.approx(0.2, abs=0.02)


def test_a_third_column_that_adds_nothing_is_no_parent() -> None:
    rng = np.random.default_rng(0)
    a = rng.integers(0, 4, ROWS)
    b, c = (np.where(rng.random(ROWS) < 0.8, a, rng.integers(0, 4, ROWS)) for _ in range(2))
    frame = pd.DataFrame({"a": a, "b": b, "c": c}).astype(str) + "x"
    network = BayesianNetwork(refine=PLAIN, random_state=0).fit(frame)._network
    assert network is not None
    parents = {v: table.parents for v, table in enumerate(network.tables)}
    assert sorted(parents.values()) == [(), (0,), (0,)]


def brute_force(network: DiscreteNetwork, sizes: list[int]) -> np.ndarray:
    """Return the joint probabilities of all states, shape `sizes`."""
    states = np.stack(np.meshgrid(*map(np.arange, sizes), indexing="ij"), axis=-1)
    logs = network.log_probabilities(states.reshape(-1, len(sizes))).sum(axis=1)
    return np.exp(logs).reshape(sizes)


def network_of(states: np.ndarray, links: list[list]) -> DiscreteNetwork:
    grains = tuple((np.arange(k),) for k in states.max(axis=0) + 1)
    tables = (ConditionalTable.fit(states, v, link, grains, 2) for v, link in enumerate(links))
    return DiscreteNetwork(np.arange(len(links)), tuple(tables), grains)


@pytest.fixture(scope="module")
def states() -> np.ndarray:
    rng = np.random.default_rng(1)
    a = rng.integers(0, 3, 500)
    b = (a + (rng.random(500) < 0.3)) % 3
    c = np.where(rng.random(500) < 0.7, (a * b) % 4, rng.integers(0, 4, 500))
    d = np.where(rng.random(500) < 0.6, (b + c) % 2, rng.integers(0, 2, 500))
    return np.stack([a, b, c, d], axis=1)


TREE = [[], [(((0, 0),), 2.0)], [(((1, 0),), 5.0)], [(((1, 0),), 1.0)]]
DIAMOND = [
    [],
    [(((0, 0),), 2.0)],
    [(((0, 0),), 3.0), (((0, 0), (1, 0)), 5.0)],
    [(((1, 0),), 1.0), (((1, 0), (2, 0)), 4.0)],
]


@pytest.mark.parametrize("links", [TREE, DIAMOND], ids=["tree", "diamond"])
def test_rows_have_the_probabilities_of_the_tables(states: np.ndarray, links: list) -> None:
    network = network_of(states, links)
    joint = brute_force(network, [3, 3, 4, 2])
    assert joint.sum() == pytest.approx(1.0, abs=1e-12)
    assert (joint > 0).all()
    drawn = network.drawn(200_000, np.random.default_rng(0))
    counted = np.zeros_like(joint)
    np.add.at(counted, tuple(drawn.T), 1 / len(drawn))
    assert np.abs(counted - joint).max() < 0.004


@pytest.mark.parametrize(
    ("links", "error"), [(TREE, 0.012), (DIAMOND, 0.015)], ids=["tree", "diamond"]
)
def test_rows_within_evidence_have_the_posterior(
    states: np.ndarray, links: list, error: float
) -> None:
    network = network_of(states, links)
    joint = brute_force(network, [3, 3, 4, 2])
    evidence = {
        2: np.array([[0.0, 1.0, 0.5, 0.0]]),
        3: np.array([[0.1, 1.0]]),
        0: np.array([[1.0, 1.0, 0.0]]),
    }
    right = joint * evidence[0].reshape(3, 1, 1, 1) * evidence[2].reshape(1, 1, 4, 1)
    right = right * evidence[3].reshape(1, 1, 1, 2)
    drawn = network.drawn_within(evidence, 12_000, 0, 0)
    counted = np.zeros_like(joint)
    np.add.at(counted, tuple(drawn.T), 1 / len(drawn))
    assert np.abs(counted - right / right.sum()).max() < error


def test_a_row_depends_on_its_own_evidence_alone(states: np.ndarray) -> None:
    network = network_of(states, DIAMOND)
    evidence = {3: np.eye(2)[np.arange(600) % 2], 1: np.eye(3)[np.arange(600) % 3]}
    drawn = network.drawn_within(evidence, 600, 5, 1)
    assert np.array_equal(drawn[:, 3], np.arange(600) % 2)
    assert np.array_equal(drawn[:, 1], np.arange(600) % 3)
    few = network.drawn_within({v: w[:300] for v, w in evidence.items()}, 300, 5, 1)
    np.testing.assert_array_equal(few, drawn[:300])


def test_rare_conditions_give_rows_as_ordinary_ones_that_fulfil_them(
    model: BayesianNetwork,
) -> None:
    many = model.sample(200_000)
    right = many[(many["w"] > 5) & (many["c"] == "yes")]
    assert len(right) < 0.03 * len(many)
    made = model.sample(4_000, given={"w": (5, None), "c": "yes"})
    assert made["w"].min() >= 5
    assert set(made["c"]) == {"yes"}
    assert made["x"].mean() == pytest.approx(right["x"].mean(), abs=0.05)
    assert (made["a"] == "yes").mean() == pytest.approx((right["a"] == "yes").mean(), abs=0.04)


def test_known_cells_say_what_the_others_are(model: BayesianNetwork) -> None:
    made = model.impute(pd.DataFrame({"a": ["yes", "no"] * 500, "b": ["yes", "no"] * 500}))
    yes = made.groupby("a")["c"].apply(lambda c: (c == "yes").mean())
    assert yes["yes"] == pytest.approx(0.95, abs=0.04)
    assert yes["no"] == pytest.approx(0.1, abs=0.04)


def test_left_out_rows_are_as_likely_as_the_history_says(model: BayesianNetwork) -> None:
    (row,) = model.history_.rows
    assert 0 < row["log_likelihood"] - row["held_out"] < 0.5


@pytest.mark.parametrize("mode", ["independent", "random"])
def test_other_modes_have_no_dependence(table: pd.DataFrame, mode: str, tmp_path: Path) -> None:
    model = BayesianNetwork(mode=mode, derive=False, refine=PLAIN, random_state=0).fit(table)
    model.save(tmp_path / "m.lookalike")
    made = load(tmp_path / "m.lookalike").sample(8_000)
    assert abs(made[["x", "w"]].corr("spearman").loc["x", "w"]) < 0.05
    share = (made["c"] == "yes").mean()
    assert share == pytest.approx(
        0.5 if mode == "random" else (table["c"] == "yes").mean(), abs=0.03
    )
    assert made["w"].isna().mean() == pytest.approx(0.0 if mode == "random" else 0.2, abs=0.02)
    given = model.sample(50, given={"w": (3, 4), "c": ["yes"], "a": "no", "x": (1, None)})
    assert given["w"].between(3, 4).all()
    assert (given["x"] >= 1).all()
    assert set(given["c"]) == {"yes"}


def test_random_numbers_are_even_over_their_range(table: pd.DataFrame) -> None:
    made = BayesianNetwork(mode="random", random_state=0).fit(table).sample(8_000)
    middle = (made["x"].min() + made["x"].max()) / 2
    assert (made["x"] < middle).mean() == pytest.approx(0.5, abs=0.03)
    assert made["x"].max() <= table["x"].max()


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame({"c": np.arange(30_000).astype(str)}).iloc[np.arange(60_000) // 2],
        pd.DataFrame({"x": [1e300, -1e300, 0.0, np.nan] * 10, "k": ["a", "b"] * 20}),
        pd.DataFrame({"x": [1.5] * 2, "c": ["a"] * 2}),
        pd.DataFrame({"a": ["u", "v"] * 20, "b": ["s"] * 40, "c": [True, False] * 20}),
    ],
    ids=["30,000 levels", "huge numbers", "two equal rows", "only levels"],
)
def test_ugly_tables(frame: pd.DataFrame) -> None:
    kinds = {"c": "categorical"} if len(frame) > 50_000 else None
    made = BayesianNetwork(random_state=0, refine=PLAIN).fit(frame, kinds=kinds).sample(60)
    assert list(made.columns) == list(frame.columns)
    assert len(made) == 60


def test_a_wide_table_ends() -> None:
    rng = np.random.default_rng(0)
    latent = rng.normal(size=(400, 3))
    wide = latent @ rng.normal(size=(3, 40)) + rng.normal(size=(400, 40))
    frame = pd.DataFrame(wide, columns=[f"x{i}" for i in range(40)])
    made = BayesianNetwork(refine=PLAIN, random_state=0).fit(frame).sample(2_000)
    real, own = (f.corr("spearman").to_numpy()[np.triu_indices(40, 1)] for f in (frame, made))
    assert np.corrcoef(real, own)[0, 1] > 0.6


@pytest.mark.parametrize(
    "name",
    ["order", "1/marginal", "1/strengths", "1/parents 0", "1/keys 0", "1/ends 0", "1/states 0"],
)
def test_damaged_arrays_are_refused(
    table: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    model = BayesianNetwork(refine=PLAIN, random_state=0).fit(table[["x", "w", "c"]])
    state = model._state()
    key = f"network/{name}"
    state.arrays[key] = state.arrays[key] - 999
    monkeypatch.setattr(model, "_state", lambda: state)
    model.save(tmp_path / "m.lookalike")
    with pytest.raises(ModelFileError, match=r"damaged|fit together"):
        load(tmp_path / "m.lookalike")
