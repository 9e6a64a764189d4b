"""The critic's difference of means, by hand."""

from __future__ import annotations

import jax.numpy as jnp
import pytest

from lookalike.nn.objectives import Wasserstein

REAL, FAKE = jnp.asarray([2.0, -1.0]), jnp.asarray([0.5, -3.0])


def test_the_difference_of_means() -> None:
    assert Wasserstein().discriminator(REAL, FAKE) == pytest.approx(-1.75)
    assert Wasserstein().generator(REAL, FAKE) == pytest.approx(1.25)


def test_a_constant_in_the_critic_is_free() -> None:
    critic = Wasserstein()
    assert critic.discriminator(REAL + 3, FAKE + 3) == critic.discriminator(REAL, FAKE)
    assert critic.centre(REAL + 3, FAKE + 3) == pytest.approx(-0.375 + 3)
