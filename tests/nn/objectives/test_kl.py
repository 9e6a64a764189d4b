"""The Kullback-Leibler divergence, by hand."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lookalike.nn.objectives import KullbackLeibler

REAL, FAKE = jnp.asarray([2.0, -1.0]), jnp.asarray([0.5, -3.0])


def test_the_variational_bound() -> None:
    bound = np.mean([2.0, -1.0]) - np.exp(np.array([-0.5, -4.0])).mean()
    assert KullbackLeibler().discriminator(REAL, FAKE) == pytest.approx(-bound, rel=1e-5)


def test_the_best_discriminator_measures_the_divergence() -> None:
    """Rows of two kinds, with the answers 1 + log(p/q) to each."""
    p, q = np.array([0.75, 0.25]), np.array([0.5, 0.5])
    answers = jnp.asarray(1 + np.log(p / q), jnp.float32)
    real, fake = answers[jnp.asarray([0, 0, 0, 1])], answers[jnp.asarray([0, 0, 1, 1])]
    divergence = (p * np.log(p / q)).sum()
    assert KullbackLeibler().discriminator(real, fake) == pytest.approx(-divergence, rel=1e-5)


def test_the_generator_plays_either_form() -> None:
    assert KullbackLeibler().generator(REAL, FAKE) == pytest.approx(1.25)
    by_hand = -np.exp(np.array([-0.5, -4.0])).mean()
    saturating = KullbackLeibler(saturating=True)
    assert saturating.generator(REAL, FAKE) == pytest.approx(by_hand, rel=1e-5)


def test_the_conjugate_goes_on_as_its_tangent_without_a_bend() -> None:
    on_fake = KullbackLeibler().on_fake
    points = jnp.asarray([10.999, 11.0, 11.001, 12.0])
    slopes = jax.vmap(jax.grad(lambda t: on_fake(t[None])[0]))(points)
    np.testing.assert_allclose(slopes, np.exp(10), rtol=2e-3)
    assert on_fake(points)[3] == pytest.approx(2 * np.exp(10), rel=1e-5)
