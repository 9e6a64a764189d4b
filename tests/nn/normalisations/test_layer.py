"""Layer normalisation: each row by its own units."""

from __future__ import annotations

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from lookalike.nn.normalisations import LayerNorm

WEIGHT = jax.random.normal(jax.random.key(0), (4, 8))
ROWS = 2 + 3 * jax.random.normal(jax.random.key(1), (64, 4))
NORM = LayerNorm.begin(WEIGHT, 1.0, jax.random.key(2))


def test_rows_have_mean_0_and_variance_1_over_their_units() -> None:
    units = NORM(ROWS, WEIGHT, jnp.arange(8.0))
    np.testing.assert_allclose(units.mean(axis=1), 0, atol=1e-5)
    np.testing.assert_allclose(units.var(axis=1), 1, atol=1e-3)


def test_each_unit_has_its_scale_and_shift() -> None:
    scale, shift = jnp.arange(1.0, 9), jnp.arange(8.0)
    moved = eqx.tree_at(lambda n: (n.scale, n.shift), NORM, (scale, shift))
    by_hand = NORM(ROWS, WEIGHT, None) * scale + shift
    np.testing.assert_allclose(moved(ROWS, WEIGHT, None), by_hand, atol=1e-5)


def test_training_is_as_sampling_and_rows_are_independent() -> None:
    units, stats = NORM.learn(ROWS, WEIGHT, None)
    assert stats == ()
    assert NORM.absorb(stats) is NORM
    np.testing.assert_array_equal(units, NORM(ROWS, WEIGHT, None))
    np.testing.assert_allclose(NORM(ROWS[3:4], WEIGHT, None), units[3:4], atol=1e-5)
