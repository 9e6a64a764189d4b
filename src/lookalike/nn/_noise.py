"""The random input of a generator."""

from __future__ import annotations

from typing import Literal

import jax
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray

from lookalike.nn._uniform import uniforms

__all__ = ["Latent", "noise"]

Latent = Literal["normal", "uniform"]

#: Uniform numbers are multiples of this: half of it is added, so that what is drawn is symmetric.
_STEP = np.float32(2.0**-23)
_ROOT = np.float32(np.sqrt(2.0))


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
    within = 2 * uniforms(key, shape) - (1 - _STEP)
    return _ROOT * jax.lax.erf_inv(within) if latent == "normal" else within
