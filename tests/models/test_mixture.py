"""Mixtures of products and hidden trees: exact probabilities, conditions, and what they learn."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lookalike import Mixture, load
from lookalike._core.errors import LookalikeWarning, ModelFileError
from lookalike.models._latent_tree import LatentTree, TreeStructure, choose
from lookalike.models._latent_tree_fit import chow_liu, fit_latent_tree, one_latent
from lookalike.testing import synthesizer_checks

ROWS = 900
PLAIN = {"calibrate": False, "correct": False}


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    """Return columns of which the sign of one is the exclusive or of two others."""
    rng = np.random.default_rng(0)
    a, b = rng.choice(["yes", "no"], ROWS), rng.choice(["left", "right", "up"], ROWS)
    side = np.where((a == "yes") ^ (b == "left"), 1.0, -1.0)
    x = side * rng.gamma(4.0, size=ROWS)
    x = np.where(rng.random(ROWS) < 0.1, np.nan, x)
    return pd.DataFrame({"a": a, "b": b, "x": x})


@pytest.fixture(scope="module")
def model(table: pd.DataFrame) -> Mixture:
    return Mixture(refine=PLAIN, random_state=0).fit(table)


@pytest.mark.parametrize(
    "check",
    [
        pytest.param(check, id=name)
        for name, check in synthesizer_checks(
            Mixture(refine={"correct": False}, passes=8, random_state=0)
        )
    ],
)
def test_contract(check: Callable[[], None]) -> None:
    check()


def _tree(rng: np.random.Generator) -> tuple[LatentTree, tuple[int, ...]]:
    """Return a tree of three latents and four variables with random probabilities."""
    sizes, width = (2, 3, 4, 2), 3
    structure = TreeStructure((-1, 0, 0), (0, 1, 2, 2))
    tree = LatentTree(
        structure,
        rng.dirichlet(np.ones(width)),
        rng.dirichlet(np.ones(width), (3, width)),
        [rng.dirichlet(np.ones(n), width).T for n in sizes],
    )
    return tree, sizes


def test_all_probabilities_are_those_of_enumeration() -> None:
    rng = np.random.default_rng(0)
    tree, sizes = _tree(rng)
    every = np.array(list(itertools.product(*map(range, sizes))))
    p, t, e = tree.prior, tree.transitions, tree.emissions
    latents = itertools.product(range(3), repeat=3)
    expected = sum(
        p[i] * t[1][i, j] * t[2][i, k] * e[0][every[:, 0], i] * e[1][every[:, 1], j]
        * e[2][every[:, 2], k] * e[3][every[:, 3], k]
        for i, j, k in latents
    )  # fmt: skip
    probability = np.exp(tree.log_prob(every))
    np.testing.assert_allclose(probability, expected, rtol=1e-10)
    assert probability.sum() == pytest.approx(1, abs=1e-10)
    evidence = {0: np.array([[0.3, 1.0]]), 2: np.array([[0.0, 1.0, 0.5, 0.0]])}
    weights = evidence[0][0][every[:, 0]] * evidence[2][0][every[:, 2]]
    total = (expected * weights).sum()
    np.testing.assert_allclose(np.exp(tree.log_evidence(evidence, 2)), total, rtol=1e-10)


def test_samples_given_evidence_have_the_conditional_distribution() -> None:
    rng = np.random.default_rng(1)
    tree, sizes = _tree(rng)
    every = np.array(list(itertools.product(*map(range, sizes))))
    evidence = {0: np.array([[0.3, 1.0]]), 3: np.array([[0.0, 1.0]])}
    weights = evidence[0][0][every[:, 0]] * evidence[3][0][every[:, 3]]
    for given in (None, evidence):
        expected = np.exp(tree.log_prob(every)) * (1 if given is None else weights)
        expected /= expected.sum()
        n = 60_000
        drawn = tree.sample(rng.random((n, 7)), given)
        found = np.zeros(len(every))
        np.add.at(found, np.ravel_multi_index(drawn.T, sizes), 1 / n)
        error = np.sqrt(expected * (1 - expected) / n) + 1e-9
        assert (np.abs(found - expected) / error).max() < 4.5
        assert not found[expected == 0].any()


def test_rows_of_a_sample_do_not_depend_on_each_other() -> None:
    rng = np.random.default_rng(2)
    tree, _ = _tree(rng)
    uniforms = rng.random((300, 7))
    evidence = {1: rng.random((300, 3)), 2: rng.random((300, 4))}
    some = rng.permutation(300)[:17]
    part = {v: weights[some] for v, weights in evidence.items()}
    whole = tree.sample(uniforms, evidence)[some]
    np.testing.assert_array_equal(tree.sample(uniforms[some], part), whole)


def test_what_has_no_weight_is_never_drawn() -> None:
    weights = np.array([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0]])
    drawn = choose(np.repeat(weights, 2, axis=0), np.array([0.0, 1 - 2**-53] * 2))
    np.testing.assert_array_equal(drawn, [1, 1, 0, 0])


def test_the_tree_joins_what_depends_on_each_other() -> None:
    rng = np.random.default_rng(3)
    first, second = rng.integers(0, 4, (2, 2_000))
    noisy = np.where(rng.random(2_000) < 0.1, rng.integers(0, 4, 2_000), first)
    states = np.stack([first, second, noisy, second], axis=1)
    structure = chow_liu(states, [4] * 4)
    parents = {
        structure.latents.index(t): structure.latents.index(p)
        for t, p in enumerate(structure.parents)
        if p >= 0
    }
    pairs = {frozenset(pair) for pair in parents.items()}
    assert {frozenset((0, 2)), frozenset((1, 3))} <= pairs
    assert len(pairs) == 3


def test_the_fit_stops_where_held_out_rows_are_most_probable() -> None:
    rng = np.random.default_rng(4)
    states = rng.integers(0, 6, (120, 5))  # nothing to learn
    held_out = rng.integers(0, 6, (120, 5))
    said: list[float] = []
    fitted = fit_latent_tree(
        one_latent(5), 32, states, held_out, [6] * 5, 50, 0.1, rng, lambda _, one: said.append(one)
    )
    assert fitted.passes < len(said) < 50
    assert fitted.log_prob.mean() > said[-1]


def test_more_than_pairs_are_learned(table: pd.DataFrame, model: Mixture) -> None:
    made = model.sample(20_000)
    known = made.dropna()
    right = (known["x"] > 0) == ((known["a"] == "yes") ^ (known["b"] == "left"))
    assert right.mean() > 0.85
    assert made["x"].isna().mean() == pytest.approx(table["x"].isna().mean(), abs=0.02)


def test_conditions_are_exact_and_need_no_rejection(model: Mixture) -> None:
    made = model.sample(2_000, given={"x": (2, 20), "a": "yes"})
    assert made["a"].eq("yes").all()
    assert made["x"].between(2, 20).all()
    assert made["b"].ne("left").mean() > 0.85
    known = pd.DataFrame({"a": ["yes"] * 500, "b": ["left"] * 500})
    assert (model.impute(known)["x"] < 0).mean() > 0.7


def test_held_out_rows_are_more_probable_than_under_independence(
    table: pd.DataFrame, model: Mixture
) -> None:
    shuffled = table.assign(x=table["x"].sample(frac=1, random_state=0).to_numpy())
    assert model.log_prob(table).mean() > model.log_prob(shuffled).mean() + 0.5


def test_probabilities_of_all_levels_sum_to_one() -> None:
    rng = np.random.default_rng(5)
    a = rng.integers(0, 3, 400)
    frame = pd.DataFrame({"a": a.astype(str), "b": (a + (rng.random(400) < 0.3)).astype(str)})
    model = Mixture(refine=PLAIN, random_state=0).fit(
        frame, kinds={"a": "categorical", "b": "categorical"}
    )
    every = pd.DataFrame(itertools.product("012", "0123"), columns=["a", "b"])
    assert np.exp(model.log_prob(every)).sum() == pytest.approx(1, abs=1e-9)


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame({"x": [1.5]}),
        pd.DataFrame({"x": [1.5, np.nan], "c": ["a", "a"]}),
        pd.DataFrame({"c": ["a", "b"] * 30}),
        pd.DataFrame({"c": ["a"] * 40, "x": [0.0] * 39 + [7.5]}),
    ],
)
@pytest.mark.filterwarnings("ignore::lookalike._core.errors.LookalikeWarning")
def test_small_and_constant_tables(frame: pd.DataFrame) -> None:
    made = Mixture(random_state=0).fit(frame).sample(7)
    assert list(made.columns) == list(frame.columns)
    assert len(made) == 7


def test_many_levels_share_one_state() -> None:
    rng = np.random.default_rng(6)
    z = np.repeat([f"k{i}" for i in range(3_000)], 2)
    frame = pd.DataFrame({"z": rng.permutation(z), "x": rng.normal(size=6_000)})
    quick = Mixture(refine=PLAIN, passes=2, random_state=0)
    model = quick.fit(frame, kinds={"z": "categorical"})
    assert model.sample(3_000)["z"].nunique() > 1_500
    with pytest.warns(LookalikeWarning, match="Fewer than 4"):
        made = model.sample(5, given={"z": "k7"})
    assert made["z"].eq("k7").all()


@pytest.mark.parametrize(
    "name", ["weights/weights", "tree 0/prior", "tree 0/parents", "tree 0/emission 0"]
)
def test_damaged_arrays_are_refused(
    model: Mixture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    state = model._state()
    state.arrays[name] = state.arrays[name] + 1
    monkeypatch.setattr(model, "_state", lambda: state)
    model.save(tmp_path / "m.lookalike")
    with pytest.raises(ModelFileError, match="damaged"):
        load(tmp_path / "m.lookalike")
