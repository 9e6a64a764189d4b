"""Penalties on the discriminator's gradient with respect to its input rows."""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

__all__ = ["zero_centred"]


def zero_centred(
    logits: Callable[[Float[Array, "rows width"]], Float[Array, " rows"]],
    rows: Float[Array, "rows width"],
) -> Float[Array, ""]:
    """Return E ‖∇ D(x)‖², called R1 on real and R2 on generated rows.

    Source: Mescheder, Geiger and Nowozin 2018, arXiv 1801.04406.

    Parameters
    ----------
    logits : callable
        The discriminator, row by row independent.
    rows : array of shape (rows, width)
        Where the gradient is taken.

    Returns
    -------
    array of float, shape ()
        The penalty, before its weight γ/2.
    """
    slopes = jax.grad(lambda x: jnp.sum(logits(x)))(rows)
    return jnp.mean(jnp.sum(slopes**2, axis=1))
