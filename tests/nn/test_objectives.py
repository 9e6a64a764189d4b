"""Objectives and penalties against hand-made values."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
import pytest

from lookalike.nn import RelativisticPairing, zero_centred


def test_equal_logits_cost_both_players_ln_2() -> None:
    same = jnp.asarray([0.3, -2.0])
    objective = RelativisticPairing()
    assert objective.discriminator(same, same) == pytest.approx(np.log(2))
    assert objective.generator(same, same) == pytest.approx(np.log(2))


def test_what_one_player_gains_the_other_loses() -> None:
    objective = RelativisticPairing()
    real, fake = jnp.asarray([2.0]), jnp.asarray([-1.0])
    assert objective.discriminator(real, fake) == pytest.approx(np.log1p(np.exp(-3)))
    assert objective.generator(real, fake) == pytest.approx(np.log1p(np.exp(3)))


def test_the_penalty_of_a_plane_is_its_squared_slope() -> None:
    slope = jnp.asarray([1.0, -2.0, 0.5])
    rows = jnp.asarray(np.random.default_rng(0).normal(size=(6, 3)))
    assert zero_centred(lambda x: x @ slope, rows) == pytest.approx(5.25)
