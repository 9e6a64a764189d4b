"""Products of rows and weights, large ones of rounded factors."""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jaxtyping import Array

from lookalike.nn._product import product

#: Inputs and units whose weights are large, odd and not square.
SHAPES = [(256, 256), (109, 256), (256, 109), (64, 256)]


def exact(x: Array, weight: Array) -> Array:
    """Return the product of factors as they are."""
    return x @ weight


def factors(rows: int, inputs: int, units: int) -> tuple[Array, Array]:
    """Return normal rows, and weights that keep their spread."""
    keys = jax.random.split(jax.random.key(0))
    weight = jax.random.normal(keys[1], (inputs, units)) / inputs**0.5
    return jax.random.normal(keys[0], (rows, inputs)), weight


def off(found: Array, expected: Array) -> float:
    """Return the mean error in units of the mean size."""
    return float(jnp.abs(found - expected).mean() / jnp.abs(expected).mean())


def energy(times: Callable[[Array, Array], Array]) -> Callable[[Array, Array], Array]:
    """Return a loss of rows and weights."""
    return lambda x, weight: (jnp.tanh(times(x, weight)) ** 2).sum()


def steepness(times: Callable[[Array, Array], Array]) -> Callable[[Array, Array], Array]:
    """Return what a gradient penalty is made of: the slope by the rows, squared."""
    return lambda x, weight: (jax.grad(energy(times))(x, weight) ** 2).sum()


@pytest.mark.parametrize(("inputs", "units"), SHAPES)
@pytest.mark.parametrize("rows", [128, 257])
def test_a_large_product_is_off_by_little(rows: int, inputs: int, units: int) -> None:
    x, weight = factors(rows, inputs, units)
    found = jax.jit(product)(x, weight)
    assert found.dtype == jnp.float32
    assert 0 < off(found, exact(x, weight)) < 0.005


@pytest.mark.parametrize(("inputs", "units"), SHAPES)
@pytest.mark.parametrize("rows", [128, 257])
@pytest.mark.parametrize("loss", [energy, steepness])
def test_slopes_and_slopes_of_slopes_are_off_by_little(
    rows: int, inputs: int, units: int, loss: Callable[..., Callable[..., Array]]
) -> None:
    arrays = factors(rows, inputs, units)
    found, expected = (
        jax.jit(jax.grad(loss(times), (0, 1)))(*arrays) for times in (product, exact)
    )
    for slope, due in zip(found, expected, strict=True):  # by the rows and by the weights
        assert slope.dtype == jnp.float32
        assert off(slope, due) < 0.02


@pytest.mark.parametrize(
    ("rows", "inputs", "units"), [(127, 256, 256), (4096, 128, 128), (4096, 256, 63)]
)
def test_small_products_are_exact(rows: int, inputs: int, units: int) -> None:
    x, weight = factors(rows, inputs, units)
    np.testing.assert_array_equal(np.asarray(product(x, weight)), np.asarray(exact(x, weight)))


def test_each_row_depends_on_itself_alone() -> None:
    x, weight = factors(256, 256, 128)
    other = x.at[1:].set(0.0)
    found = jax.jit(product)(x, weight), jax.jit(product)(other, weight)
    np.testing.assert_array_equal(np.asarray(found[0][0]), np.asarray(found[1][0]))
