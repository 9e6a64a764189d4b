"""Spectral normalisation: no layer stretches any direction."""

from __future__ import annotations

from typing import ClassVar

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from lookalike.nn.normalisations._base import Normalisation, affine

__all__ = ["SpectralNorm"]

#: Rounds of the power iteration before the first step.
_ROUNDS = 15
#: Keeps directions finite where a weight is 0.
_TINY = 1e-12


class SpectralNorm(Normalisation):
    """Divide a layer's weight by an estimate of its largest singular value.

    With activations whose slope is at most 1, a plain network is then 1-Lipschitz (up to the error
    of the estimate), and one with k residual layers 2ᵏ-Lipschitz. The last layer is normalised as
    well. The estimate is σ = ‖Wᵀ u‖ with a stored direction u, updated by one round of the power
    iteration at every training step.

    Source: Miyato, Kataoka, Koyama and Yoshida 2018, arXiv 1802.05957, algorithm 1.

    Parameters
    ----------
    direction : array, shape (inputs,)
        u, of length 1.
    """

    direction: Float[Array, " inputs"]

    name: ClassVar[str] = "spectral"
    tracks: ClassVar[bool] = True
    last: ClassVar[bool] = True

    @classmethod
    def begin(
        cls,
        weight: Float[Array, "inputs units"],
        scale: float,  # noqa: ARG003 - the largest singular value is 1
        key: PRNGKeyArray,
    ) -> SpectralNorm:
        """Return the initial normalisation, with a direction after some rounds of iteration."""
        start = jax.random.normal(key, weight.shape[:1])
        assert weight is not None  # it is the weight that is divided
        turned = jax.lax.fori_loop(0, _ROUNDS, lambda _, u: _turned(u, weight), _unit(start))
        return cls(turned)

    def learn(
        self,
        x: Float[Array, "rows inputs"],
        weight: Float[Array, "inputs units"] | None,
        bias: Float[Array, " units"] | None,
    ) -> tuple[Float[Array, "rows units"], Float[Array, " inputs"]]:
        """Return results with the direction after another round, and that direction."""
        assert weight is not None  # it is the weight that is divided
        turned = jax.lax.stop_gradient(_turned(self.direction, weight))
        return _divided(x, weight, bias, turned), turned

    def __call__(
        self,
        x: Float[Array, "rows inputs"],
        weight: Float[Array, "inputs units"] | None,
        bias: Float[Array, " units"] | None,
    ) -> Float[Array, "rows units"]:
        """Return results with the stored direction."""
        assert weight is not None  # it is the weight that is divided
        return _divided(x, weight, bias, jax.lax.stop_gradient(self.direction))

    def absorb(self, stats: Float[Array, " inputs"]) -> SpectralNorm:
        """Return the normalisation with the new direction."""
        return SpectralNorm(jax.lax.stop_gradient(stats))


def _unit(vector: Float[Array, " size"]) -> Float[Array, " size"]:
    return vector * jax.lax.rsqrt(jnp.sum(vector**2) + _TINY)


def _turned(
    direction: Float[Array, " inputs"], weight: Float[Array, "inputs units"]
) -> Float[Array, " inputs"]:
    """Return the direction after one round of the power iteration."""
    return _unit(weight @ _unit(direction @ weight))


def _divided(
    x: Float[Array, "rows inputs"],
    weight: Float[Array, "inputs units"],
    bias: Float[Array, " units"] | None,
    direction: Float[Array, " inputs"],
) -> Float[Array, "rows units"]:
    """Return ``x @ (weight / σ) + bias``; gradients pass through σ to the weight."""
    other = jax.lax.stop_gradient(_unit(direction @ weight))
    norm = direction @ weight @ other
    return affine(x / jnp.maximum(norm, _TINY), weight, bias)
