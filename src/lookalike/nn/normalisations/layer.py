"""Layer normalisation: each row has mean 0 and variance 1 over its units."""

from __future__ import annotations

from typing import ClassVar

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from lookalike.nn.normalisations._base import Normalisation, affine

__all__ = ["LayerNorm"]

#: Added to variances.
_EPSILON = 1e-5


class LayerNorm(Normalisation):
    """Normalise each row by its own units, then scale and shift each unit.

    Rows remain independent of each other, as gradient penalties require.

    Source: Ba, Kiros and Hinton 2016, arXiv 1607.06450.

    Parameters
    ----------
    scale, shift : array, shape (units,)
        Applied to the normalised units; learned.
    """

    scale: Float[Array, " units"]
    shift: Float[Array, " units"]

    name: ClassVar[str] = "layer"

    @classmethod
    def begin(
        cls,
        weight: Float[Array, "inputs units"],
        scale: float,
        key: PRNGKeyArray,  # noqa: ARG003 - others draw
    ) -> LayerNorm:
        """Return the initial normalisation."""
        units = weight.shape[1]
        return cls(jnp.full(units, scale, weight.dtype), jnp.zeros(units, weight.dtype))

    def __call__(
        self,
        x: Float[Array, "rows inputs"],
        weight: Float[Array, "inputs units"] | None,
        bias: Float[Array, " units"] | None,
    ) -> Float[Array, "rows units"]:
        """Return normalised results; the same while training and when sampling."""
        units = affine(x, weight, bias)
        centred = units - jnp.mean(units, axis=1, keepdims=True)
        variance = jnp.mean(centred**2, axis=1, keepdims=True)
        return centred * jax.lax.rsqrt(variance + _EPSILON) * self.scale + self.shift
