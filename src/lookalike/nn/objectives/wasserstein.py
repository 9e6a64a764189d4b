"""The Wasserstein (earth mover's) distance, as estimated by a critic."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import jax.numpy as jnp
from jaxtyping import Array, Float

from lookalike.nn.objectives._base import Objective, midpoint

__all__ = ["Wasserstein"]


@dataclass(frozen=True)
class Wasserstein(Objective):
    """The difference of the critic's means; the critic needs a Lipschitz constraint.

    The critic minimises −E D(x) + E D(G(z)), and the generator −E D(G(z)). If the critic is
    1-Lipschitz, its loss is at least minus the earth mover's distance between real and generated
    rows. The constraint is imposed by a penalty (`Interpolated`), clipped weights (`clip_weights`)
    or spectral normalisation.

    Source: Arjovsky, Chintala and Bottou 2017, arXiv 1701.07875.
    """

    name: ClassVar[str] = "wasserstein"

    @property
    def ideal(self) -> float:
        """The loss 0 for equal distributions."""
        return 0.0

    def halves(
        self, real: Float[Array, " rows"], fake: Float[Array, " rows"]
    ) -> tuple[Float[Array, ""], Float[Array, ""]]:
        """Return −E D(x) and E D(G(z)); alone they are meaningless, as D has no zero."""
        return -jnp.mean(real), jnp.mean(fake)

    def generator(
        self,
        real: Float[Array, " rows"],  # noqa: ARG002 - objectives that pair rows need it
        fake: Float[Array, " rows"],
    ) -> Float[Array, ""]:
        """Return −E D(G(z))."""
        return -jnp.mean(fake)

    def centre(self, real: Float[Array, " rows"], fake: Float[Array, " rows"]) -> Float[Array, ""]:
        """Return the middle between the means of both batches, as D is defined up to a constant."""
        return midpoint(real, fake)
