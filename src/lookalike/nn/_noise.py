"""The random input of a generator."""

from __future__ import annotations

from typing import Literal

import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray

from lookalike.nn._random import normals, uniforms

__all__ = ["Latent", "noise"]

Latent = Literal["normal", "uniform"]

#: Uniform numbers are multiples of this: half of it is added, so that what is drawn is symmetric.
_STEP = np.float32(2.0**-23)


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
