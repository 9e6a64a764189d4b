"""Spectral normalisation: no direction is stretched."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lookalike.nn import Architecture
from lookalike.nn.normalisations import SpectralNorm

WEIGHT = 3 * jax.random.normal(jax.random.key(0), (4, 8))
ROWS = jax.random.normal(jax.random.key(1), (64, 4))
BIAS = jnp.arange(8.0)


@pytest.fixture
def norm() -> SpectralNorm:
    norm = SpectralNorm.begin(WEIGHT, 1.0, jax.random.key(2))
    for _ in range(40):
        norm = norm.absorb(norm.learn(ROWS, WEIGHT, BIAS)[1])
    return norm


def test_the_weight_is_divided_by_its_largest_singular_value(norm: SpectralNorm) -> None:
    largest = np.linalg.svd(np.asarray(WEIGHT), compute_uv=False)[0]
    by_hand = ROWS @ (WEIGHT / largest) + BIAS
    np.testing.assert_allclose(norm(ROWS, WEIGHT, BIAS), by_hand, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(norm.learn(ROWS, WEIGHT, BIAS)[0], by_hand, rtol=1e-4, atol=1e-4)


def test_the_estimate_is_close_from_the_first_step_on() -> None:
    fresh = SpectralNorm.begin(WEIGHT, 1.0, jax.random.key(3))
    largest = np.linalg.svd(np.asarray(WEIGHT), compute_uv=False)[0]
    np.testing.assert_allclose(fresh(ROWS, WEIGHT, None), ROWS @ WEIGHT / largest, rtol=0.02)


def test_the_slope_knows_that_the_size_of_the_weight_does_not_matter(norm: SpectralNorm) -> None:
    def cost(weight: jax.Array) -> jax.Array:
        return jnp.sum(jnp.sin(norm.learn(ROWS, weight, None)[0]))

    slope = jax.grad(cost)(WEIGHT)
    assert jnp.abs(slope).max() > 1e-2
    assert jnp.sum(slope * WEIGHT) == pytest.approx(0, abs=1e-3)


def test_the_direction_has_no_slope(norm: SpectralNorm) -> None:
    slope = jax.grad(lambda n: jnp.sum(n.learn(ROWS, WEIGHT, None)[0] ** 3))(norm)
    assert (slope.direction == 0).all()
    slope = jax.grad(lambda n: jnp.sum(n(ROWS, WEIGHT, None) ** 3))(norm)
    assert (slope.direction == 0).all()


@pytest.mark.parametrize(("residual", "bound"), [(False, 1.0), (True, 4.0)])
def test_a_network_stretches_no_distance(residual: bool, bound: float) -> None:
    """A residual layer may stretch by 2; there are two of them."""
    architecture = Architecture((8, 8, 8), residual=residual, normalisation="spectral")
    network = architecture.build(4, 1, jax.random.key(4))
    network = jax.tree.map(lambda leaf: 5 * leaf, network)  # however large the weights
    for _ in range(40):
        network = network.absorb(network.learn(ROWS, jax.random.key(0))[1])
    slopes = jax.vmap(jax.grad(lambda x: network(x[None])[0, 0]))(10 * ROWS)
    assert np.linalg.norm(slopes, axis=1).max() <= bound * 1.001
    assert np.linalg.norm(slopes, axis=1).max() > 0.05
