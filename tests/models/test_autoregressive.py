"""The autoregressive network: its probabilities, its conditions, and the synthesizer around it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lookalike import Autoregressive, load
from lookalike._core.errors import ModelFileError
from lookalike.testing import synthesizer_checks

pytestmark = pytest.mark.train

_BRIEF = Autoregressive(steps=8, width=16, depth=1, batch_size=32, refine={"correct": False})
#: Checked with other networks of the same base: see `test_vae.py`.
_ELSEWHERE = ("global_random_state_is_untouched", "odd_tables_work")
PLAIN = {"calibrate": False, "correct": False}


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    a = rng.choice(["u", "v", "w"], 2_000, p=[0.5, 0.3, 0.2])
    x = np.where(a == "u", -2.0, 1.0) + rng.normal(size=2_000)
    b = np.where(rng.random(2_000) < 0.8, a == "u", rng.random(2_000) < 0.5)
    return pd.DataFrame({"a": a, "x": np.where(rng.random(2_000) < 0.2, np.nan, x), "b": b})


@pytest.fixture(scope="module")
def model(table: pd.DataFrame) -> Autoregressive:
    return Autoregressive(
        steps=300, bins=3, width=32, depth=1, batch_size=128, refine=PLAIN, random_state=0
    ).fit(table)


@pytest.fixture(scope="module")
def joint(model: Autoregressive) -> np.ndarray:
    """Return the probability of every row of states, shape (3, 4, 2)."""
    sizes = [variable.states for variable in model._states.variables]
    assert sizes == [3, 4, 2]
    every = np.stack(np.meshgrid(*map(np.arange, sizes), indexing="ij"), axis=-1).reshape(-1, 3)
    return np.exp(model._log_prob_of(every)).reshape(sizes)


@pytest.mark.parametrize(
    "check",
    [
        pytest.param(check, id=name)
        for name, check in synthesizer_checks(_BRIEF, learns=False)
        if name not in _ELSEWHERE
    ],
)
def test_contract(check: Callable[[], None]) -> None:
    check()


def shares(model: Autoregressive, rows: np.ndarray) -> np.ndarray:
    counted = np.zeros([variable.states for variable in model._states.variables])
    np.add.at(counted, tuple(rows.T), 1 / len(rows))
    return counted


@pytest.mark.slow
def test_rows_have_the_probabilities_that_log_prob_states(
    model: Autoregressive, joint: np.ndarray
) -> None:
    assert joint.sum() == pytest.approx(1.0, abs=1e-5)
    frame = model.sample(40_000)
    rows = model._states.of_rows(model.encoder_.encode(_canonical(model, frame)))
    # The standard deviation of a share of 40,000 rows is at most .0025.
    assert np.abs(shares(model, rows) - joint).max() < 0.01


def test_dependence_is_learned(table: pd.DataFrame, model: Autoregressive) -> None:
    shuffled = table.assign(a=table["a"].sample(frac=1, random_state=0).to_numpy())
    assert model.log_prob(table).mean() > model.log_prob(shuffled).mean() + 0.3


@pytest.mark.slow
def test_evidence_on_several_variables_gives_the_posterior(
    model: Autoregressive, joint: np.ndarray
) -> None:
    evidence = {
        0: np.array([[1.0, 0.0, 1.0]]),
        1: np.array([[0.0, 0.5, 1.0, 1.0]]),
        2: np.array([[0.2, 1.0]]),
    }
    right = joint * evidence[0].reshape(3, 1, 1) * evidence[1].reshape(1, 4, 1)
    right = right * evidence[2].reshape(1, 1, 2)
    drawn = model._sampler(model._model)._within(evidence, 20_000, 0, 0)
    # Of 16 draws each, which is not exact.
    assert np.abs(shares(model, drawn) - right / right.sum()).max() < 0.03


def test_known_cells_are_kept_and_others_near_their_posterior(
    model: Autoregressive, joint: np.ndarray
) -> None:
    rows = 20_000
    known = np.eye(2)[np.arange(rows) % 2]
    drawn = model._sampler(model._model)._within({2: known}, rows, 0, 0)
    assert np.array_equal(drawn[:, 2], np.arange(rows) % 2)
    for state in (0, 1):
        right = joint[:, :, state] / joint[:, :, state].sum()
        found = shares(model, drawn[drawn[:, 2] == state])[:, :, state]
        # The conditionals of a network that was trained briefly agree roughly, in any order.
        assert np.abs(found - right).max() < 0.1


def test_conditions_are_met_on_every_row(model: Autoregressive) -> None:
    made = model.sample(500, given={"a": ["v", "w"], "x": (0.5, 2.0), "b": True})
    assert set(made["a"]) <= {"v", "w"}
    assert made["x"].between(0.5, 2.0).all()
    assert made["b"].all()


def test_missing_cells_follow_the_known_ones(model: Autoregressive) -> None:
    made = model.impute(pd.DataFrame({"a": ["u", "w"] * 500}))
    mean = made.groupby("a")["x"].mean()
    assert mean["w"] - mean["u"] > 2.0


def test_a_row_depends_on_its_own_evidence_alone(model: Autoregressive) -> None:
    source = model._sampler(model._model)
    evidence = {0: np.eye(3)[np.arange(3_000) % 3], 2: np.eye(2)[np.arange(3_000) % 2]}
    drawn = source._within(evidence, 3_000, 5, 1)
    few = source._within({v: w[:1_500] for v, w in evidence.items()}, 1_500, 5, 1)
    np.testing.assert_array_equal(few, drawn[:1_500])


@pytest.mark.parametrize(
    "table",
    [
        pd.DataFrame({"x": [1.0]}),
        pd.DataFrame({"c": list("abab") * 5, "k": [1] * 20}),
        pd.DataFrame({"x": [1e300, -1e300, 0.0, np.nan] * 10, "k": ["a", "b"] * 20}),
    ],
    ids=["one cell", "levels", "huge numbers"],
)
@pytest.mark.filterwarnings("ignore::lookalike._core.errors.LookalikeWarning")
def test_ugly_tables(table: pd.DataFrame) -> None:
    made = Autoregressive(**_BRIEF.get_params(deep=False)).fit(table).sample(7)
    assert made.columns.tolist() == table.columns.tolist()


@pytest.mark.parametrize("name", ["network|network/0", "states|edges 1"])
def test_damaged_arrays_are_refused(
    model: Autoregressive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    state = model._state()
    (key,) = (key for key in state.arrays if key.endswith(name.split("|")[1]))
    state.arrays[key] = state.arrays[key] * np.nan
    monkeypatch.setattr(model, "_state", lambda: state)
    model.save(tmp_path / "m.lookalike")
    with pytest.raises(ModelFileError, match="damaged"):
        load(tmp_path / "m.lookalike")


def _canonical(model: Autoregressive, frame: pd.DataFrame) -> object:
    from lookalike.tables import conform, to_arrow

    return conform(to_arrow(frame)[0], model.schema_)
