"""The generator's form of cross-entropy that does not saturate, by hand."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lookalike.nn.objectives import Minimax, NonSaturating

REAL, FAKE = jnp.asarray([2.0, -1.0]), jnp.asarray([0.5, -3.0])


def test_the_generator_wants_its_rows_called_real() -> None:
    by_hand = np.log1p(np.exp(-np.asarray(FAKE))).mean()
    assert NonSaturating().generator(REAL, FAKE) == pytest.approx(by_hand, rel=1e-5)


def test_the_discriminator_plays_the_first_game() -> None:
    for smoothing in (0.0, 0.1):
        ours, first = NonSaturating(smoothing), Minimax(smoothing)
        assert ours.discriminator(REAL, FAKE) == first.discriminator(REAL, FAKE)
        assert (ours.ideal, ours.threshold) == (first.ideal, first.threshold)


def test_the_generators_slope_stays_where_the_discriminator_is_sure() -> None:
    slope = jax.grad(lambda fake: NonSaturating().generator(fake, fake))(jnp.asarray([-10.0]))
    assert slope[0] == pytest.approx(-1, abs=1e-3)
