"""The way in which a convolution is computed: filters or patches, by channels and sides."""

from __future__ import annotations

import jax.numpy as jnp
import pytest

from lookalike.nn._convolutions import TAPS, _is_wide


@pytest.mark.parametrize(
    ("side", "channels", "units", "filters"),
    [
        (28, 1, 32, False),
        (32, 3, 32, False),
        (28, 8, 32, True),
        (64, 8, 32, False),
        (64, 16, 32, True),
    ],
)
def test_filters_are_for_many_channels_and_small_sides(side, channels, units, filters) -> None:
    assert _is_wide(jnp.zeros((TAPS * channels, units)), side) is filters
