"""Relativistic pairing, by hand."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
import pytest

from lookalike.nn import RelativisticPairing


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


def test_rows_are_judged_in_pairs() -> None:
    objective = RelativisticPairing()
    real, fake = jnp.asarray([2.0, -1.0]), jnp.asarray([0.5, -3.0])
    by_hand = np.log1p(np.exp(np.array([-1.5, -2.0]))).mean()
    assert objective.discriminator(real, fake) == pytest.approx(by_hand, rel=1e-5)
    assert objective.discriminator(real, fake[::-1]) != pytest.approx(by_hand, rel=1e-2)
