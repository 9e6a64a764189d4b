"""Nonlinearities by name, and the gain that suits each."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lookalike.nn._activations import ACTIVATIONS, activation, rectifier_gain

POINTS = jnp.linspace(-4, 4, 9)[None]


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_every_activation_works_number_by_number(name: str) -> None:
    values = activation(name, 0.2)(POINTS)
    assert values.shape == POINTS.shape
    assert np.isfinite(values).all()
    np.testing.assert_allclose(activation(name, 0.2)(POINTS[:, ::-1]), values[:, ::-1], rtol=1e-6)


def test_the_usual_ones_are_there_and_the_unfit_are_not() -> None:
    usual = {"relu", "leaky_relu", "selu", "elu", "tanh", "gelu", "silu", "softplus", "sigmoid"}
    assert usual <= set(ACTIVATIONS)
    assert not {"softmax", "glu", "one_hot", "logsumexp", "log1mexp"} & set(ACTIVATIONS)


def test_only_the_leaky_rectifier_has_a_slope() -> None:
    assert activation("leaky_relu", 0.05)(jnp.asarray([[-2.0]]))[0, 0] == pytest.approx(-0.1)
    assert activation("relu", 0.05)(jnp.asarray([[-2.0]]))[0, 0] == 0


@pytest.mark.parametrize("name", ["relu", "leaky_relu", "selu", "tanh", "gelu"])
def test_the_gain_keeps_the_size_of_hidden_units(name: str) -> None:
    x = rectifier_gain(name, 0.2) * jax.random.normal(jax.random.key(0), (1000, 200))
    # The gain is for inputs of size 1; only rectifiers keep any size.
    unit = activation(name, 0.2)(x / rectifier_gain(name, 0.2)) * rectifier_gain(name, 0.2)
    assert jnp.mean(unit**2) == pytest.approx(1, abs=0.02)


def test_a_gain_may_be_asked_for_within_a_compiled_function() -> None:
    rectifier_gain.cache_clear()
    assert jax.jit(lambda x: x * rectifier_gain("mish", 0.2))(1.0) == pytest.approx(1.487, abs=1e-3)
