"""Uniform and normal numbers on the device, at a fraction of what `jax.random` takes for them."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend.random import threefry_2x32
from jaxtyping import Array, Float, PRNGKeyArray, UInt32
from scipy.special import ndtri

__all__ = ["normals", "uniforms"]

#: The exponent of a float32 in [1, 2), and the bits that are not its fraction.
_ONE, _NOT_FRACTION = np.uint32(0x3F800000), 9
#: The words of a Threefry key.
_THREEFRY = 2
#: Of the 16 bits of a normal number, the last 15 say how large it is and the first its sign.
_HALF, _SIGN = 16, np.uint32(2**15)


def uniforms(key: PRNGKeyArray, shape: tuple[int, int]) -> Float[Array, "rows width"]:
    """Draw numbers evenly from [0, 1).

    Of a Threefry key the numbers are the same on every kind of device, and the first rows the same
    however many are drawn.

    Parameters
    ----------
    key : PRNG key
    shape : tuple of int
        Rows, and the numbers of each.

    Returns
    -------
    array of float32, shape `shape`
        Multiples of 2⁻²³.
    """
    words = _words(key, shape)
    return jax.lax.bitcast_convert_type(words >> _NOT_FRACTION | _ONE, jnp.float32) - 1


def normals(key: PRNGKeyArray, shape: tuple[int, int]) -> Float[Array, "rows width"]:
    """Draw numbers from N(0, 1), rounded to the middle quantiles of 2¹⁶ equal parts.

    The largest is 4.3. What `uniforms` says of keys holds here, too.

    Parameters
    ----------
    key : PRNG key
    shape : tuple of int
        Rows, and the numbers of each.

    Returns
    -------
    array of float32, shape `shape`
    """
    rows, width = shape
    words = _words(key, (rows, -(-width // 2)))
    halves = jnp.concatenate([words >> _HALF, words], axis=1)[:, :width]
    absolute = jnp.asarray(_ABSOLUTE).at[halves & (_SIGN - 1)].get(mode="promise_in_bounds")
    return jax.lax.bitcast_convert_type(absolute | (halves & _SIGN) << _HALF, jnp.float32)


def _words(key: PRNGKeyArray, shape: tuple[int, int]) -> UInt32[Array, "rows width"]:
    """Draw words of 32 random bits.

    Threefry (Salmon et al. 2011) makes two words of two counters; `jax.random`, which must be
    able to split its draws over devices, keeps one of them. Here both are used. Keys of other
    kinds go their usual way.
    """
    seeds = jax.random.key_data(key)
    if len(seeds) != _THREEFRY:
        return jax.random.bits(key, shape, jnp.uint32)
    rows, width = shape
    calls = rows * -(-width // 2)
    # The calls of a row stand together, so that its words do not depend on how many rows follow.
    even = 2 * jnp.arange(calls, dtype=jnp.uint32)
    first, second = threefry_2x32(seeds, jnp.concatenate([even, even + 1])).reshape(2, rows, -1)
    return jnp.concatenate([first, second], axis=1)[:, :width]


def _absolute() -> UInt32[np.ndarray, " sizes"]:
    """Return the bits of the absolute normal numbers, the smallest first."""
    sizes = (np.arange(_SIGN) + 0.5) / (2 * float(_SIGN))
    return np.asarray(ndtri(0.5 + sizes), np.float32).view(np.uint32)


_ABSOLUTE = _absolute()
