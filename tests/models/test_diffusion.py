"""Diffusion: the denoiser, its solver, and the synthesizer around them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest

from lookalike import Diffusion, load
from lookalike._core.errors import LookalikeWarning, ModelFileError
from lookalike.models import _network_model
from lookalike.models._denoising import _solver
from lookalike.nn import Architecture, Denoiser, Marginals, Plan
from lookalike.testing import synthesizer_checks

pytestmark = pytest.mark.train

_BRIEF = Diffusion(
    steps=8, sampling_steps=4, width=16, depth=1, batch_size=32, refine={"correct": False}
)
#: It is checked in a process of its own, by the tests of the GAN.
_ELSEWHERE = "global_random_state_is_untouched"


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    x = rng.normal(size=400)
    c = np.where(x > 0.5, "high", np.where(x < -0.5, "low", "middle"))
    return pd.DataFrame({"x": np.where(rng.random(400) < 0.2, np.nan, x), "c": c})


@pytest.fixture(scope="module")
def model(table: pd.DataFrame) -> Diffusion:
    plain = {"calibrate": False, "correct": False}
    return Diffusion(
        steps=300, sampling_steps=8, width=32, depth=1, refine=plain, random_state=0
    ).fit(table)


@pytest.mark.parametrize(
    "check",
    [
        pytest.param(check, id=name)
        for name, check in synthesizer_checks(_BRIEF, learns=False)
        if name != _ELSEWHERE
    ],
)
def test_contract(check: Callable[[], None]) -> None:
    check()


@pytest.mark.slow
def test_dependence_is_learned(table: pd.DataFrame, model: Diffusion) -> None:
    made = model.sample(8_000)
    real, own = (frame.groupby("c")["x"].mean() for frame in (table, made))
    # Independent columns would have the same mean everywhere.
    assert (own["high"] - own["low"]) > 0.6 * (real["high"] - real["low"])
    assert made["x"].isna().mean() == pytest.approx(0.2, abs=0.06)
    assert model.history_.rows[0]["held_out"] < model.history_.rows[-1]["held_out"]


def test_an_untrained_denoiser_generates_independent_columns(model: Diffusion) -> None:
    plan, marginals = model._model.plan, model._marginals
    untrained = Denoiser.begin(plan, Architecture((16,)), jax.random.key(0))
    made = model._sampler(untrained).block(0, 0)
    # Numbers are the noise itself, and levels have the shares of the table.
    present = made.numbers[made.levels[:, plan.levels.index(plan._gates[0][0])] == 0]
    assert present.std() == pytest.approx(1.0, abs=0.04)
    shares = np.concatenate(
        [np.bincount(made.levels[:, p], minlength=w) for w, ps in plan.groups for p in ps]
    ) / len(made.levels)
    np.testing.assert_allclose(shares, np.exp(marginals.log_shares), atol=0.02)


@pytest.mark.parametrize("steps", [1, 2, 3, 20])
def test_the_solver_reaches_known_data_exactly(steps: int) -> None:
    clean, noisy, before = 0.7, -1.3, 0.0
    for _, a, b, c in _solver(steps):
        noisy, before = a * noisy + b * (clean + c * (clean - before)), clean
    assert noisy == pytest.approx(clean, abs=1e-6)


def test_the_solver_follows_a_known_solution() -> None:
    # Data with the standard deviation s: E[x | noisy] is linear, and the exact solution known.
    s, start = 0.5, 1.5
    errors = []
    for steps in (20, 160):
        noisy, before = start, 0.0
        for angle, a, b, c in _solver(steps).astype(float):
            sine, cosine = np.sin(angle), np.cos(angle)
            clean = sine * s**2 / (sine**2 * s**2 + cosine**2) * noisy
            noisy, before = a * noisy + b * (clean + c * (clean - before)), clean
        errors.append(abs(noisy - s * start))
    assert errors[0] < 0.01
    assert errors[1] < 0.001


def test_marginals_of_levels_and_of_plain_numbers(model: Diffusion, table: pd.DataFrame) -> None:
    plan = Plan(model.encoder_.layout_)
    shares = np.exp(model._marginals.log_shares)
    at = plan.starts[next(i for i in plan.levels if plan.layout.blocks[i].column == "c")]
    expected = table["c"].value_counts(normalize=True).to_numpy()
    got = np.sort(shares[at - plan.number_width :][:3])[::-1]
    np.testing.assert_allclose(got, expected, atol=0.02)
    assert isinstance(Marginals.none(plan).spread, jnp.ndarray)


def test_an_interrupted_fit_is_usable(table: pd.DataFrame, monkeypatch: pytest.MonkeyPatch) -> None:
    real = _network_model.train

    def interrupted(*args: object, report: object, **options: object) -> object:
        def stop(step: int, measures: dict[str, float]) -> None:
            raise KeyboardInterrupt

        return real(*args, report=stop, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(_network_model, "train", interrupted)
    with pytest.warns(LookalikeWarning, match="interrupted after step"):
        model = Diffusion(**_BRIEF.get_params(deep=False)).fit(table)
    assert len(model.sample(5)) == 5
    assert model.history_.interrupted


@pytest.mark.parametrize(
    "table",
    [
        pd.DataFrame({"x": [1.0]}),
        pd.DataFrame({"c": list("abab") * 5, "k": [1] * 20}),
    ],
    ids=["one cell", "levels"],
)
@pytest.mark.filterwarnings("ignore::lookalike._core.errors.LookalikeWarning")
def test_ugly_tables(table: pd.DataFrame) -> None:
    made = Diffusion(**_BRIEF.get_params(deep=False)).fit(table).sample(7)
    assert made.columns.tolist() == table.columns.tolist()


@pytest.mark.parametrize("name", ["network/0", "marginals/1"])
def test_damaged_arrays_are_refused(
    model: Diffusion, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    state = model._state()
    state.arrays[name] = state.arrays[name] * np.nan
    monkeypatch.setattr(model, "_state", lambda: state)
    model.save(tmp_path / "m.lookalike")
    with pytest.raises(ModelFileError, match="damaged"):
        load(tmp_path / "m.lookalike")
