"""Shared building blocks of networks: keys, random numbers, initial weights, an affine map."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.extend.random import threefry_2x32
from jaxtyping import Array, Float, PRNGKeyArray, UInt32
from scipy.special import ndtri

__all__ = [
    "INITIALS",
    "Latent",
    "Linear",
    "key_of",
    "noise",
    "normals",
    "seed_words",
    "uniforms",
]

Latent = Literal["normal", "uniform"]

#: The exponent of a float32 in [1, 2), and the bits that are not its fraction.
_ONE, _NOT_FRACTION = np.uint32(0x3F800000), 9
#: The words of a Threefry key.
_THREEFRY = 2
#: Of the 16 bits of a normal number, the last 15 say how large it is and the first its sign.
_HALF, _SIGN = 16, np.uint32(2**15)
#: Uniform numbers are multiples of this: half of it is added, so that what is drawn is symmetric.
_STEP = np.float32(2.0**-23)


# --- keys and random numbers -------------------------------------------------------------------


def seed_words(seed: int, *path: int) -> UInt32[Array, " words"]:
    """Pack a seed of 64 bits, and numbers of 32 bits that follow it, for a compiled program.

    Parameters
    ----------
    seed : int
    *path : int
        Numbers of streams within the seed, such as that of a block.

    Returns
    -------
    array of uint32, shape (2 + len(path),)
        For `key_of`.
    """
    return jnp.asarray([seed % 2**32, seed // 2**32, *path], jnp.uint32)


def key_of(words: UInt32[Array, " words"], kind: Literal["threefry2x32", "rbg"]) -> PRNGKeyArray:
    """Return a key from packed words, which depends on every bit of them.

    Parameters
    ----------
    words : array of uint32, shape (words,)
        From `seed_words`.
    kind : {"threefry2x32", "rbg"}
        The generator. Threefry gives the same stream on every kind of device; the
        hardware-friendly rbg is faster, for training, which draws tens of thousands of numbers at
        every step.

    Returns
    -------
    PRNG key
    """
    key = jax.random.key(words[0], impl=kind)
    for number in range(1, len(words)):
        key = jax.random.fold_in(key, words[number])
    return key


def uniforms(key: PRNGKeyArray, shape: tuple[int, int]) -> Float[Array, "rows width"]:
    """Draw uniform numbers from [0, 1).

    With a Threefry key the numbers are the same on every kind of device, and the first rows do not
    depend on the number of rows.

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

    The largest is 4.3. The notes on keys of `uniforms` apply.

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


def noise(key: PRNGKeyArray, shape: tuple[int, int], latent: Latent) -> Float[Array, "rows size"]:
    """Draw the random input of rows: N(0, 1), or uniform in (-1, 1).

    Parameters
    ----------
    key : PRNG key
    shape : tuple of int
        Rows and the size of the latent space.
    latent : {"normal", "uniform"}
        The distribution.

    Returns
    -------
    array, shape (rows, size)
    """
    if latent == "normal":
        return normals(key, shape)
    return 2 * uniforms(key, shape) - (1 - _STEP)


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
    # The calls of a row are adjacent, so that its words do not depend on the number of rows.
    even = 2 * jnp.arange(calls, dtype=jnp.uint32)
    first, second = threefry_2x32(seeds, jnp.concatenate([even, even + 1])).reshape(2, rows, -1)
    return jnp.concatenate([first, second], axis=1)[:, :width]


def _absolute() -> UInt32[np.ndarray, " sizes"]:
    """Return the bits of the absolute normal numbers, the smallest first."""
    sizes = (np.arange(_SIGN) + 0.5) / (2 * float(_SIGN))
    return np.asarray(ndtri(0.5 + sizes), np.float32).view(np.uint32)


_ABSOLUTE = _absolute()


# --- weights -----------------------------------------------------------------------------------


#: For each name, the standard deviation of normal weights from the numbers of inputs and outputs
#: and the gain of the activation that follows (1 where none does).
INITIALS: dict[str, Callable[[int, int, float], float]] = {
    # He et al. 2015, arXiv 1502.01852
    "he": lambda inputs, _, gain: gain / math.sqrt(max(inputs, 1)),
    # Glorot and Bengio 2010, whatever the activation
    "glorot": lambda inputs, outputs, _: math.sqrt(2 / max(inputs + outputs, 1)),
    # Radford, Metz and Chintala 2015, arXiv 1511.06434
    "dcgan": lambda *_: 0.02,
    # LeCun et al. 1998, whatever the activation
    "lecun": lambda inputs, *_: 1 / math.sqrt(max(inputs, 1)),
}


class Linear(eqx.Module):
    """An affine map of whole batches, ``x @ weight + bias``.

    Parameters
    ----------
    inputs, outputs : int
        The widths.
    key : PRNG key
    gain : float
        The standard deviation of a weight is ``gain / sqrt(inputs)``.
    """

    weight: Float[Array, "inputs outputs"]
    bias: Float[Array, " outputs"]

    def __init__(self, inputs: int, outputs: int, key: PRNGKeyArray, gain: float = 1.0):
        self.weight = jax.random.normal(key, (inputs, outputs)) * (gain / max(inputs, 1) ** 0.5)
        self.bias = jnp.zeros(outputs)

    def __call__(self, x: Float[Array, "rows inputs"]) -> Float[Array, "rows outputs"]:
        return x @ self.weight + self.bias
