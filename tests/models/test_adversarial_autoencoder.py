"""The adversarial autoencoder: its game of codes, and the synthesizer around it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest

from lookalike import AdversarialAutoencoder, load
from lookalike._core.errors import ModelFileError
from lookalike.nn import Architecture, JudgedAutoencoder
from lookalike.testing import synthesizer_checks
from lookalike.training import AdversarialCodesTask

pytestmark = pytest.mark.train

_BRIEF = AdversarialAutoencoder(
    steps=8, width=16, depth=1, latent_size=4, batch_size=32, refine={"correct": False}
)
#: The checks of what the family does itself; the rest is that of the base class, which the tests of
#: the other networks check.
_OWN = (
    "constructor_stores_only",
    "fit_twice_is_fit_once",
    "a_row_depends_on_its_number_alone",
    "loaded_model_makes_the_same_rows",
)


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    x = rng.normal(size=400)
    c = np.where(x > 0.5, "high", np.where(x < -0.5, "low", "middle"))
    return pd.DataFrame({"x": np.where(rng.random(400) < 0.2, np.nan, x), "c": c})


@pytest.fixture(scope="module")
def model(table: pd.DataFrame) -> AdversarialAutoencoder:
    plain = {"calibrate": False, "correct": False}
    return AdversarialAutoencoder(
        steps=400, width=32, depth=0, latent_size=4, batch_size=128, refine=plain, random_state=0
    ).fit(table)


@pytest.mark.parametrize(
    "check",
    [
        pytest.param(check, id=name)
        for name, check in synthesizer_checks(_BRIEF, learns=False)
        if name in _OWN
    ],
)
def test_contract(check: Callable[[], None]) -> None:
    check()


@pytest.mark.slow
def test_dependence_is_learned(table: pd.DataFrame, model: AdversarialAutoencoder) -> None:
    made = model.sample(8_000)
    real, own = (frame.groupby("c")["x"].mean() for frame in (table, made))
    # Independent columns would have the same mean everywhere.
    assert (own["high"] - own["low"]) > 0.15 * (real["high"] - real["low"])
    assert made["x"].isna().mean() == pytest.approx(0.2, abs=0.1)


@pytest.mark.slow
def test_each_player_learns_from_its_own_loss_alone(model: AdversarialAutoencoder) -> None:
    plan, marginals = model._model.plan, model._marginals
    task = AdversarialCodesTask(plan, Architecture((8,)), 32, 4, marginals)
    players = JudgedAutoencoder.begin(plan, Architecture((8,)), 4, jax.random.key(0))
    rng = np.random.default_rng(0)
    floats = jnp.asarray(np.sort(rng.random((32, plan.layout.floats)), axis=1), jnp.float32)
    codes = jnp.zeros((32, plan.layout.codes), jnp.int32)
    uniform, normal = (jnp.asarray(rng.random((32, n)), jnp.float32) for n in task.draws)

    def slopes(which: int) -> JudgedAutoencoder:
        return jax.grad(
            lambda m: task.loss(m, (floats, codes), uniform, normal, jnp.asarray(0))[which]
        )(players)

    def size(part: object) -> float:
        return float(sum(jnp.abs(leaf).sum() for leaf in jax.tree.leaves(part)))

    likelihood, fooling, telling = map(slopes, range(3))
    assert size(likelihood.discriminator) == size(fooling.discriminator) == 0.0
    assert size(fooling.autoencoder.encoder) > 0
    assert size(fooling.autoencoder.decoder) == size(telling.autoencoder) == 0.0
    assert size(telling.discriminator) > 0


@pytest.mark.slow
def test_the_losses_of_all_players_are_recorded(model: AdversarialAutoencoder) -> None:
    for name in ("loss_network", "loss_encoder", "loss_discriminator"):
        assert np.isfinite(model.history_[name]).all()
    assert model.history_["loss_network"][-1] < model.history_["loss_network"][0]
    assert "held_out" in model.history_.rows[-1]


@pytest.mark.parametrize(
    "table",
    [pd.DataFrame({"x": [1.0]}), pd.DataFrame({"c": list("abab") * 5, "k": [1] * 20})],
    ids=["one cell", "levels"],
)
@pytest.mark.filterwarnings("ignore::lookalike._core.errors.LookalikeWarning")
def test_ugly_tables(table: pd.DataFrame) -> None:
    made = AdversarialAutoencoder(**_BRIEF.get_params(deep=False)).fit(table).sample(7)
    assert made.columns.tolist() == table.columns.tolist()


@pytest.mark.parametrize("name", ["network/0", "bias"])
def test_damaged_arrays_are_refused(
    model: AdversarialAutoencoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    state = model._state()
    state.arrays[name] = state.arrays[name] * np.nan
    monkeypatch.setattr(model, "_state", lambda: state)
    model.save(tmp_path / "m.lookalike")
    with pytest.raises(ModelFileError, match="damaged"):
        load(tmp_path / "m.lookalike")
