"""Relativistic pairing: each generated row is compared with a real one."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from lookalike.nn.objectives._base import Objective, midpoint

__all__ = ["RelativisticPairing"]


@dataclass(frozen=True)
class RelativisticPairing(Objective):
    """Relativistic pairing: each generated row is compared with one real row.

    With Δ = D(fake) − D(real), the discriminator minimises E softplus(Δ) and the generator
    E softplus(−Δ); both are ln 2 for equal distributions.

    Source: Huang, Gokaslan, Kuleshov and Tompkin 2024, arXiv 2501.05441 (after
    Jolicoeur-Martineau 2018, arXiv 1807.00734).
    """

    name: ClassVar[str] = "relativistic"

    @property
    def ideal(self) -> float:
        """The loss ln 2 of a discriminator that cannot distinguish the rows of a pair."""
        return math.log(2)

    def halves(
        self, real: Float[Array, " rows"], fake: Float[Array, " rows"]
    ) -> tuple[Float[Array, ""], Float[Array, ""]]:
        """Return half of the loss twice, since both rows of a pair contribute equally."""
        half = self.discriminator(real, fake) / 2
        return half, half

    def discriminator(
        self, real: Float[Array, " rows"], fake: Float[Array, " rows"]
    ) -> Float[Array, ""]:
        """Return E softplus(D(fake) − D(real))."""
        return jnp.mean(jax.nn.softplus(fake - real))

    def generator(
        self, real: Float[Array, " rows"], fake: Float[Array, " rows"]
    ) -> Float[Array, ""]:
        """Return E softplus(D(real) − D(fake))."""
        return jnp.mean(jax.nn.softplus(real - fake))

    def centre(self, real: Float[Array, " rows"], fake: Float[Array, " rows"]) -> Float[Array, ""]:
        """Return the middle between the means of both batches, as D is defined up to a constant."""
        return midpoint(real, fake)
