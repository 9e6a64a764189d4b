"""Weights cut to a box."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from lookalike.nn import Architecture, clip_weights


def test_weights_and_biases_are_cut_and_nothing_else() -> None:
    network = Architecture((8, 8), normalisation="batch").build(4, 1, jax.random.key(0))
    network = jax.tree.map(lambda leaf: leaf + 0.5, network)
    clipped = clip_weights(network, 0.3)
    for before, after in zip(
        (*network.hidden, network.last), (*clipped.hidden, clipped.last), strict=True
    ):
        np.testing.assert_array_equal(after.weight, jnp.clip(before.weight, -0.3, 0.3))
        np.testing.assert_array_equal(after.bias, jnp.full_like(before.bias, 0.3))
        assert jax.tree.all(
            jax.tree.map(jnp.array_equal, before.normalisation, after.normalisation)
        )
    assert jax.tree.structure(clipped) == jax.tree.structure(network)


def test_small_weights_and_absent_biases_stay() -> None:
    network = Architecture((8,), bias=False).build(4, 1, jax.random.key(0))
    assert jax.tree.all(jax.tree.map(jnp.array_equal, clip_weights(network, 100.0), network))
