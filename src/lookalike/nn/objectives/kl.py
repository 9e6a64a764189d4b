"""The Kullback-Leibler divergence, as estimated by a discriminator."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import jax.numpy as jnp
from jaxtyping import Array, Float

from lookalike._core.parameters import Flag, Rule
from lookalike.nn.objectives._base import Separate

__all__ = ["KullbackLeibler"]

#: The largest log density ratio of the original conjugate; e¹⁰ = 22,026.
_LARGEST = 10.0


@dataclass(frozen=True)
class KullbackLeibler(Separate):
    """The f-GAN of f(u) = u log u, so that the best discriminator measures KL(real ‖ generated).

    Its output activation is the identity and the conjugate is f*(t) = exp(t − 1): the
    discriminator minimises −E D(x) + E f*(D(G(z))), the generator −E D(G(z)), or −E f*(D(G(z)))
    if `saturating`. The best discriminator is D = 1 + log(p/q), for densities p of real
    and q of generated rows.

    NOTE: differs from the source where D − 1 is above 10: there f* continues as its tangent, the
    conjugate of the same f on density ratios up to e¹⁰, so that no logit overflows.

    Source: Nowozin, Cseke and Tomioka 2016, arXiv 1606.00709, table 2 and section 3.2.

    Parameters
    ----------
    saturating : bool, default False
        Whether the generator minimises the divergence itself. Its gradient is then weighted by p/q
        and vanishes where generated rows are far from real ones, hence the default (section 3.2).
    """

    saturating: bool = False

    name: ClassVar[str] = "kl"
    rules: ClassVar[Mapping[str, Rule]] = {"saturating": Flag()}

    @property
    def ideal(self) -> float:
        """No divergence."""
        return 0.0

    @property
    def threshold(self) -> float:
        """The derivative of f at 1, the best discriminator's output for p = q."""
        return 1.0

    def on_real(self, logits: Float[Array, " rows"]) -> Float[Array, " rows"]:
        """Return −D."""
        return -logits

    def on_fake(self, logits: Float[Array, " rows"]) -> Float[Array, " rows"]:
        """Return f*(D)."""
        return _conjugate(logits)

    def on_own(self, logits: Float[Array, " rows"]) -> Float[Array, " rows"]:
        """Return −D, or −f*(D) if `saturating`."""
        return -_conjugate(logits) if self.saturating else -logits


def _conjugate(logits: Float[Array, " rows"]) -> Float[Array, " rows"]:
    """Return exp(t − 1), continued as a straight line above t = 11."""
    ratio = logits - 1
    low = jnp.minimum(ratio, _LARGEST)
    return jnp.exp(low) + math.exp(_LARGEST) * (ratio - low)
