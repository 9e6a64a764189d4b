"""The variational autoencoder: its bound, its decoder, and the synthesizer around them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest

from lookalike import VAE, load
from lookalike._core.errors import ModelFileError
from lookalike.nn import Architecture, Autoencoder
from lookalike.tables import conform, to_arrow
from lookalike.testing import synthesizer_checks
from lookalike.training import VariationalTask

pytestmark = pytest.mark.train

_BRIEF = VAE(steps=8, width=16, depth=1, latent_size=4, batch_size=32, refine={"correct": False})
#: It is checked in a process of its own, by the tests of the GAN.
_ELSEWHERE = "global_random_state_is_untouched"
#: It compiles programs for many shapes; the diffusion model, of the same base, is checked with it.
_SHARED = "odd_tables_work"


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    x = rng.normal(size=400)
    c = np.where(x > 0.5, "high", np.where(x < -0.5, "low", "middle"))
    return pd.DataFrame({"x": np.where(rng.random(400) < 0.2, np.nan, x), "c": c})


@pytest.fixture(scope="module")
def model(table: pd.DataFrame) -> VAE:
    plain = {"calibrate": False, "correct": False}
    return VAE(
        steps=400, width=32, depth=0, latent_size=4, batch_size=128, refine=plain, random_state=0
    ).fit(table)


@pytest.mark.parametrize(
    "check",
    [
        pytest.param(check, id=name)
        for name, check in synthesizer_checks(_BRIEF, learns=False)
        if name not in (_ELSEWHERE, _SHARED)
    ],
)
def test_contract(check: Callable[[], None]) -> None:
    check()


@pytest.mark.slow
def test_dependence_is_learned(table: pd.DataFrame, model: VAE) -> None:
    made = model.sample(8_000)
    real, own = (frame.groupby("c")["x"].mean() for frame in (table, made))
    # Independent columns would have the same mean everywhere.
    assert (own["high"] - own["low"]) > 0.5 * (real["high"] - real["low"])
    assert made["x"].isna().mean() == pytest.approx(0.2, abs=0.08)


@pytest.mark.slow
def test_the_bound_of_an_untrained_model_is_that_of_independent_columns(
    model: VAE, table: pd.DataFrame
) -> None:
    plan, marginals = model._model.plan, model._marginals
    architecture = Architecture((8,))
    task = VariationalTask(plan, architecture, 32, 4, marginals, jnp.asarray(1.0))
    fresh = Autoencoder.begin(plan, architecture, 4, jax.random.key(0))
    # An encoder of zeros gives the prior: there is no divergence.
    zeros = jax.tree.map(jnp.zeros_like, fresh.encoder)
    fresh = eqx.tree_at(lambda m: m.encoder, fresh, zeros)
    encoded = model.encoder_.encode(conform(to_arrow(table)[0], model.schema_))
    uniform = np.random.default_rng(0).random((len(table), plan.number_width), np.float32)
    rows = tuple(map(jnp.asarray, encoded))
    got = task.loss(fresh, rows, jnp.asarray(uniform), jnp.zeros((len(table), 4)), jnp.asarray(9))
    shares = np.exp(marginals.log_shares)
    levels = -float((shares * np.log(shares)).sum())
    # Present numbers are standard normal: their entropy is (1 + ln 2π) / 2.
    present = table["x"].notna().mean()
    numbers = present * (1 + np.log(2 * np.pi)) / 2
    assert float(got) * len(plan.layout.blocks) == pytest.approx(levels + numbers, abs=0.05)


@pytest.mark.parametrize(
    "table",
    [pd.DataFrame({"x": [1.0]}), pd.DataFrame({"c": list("abab") * 5, "k": [1] * 20})],
    ids=["one cell", "levels"],
)
@pytest.mark.filterwarnings("ignore::lookalike._core.errors.LookalikeWarning")
def test_ugly_tables(table: pd.DataFrame) -> None:
    made = VAE(**_BRIEF.get_params(deep=False)).fit(table).sample(7)
    assert made.columns.tolist() == table.columns.tolist()


@pytest.mark.parametrize("name", ["network/0", "bias"])
def test_damaged_arrays_are_refused(
    model: VAE, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    state = model._state()
    state.arrays[name] = state.arrays[name] * np.nan
    monkeypatch.setattr(model, "_state", lambda: state)
    model.save(tmp_path / "m.lookalike")
    with pytest.raises(ModelFileError, match="damaged"):
        load(tmp_path / "m.lookalike")
