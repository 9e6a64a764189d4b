"""Networks while training and when sampling."""

from __future__ import annotations

from itertools import product

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from lookalike.nn import Architecture, Network
from lookalike.nn._activations import ACTIVATIONS

pytestmark = pytest.mark.train

KEY = jax.random.key(0)
ROWS = jax.random.normal(jax.random.key(1), (16, 4))


def one_step(network: Network) -> tuple[Network, Network]:
    """Play a step of Adam towards outputs of 1; return the network after it, and its slope."""

    def cost(network: Network) -> tuple[jax.Array, object]:
        outputs, stats = network.learn(ROWS, KEY)
        return jnp.mean((outputs - 1) ** 2), stats

    slope, stats = jax.grad(cost, has_aux=True)(network)
    adam = optax.adam(1e-2)
    updates, _ = adam.update(slope, adam.init(network))
    return optax.apply_updates(network, updates).absorb(stats), slope


@pytest.mark.parametrize(
    ("normalisation", "dropout", "residual", "activation"),
    [
        *product([None, "batch", "layer", "spectral"], [0.0, 0.3], [False, True], ["selu"]),
        *[("batch", 0.3, True, name) for name in ACTIVATIONS if name != "selu"],
    ],
)
def test_every_network_learns_a_step_and_samples_alike(
    normalisation: str | None, dropout: float, residual: bool, activation: str
) -> None:
    network = Architecture(
        (8, 8),
        residual=residual,
        activation=activation,
        normalisation=normalisation,
        dropout=dropout,
    ).build(4, 2, KEY)
    after, slope = one_step(network)
    # The same tree of the same types: nothing is compiled anew after the first step.
    assert jax.tree.map(jax.typeof, after) == jax.tree.map(jax.typeof, network)
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(slope))
    for old, new in zip((*network.hidden, network.last), (*after.hidden, after.last), strict=True):
        assert (old.weight != new.weight).any()
    outputs = after(ROWS)
    np.testing.assert_array_equal(outputs, after(ROWS))
    np.testing.assert_allclose(after(ROWS[5:6]), outputs[5:6], rtol=1e-4, atol=1e-5)


def test_a_residual_network_by_hand() -> None:
    network = Architecture((8, 8, 8), residual=True).build(4, 2, KEY)

    def leaky(x: np.ndarray) -> np.ndarray:
        return np.where(x > 0, x, 0.2 * x)

    first, *others = [np.asarray(layer.weight) for layer in network.hidden]
    hidden = leaky(np.asarray(ROWS) @ first)
    for weight in others:
        hidden = hidden + leaky(hidden @ weight)
    by_hand = hidden @ np.asarray(network.last.weight)
    np.testing.assert_allclose(network(ROWS), by_hand, rtol=1e-4, atol=1e-5)


def test_a_plain_network_by_hand() -> None:
    network = Architecture((8, 16), activation="tanh").build(4, 2, KEY)
    network = jax.tree.map(lambda leaf: leaf + 0.1, network)
    hidden = np.asarray(ROWS)
    for layer in network.hidden:
        hidden = np.tanh(hidden @ np.asarray(layer.weight) + np.asarray(layer.bias))
    by_hand = hidden @ np.asarray(network.last.weight) + np.asarray(network.last.bias)
    np.testing.assert_allclose(network(ROWS), by_hand, rtol=1e-4, atol=1e-5)


def test_without_hidden_layers_it_is_an_affine_map() -> None:
    network = Architecture(()).build(4, 2, KEY)
    np.testing.assert_allclose(network(ROWS), ROWS @ network.last.weight, rtol=1e-5)


def test_where_nothing_is_remembered_training_is_sampling() -> None:
    network = Architecture((8, 8), residual=True).build(4, 2, KEY)
    outputs, stats = network.learn(ROWS, KEY)
    assert stats == ()
    assert network.absorb(stats) is network
    np.testing.assert_array_equal(outputs, network(ROWS))


def test_what_is_remembered_changes_by_absorbing_alone() -> None:
    network = Architecture((8, 8), normalisation="batch").build(4, 2, KEY)
    _, stats = network.learn(ROWS, KEY)
    taught = network.absorb(stats)
    assert (taught.hidden[1].normalisation.mean != 0).all()
    np.testing.assert_array_equal(taught.hidden[0].weight, network.hidden[0].weight)
    # learning reads nothing of it
    np.testing.assert_array_equal(taught.learn(ROWS, KEY)[0], network.learn(ROWS, KEY)[0])
    assert (taught(ROWS) != network(ROWS)).any()


def test_dropout_sets_its_share_to_0_and_keeps_the_mean() -> None:
    """One hidden layer of ones: each output is the count of what is kept, scaled up."""
    network = Architecture((1000,), activation="relu", dropout=0.3).build(4, 1, KEY)
    network = jax.tree.map(jnp.zeros_like, network)
    layer = network.hidden[0]
    network = Network(
        hidden=(type(layer)(layer.weight, jnp.ones(1000), layer.normalisation),),
        last=network.last.with_weights(lambda w: jnp.ones_like(w) if w.ndim == 2 else w),
        activation="relu",
        slope=0.2,
        residual=False,
        dropout=0.3,
    )
    sums = np.asarray(network.learn(ROWS, KEY)[0][:, 0])
    np.testing.assert_allclose(sums, 1000, atol=100)
    kept = sums * 179 / 256  # 0.3 is 77/256 as near as a byte tells
    np.testing.assert_allclose(kept, kept.round(), atol=1e-2)
    assert len(np.unique(sums.round())) > 5
    assert (network(ROWS) == 1000).all()
    assert (network.learn(ROWS, jax.random.key(5))[0][:, 0] != sums).any()


def test_layers_drop_different_units() -> None:
    network = Architecture((64, 64), dropout=0.5, activation="identity", residual=True)
    built = network.build(4, 2, KEY)
    zero = jax.tree.map(jnp.zeros_like, built)
    ones = jnp.ones(64)
    hidden = tuple(type(h)(h.weight, ones, h.normalisation) for h in zero.hidden)
    # every hidden unit is 2·kept₀ + 2·kept₁
    last = type(zero.last)(jnp.eye(64), jnp.zeros(64), zero.last.normalisation)
    whole = Network(hidden, last, "identity", 0.2, True, 0.5)
    seen = set(np.unique(whole.learn(ROWS, KEY)[0]).tolist())
    assert seen == {0.0, 2.0, 4.0}
