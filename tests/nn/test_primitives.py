"""Uniform and normal numbers on the device."""

from __future__ import annotations

import jax
import numpy as np
import pytest
from scipy import stats

from lookalike.nn import noise
from lookalike.nn._primitives import normals, uniforms

pytestmark = pytest.mark.train

SHAPE = (301, 99)


@pytest.mark.parametrize("kind", ["threefry2x32", "rbg"])
def test_uniform_numbers_are_uniform_and_fixed_by_their_key(kind: str) -> None:
    drawn = np.asarray(uniforms(jax.random.key(3, impl=kind), SHAPE))
    assert drawn.shape == SHAPE
    assert drawn.min() >= 0
    assert drawn.max() < 1
    assert stats.kstest(drawn.ravel(), "uniform").pvalue > 0.001
    assert abs(np.corrcoef(drawn[:-1].ravel(), drawn[1:].ravel())[0, 1]) < 0.03
    again = np.asarray(uniforms(jax.random.key(3, impl=kind), SHAPE))
    np.testing.assert_array_equal(drawn, again)
    assert (drawn != np.asarray(uniforms(jax.random.key(4, impl=kind), SHAPE))).mean() > 0.99


def test_the_numbers_of_a_threefry_key_are_known() -> None:
    """They are the same on every machine, so a seed gives the same rows."""
    key = jax.random.key(0, impl="threefry2x32")
    drawn = np.asarray(uniforms(key, (2, 2)))
    known = [[1814417, 6745482], [6263279, 4393374]]
    np.testing.assert_array_equal((drawn * 2**23).astype(int), known)
    known = [[0.571888, 0.355542], [-0.663939, -1.123092]]
    np.testing.assert_allclose(noise(key, (2, 2), "normal"), known, atol=1e-6)


@pytest.mark.parametrize("kind", ["threefry2x32", "rbg"])
def test_noise_is_normal_or_symmetric_and_within_its_limits(kind: str) -> None:
    key = jax.random.key(5, impl=kind)
    normal = np.asarray(noise(key, SHAPE, "normal"))
    assert 3.5 < np.abs(normal).max() < 4.4
    assert stats.kstest(normal.ravel(), "norm").pvalue > 0.001
    assert abs(stats.kurtosis(normal, axis=None)) < 0.15
    assert np.abs(np.corrcoef(normal[:, :40].T) - np.eye(40)).max() < 0.3
    within = np.asarray(noise(key, SHAPE, "uniform"))
    assert -1 < within.min() < -0.99
    assert 0.99 < within.max() < 1
    assert stats.kstest(within.ravel(), "uniform", args=(-1, 2)).pvalue > 0.001


@pytest.mark.slow
def test_the_first_rows_do_not_depend_on_how_many_are_drawn() -> None:
    key = jax.random.key(1, impl="threefry2x32")
    for draw in (uniforms, normals):
        many = np.asarray(draw(key, (1001, 7)))
        for rows in (1, 10, 1000):
            np.testing.assert_array_equal(np.asarray(draw(key, (rows, 7))), many[:rows])
