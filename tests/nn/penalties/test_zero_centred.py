"""R1 and R2, by hand."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lookalike.nn import ZeroCentred
from lookalike.nn.penalties.zero_centred import zero_centred

SLOPE = jnp.asarray([1.0, -2.0, 0.5])
REAL, FAKE = jnp.asarray(np.random.default_rng(0).normal(size=(2, 6, 3)), jnp.float32)


def test_the_penalty_of_a_plane_is_its_squared_slope() -> None:
    assert zero_centred(lambda x: x @ SLOPE, REAL) == pytest.approx(5.25)
    penalty = ZeroCentred(weight=0.4)
    assert penalty(lambda x: x @ SLOPE, REAL, FAKE, jax.random.key(0)) == pytest.approx(0.4 * 5.25)


def test_both_batches_count_half() -> None:
    """The slope of ½‖x‖² at x is x."""
    value = ZeroCentred(weight=3.0)(
        lambda x: jnp.sum(x**2, axis=1) / 2, REAL, FAKE, jax.random.key(0)
    )
    squares = (np.asarray(REAL) ** 2).sum(1).mean() + (np.asarray(FAKE) ** 2).sum(1).mean()
    assert value == pytest.approx(1.5 * squares, rel=1e-5)
