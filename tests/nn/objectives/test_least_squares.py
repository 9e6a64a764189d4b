"""Least squares, by hand."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
import pytest

from lookalike.nn.objectives import LeastSquares

REAL, FAKE = jnp.asarray([2.0, -1.0]), jnp.asarray([0.5, -3.0])


def test_squared_distances_to_the_labels() -> None:
    # ½ (1² + 2²)/2 + ½ (½² + 3²)/2, and for the generator ½ (½² + 4²)/2
    assert LeastSquares().discriminator(REAL, FAKE) == pytest.approx(1.25 + 2.3125)
    assert LeastSquares().generator(REAL, FAKE) == pytest.approx(4.0625)
    assert LeastSquares().ideal == 0.25


def test_smoothing_lowers_the_label_of_real_rows() -> None:
    smooth = LeastSquares(smoothing=0.2)
    on_real, on_fake = smooth.halves(REAL, FAKE)
    assert on_real == pytest.approx((1.2**2 + 1.8**2) / 4)
    assert on_fake == LeastSquares().halves(REAL, FAKE)[1]
    np.testing.assert_allclose(
        smooth.probability(jnp.asarray([-1.0, 0.2, 0.8, 2.0]), jnp.asarray(0.4)), [0, 0.25, 1, 1]
    )
