"""Residual multilayer perceptrons: the generator's and the discriminator's body."""

from __future__ import annotations

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

__all__ = ["Linear", "ResidualMLP"]


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


class ResidualMLP(eqx.Module):
    """Map whole batches through residual layers, without normalisation.

    h₀ = act(A x); hₖ = hₖ₋₁ + act(Wₖ hₖ₋₁); output = B h, with a leaky rectifier of slope 0.2.

    Parameters
    ----------
    inputs, outputs, width, depth : int
        Widths of input, output and hidden rows, and how many residual layers follow the first.
    key : PRNG key
    """

    first: Linear
    layers: list[Linear]
    last: Linear
    slope: float = eqx.field(static=True)

    def __init__(
        self, inputs: int, outputs: int, *, width: int, depth: int, key: PRNGKeyArray
    ) -> None:
        keys = jax.random.split(key, depth + 2)
        self.slope = 0.2
        gain = (2 / (1 + self.slope**2)) ** 0.5
        self.first = Linear(inputs, width, keys[0], gain)
        # Each residual branch is scaled so that the variance of h does not grow with depth.
        self.layers = [Linear(width, width, k, gain / max(depth, 1) ** 0.5) for k in keys[1:-1]]
        self.last = Linear(width, outputs, keys[-1])

    def __call__(self, x: Float[Array, "rows inputs"]) -> Float[Array, "rows outputs"]:
        hidden = jax.nn.leaky_relu(self.first(x), self.slope)
        for layer in self.layers:
            hidden = hidden + jax.nn.leaky_relu(layer(hidden), self.slope)
        return self.last(hidden)
