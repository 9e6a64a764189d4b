"""What the two networks play for: losses over the discriminator's logits of real and fake rows."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

__all__ = ["Objective", "RelativisticPairing"]


class Objective(ABC):
    """A pair of losses; both see paired logits of real and generated rows, shape (rows,)."""

    @abstractmethod
    def discriminator(
        self, real: Float[Array, " rows"], fake: Float[Array, " rows"]
    ) -> Float[Array, ""]:
        """Return what the discriminator makes small."""

    @abstractmethod
    def generator(
        self, real: Float[Array, " rows"], fake: Float[Array, " rows"]
    ) -> Float[Array, ""]:
        """Return what the generator makes small."""


@dataclass(frozen=True)
class RelativisticPairing(Objective):
    """Each fake row is judged beside one real row.

    With Δ = D(fake) − D(real), the discriminator minimises E softplus(Δ) and the generator
    E softplus(−Δ); both are ln 2 where the two distributions are one.

    Source: Huang, Gokaslan, Kuleshov and Tompkin 2024, arXiv 2501.05441 (after
    Jolicoeur-Martineau 2018, arXiv 1807.00734).
    """

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
