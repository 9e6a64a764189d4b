"""Cross-entropy, by hand."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lookalike.nn.objectives import Minimax

REAL, FAKE = jnp.asarray([2.0, -1.0]), jnp.asarray([0.5, -3.0])


def sigmoid(x: object) -> np.ndarray:
    return 1 / (1 + np.exp(-np.asarray(x)))


def test_the_value_function() -> None:
    value = np.log(sigmoid(REAL)).mean() + np.log(1 - sigmoid(FAKE)).mean()
    assert Minimax().discriminator(REAL, FAKE) == pytest.approx(-value, rel=1e-5)
    on_fake = np.log(1 - sigmoid(FAKE)).mean()
    assert Minimax().generator(REAL, FAKE) == pytest.approx(on_fake, rel=1e-5)


def test_smoothing_softens_the_label_of_real_rows_only() -> None:
    smooth = Minimax(smoothing=0.1)
    on_real, on_fake = smooth.halves(REAL, FAKE)
    by_hand = 0.9 * np.log(sigmoid(REAL)) + 0.1 * np.log(1 - sigmoid(REAL))
    assert on_real == pytest.approx(-by_hand.mean(), rel=1e-5)
    assert on_fake == Minimax().halves(REAL, FAKE)[1]
    assert smooth.generator(REAL, FAKE) == Minimax().generator(REAL, FAKE)


def test_the_ideal_is_twice_ln_2() -> None:
    assert Minimax().ideal == pytest.approx(2 * np.log(2))
    assert Minimax().threshold == 0


def test_the_generators_slope_fades_where_the_discriminator_is_sure() -> None:
    slope = jax.grad(lambda fake: Minimax().generator(fake, fake))(jnp.asarray([-10.0]))
    assert abs(float(slope[0])) < 1e-4
