"""Uniform numbers on the device, at half of what `jax.random` takes for them."""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend.random import threefry_2x32
from jaxtyping import Array, Float, PRNGKeyArray

__all__ = ["uniforms"]

#: The exponent of a float32 in [1, 2), and the bits that are not its fraction.
_ONE, _NOT_FRACTION = np.uint32(0x3F800000), 9
#: The words of a Threefry key.
_THREEFRY = 2


def uniforms(key: PRNGKeyArray, shape: tuple[int, ...]) -> Float[Array, ...]:
    """Draw numbers evenly from [0, 1).

    Threefry (Salmon et al. 2011) makes two words of two counters; `jax.random`, which must be
    able to split its draws over devices, keeps one of them. Here both are used: of a Threefry key
    the numbers are the same on every kind of device, and the first rows the same however many are
    drawn. Keys of other kinds go their usual way.

    Parameters
    ----------
    key : PRNG key
    shape : tuple of int

    Returns
    -------
    array of float32, shape `shape`
        Multiples of 2⁻²³.
    """
    seeds = jax.random.key_data(key)
    if len(seeds) != _THREEFRY:
        return jax.random.uniform(key, shape)
    size = math.prod(shape)
    # Neighbours share a call, so that the first numbers do not depend on how many are drawn.
    even = 2 * jnp.arange(-(-size // 2), dtype=jnp.uint32)
    halves = threefry_2x32(seeds, jnp.concatenate([even, even + 1])).reshape(2, -1)
    words = halves.T.reshape(-1)[:size]
    ones = jax.lax.bitcast_convert_type(words >> _NOT_FRACTION | _ONE, jnp.float32)
    return (ones - 1).reshape(shape)
