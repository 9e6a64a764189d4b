"""The random input of a generator."""

from __future__ import annotations

from typing import Literal

import jax
from jaxtyping import Array, Float, PRNGKeyArray

__all__ = ["Latent", "noise"]

Latent = Literal["normal", "uniform"]


def noise(key: PRNGKeyArray, shape: tuple[int, int], latent: Latent) -> Float[Array, "rows size"]:
    """Draw the random input of rows: N(0, 1), or uniform in [-1, 1].

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
        return jax.random.normal(key, shape)
    return jax.random.uniform(key, shape, minval=-1.0, maxval=1.0)
