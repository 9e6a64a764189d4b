"""The gradient penalty between real and generated rows, by hand."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lookalike.nn.penalties import Interpolated
from lookalike.nn.penalties.interpolated import interpolate

SLOPE = jnp.asarray([1.0, -2.0, 0.5])
REAL, FAKE = jnp.asarray(np.random.default_rng(0).normal(size=(2, 6, 3)), jnp.float32)
KEY = jax.random.key(1)


def test_the_penalty_of_a_plane_is_how_far_its_slope_is_from_1() -> None:
    value = Interpolated()(lambda x: x @ SLOPE, REAL, FAKE, KEY)
    assert value == pytest.approx(10 * (np.sqrt(5.25) - 1) ** 2, rel=1e-5)
    unit = SLOPE / jnp.sqrt(5.25)
    assert Interpolated(weight=2)(lambda x: x @ unit, REAL, FAKE, KEY) == pytest.approx(0, abs=1e-6)


def test_each_row_lies_between_its_own_two_with_one_share_for_all_columns() -> None:
    between = interpolate(REAL, FAKE, KEY)
    assert between.shape == REAL.shape
    shares = np.asarray((between - FAKE) / (REAL - FAKE))
    np.testing.assert_allclose(shares, np.repeat(shares[:, :1], 3, axis=1), atol=1e-4)
    assert ((shares > 0) & (shares < 1)).all()
    assert len(np.unique(shares[:, 0].round(4))) == len(REAL)


def test_slopes_are_taken_at_the_points_between() -> None:
    """The slope of ½‖x‖² at x is x."""
    value = Interpolated()(lambda x: jnp.sum(x**2, axis=1) / 2, REAL, FAKE, KEY)
    norms = np.linalg.norm(np.asarray(interpolate(REAL, FAKE, KEY)), axis=1)
    assert value == pytest.approx(10 * ((norms - 1) ** 2).mean(), rel=1e-5)


def test_a_critic_without_a_slope_can_still_learn_one() -> None:
    slopes = jax.grad(lambda w: Interpolated()(lambda x: x @ w, REAL, FAKE, KEY))(jnp.zeros(3))
    assert np.isfinite(slopes).all()
