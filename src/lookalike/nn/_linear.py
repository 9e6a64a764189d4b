"""An affine map of whole batches."""

from __future__ import annotations

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

__all__ = ["Linear"]


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
