"""The game in codes: which networks learn when, and that each has losses of its own."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lookalike.nn import Architecture, LatentSizes
from lookalike.training import LatentGameTask

pytestmark = pytest.mark.train

LAYERS = Architecture((4,))
#: Two steps of three numbers, with codes of two numbers a step.
TASK = LatentGameTask(LAYERS, LAYERS, LatentSizes(6, 4, 6), steps=10, batch_size=8, supervised=2)
NETWORKS = ("encoder", "decoder", "supervisor", "generator", "discriminator")


@pytest.fixture(scope="module")
def model():
    return TASK.begin_model(jax.random.key(1))


@pytest.fixture(scope="module")
def slopes(model):
    """Return, by step and loss, the networks that the loss has a slope at."""
    rng = np.random.default_rng(0)
    rows = jnp.asarray(rng.normal(size=(8, 6))), jnp.zeros((8, 0), jnp.int32)
    noise = jnp.asarray(rng.normal(size=(8, 6)))

    def losses(model, step):
        return TASK.loss(model, rows, jnp.zeros((8, 0)), noise, step)

    every = jax.jit(jax.jacrev(losses))

    def found(step):
        slope = every(model, jnp.asarray(step))
        moved = {
            name: sum(np.abs(leaf).reshape(4, -1).sum(axis=1) for leaf in leaves)
            for name in NETWORKS
            if (leaves := [np.asarray(x) for x in jax.tree.leaves(getattr(slope, name))])
        }
        return [{name for name in NETWORKS if moved[name][loss] > 0} for loss in range(4)]

    return found


def test_the_autoencoder_learns_alone_then_the_supervisor(slopes):
    assert slopes(9) == [{"encoder", "decoder"}, set(), set(), set()]
    assert slopes(10) == [set(), {"supervisor"}, set(), set()]


def test_in_the_game_each_loss_teaches_its_own_networks(slopes):
    coding, supervising, playing, telling = slopes(20)
    assert coding == {"encoder", "decoder"}
    assert supervising == {"supervisor"}
    assert playing == {"supervisor", "generator"}
    assert telling == {"discriminator"}


def test_parts_and_windows(model):
    assert TASK.whole == 30
    noise = np.random.default_rng(0).normal(size=(300, 6))
    made = TASK.draw(model, noise)
    assert made.shape == (300, 6)
    assert np.array_equal(TASK.draw(model, noise[:7]), made[:7])
    assert np.array_equal(TASK.draw(model, noise[256:]), made[256:])
