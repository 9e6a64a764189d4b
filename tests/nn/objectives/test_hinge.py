"""The hinge, by hand."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import pytest

from lookalike.nn.objectives import Hinge

REAL, FAKE = jnp.asarray([2.0, -1.0]), jnp.asarray([0.5, -3.0])


def test_only_rows_within_the_margin_count() -> None:
    assert Hinge().discriminator(REAL, FAKE) == pytest.approx((0 + 2) / 2 + (1.5 + 0) / 2)
    slope = jax.grad(Hinge().discriminator, (0, 1))(REAL, FAKE)
    assert slope[0].tolist() == [0, -0.5]
    assert slope[1].tolist() == [0.5, 0]


def test_the_generator_counts_all_its_rows() -> None:
    assert Hinge().generator(REAL, FAKE) == pytest.approx(1.25)
