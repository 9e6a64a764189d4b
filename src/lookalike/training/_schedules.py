"""How the learning rate changes over a run. Every schedule is a function of progress in [0, 1]."""

from __future__ import annotations

import jax.numpy as jnp
from jaxtyping import Array, Float

__all__ = ["cosine"]


def cosine(progress: Float[Array, ""], final: float = 0.03) -> Float[Array, ""]:
    """Return the share of the peak rate: 1 at the start, falling as half a cosine to `final`.

    Source: Loshchilov and Hutter 2017, arXiv 1608.03983, without restarts.
    """
    return final + (1 - final) * 0.5 * (1 + jnp.cos(jnp.pi * jnp.clip(progress, 0, 1)))
