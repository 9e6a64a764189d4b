"""The hinge loss: only rows within the margin, or on its wrong side, train the discriminator."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import jax
from jaxtyping import Array, Float

from lookalike.nn.objectives._base import Separate

__all__ = ["Hinge"]


@dataclass(frozen=True)
class Hinge(Separate):
    """A margin between real and generated rows, as in a support vector machine.

    The discriminator minimises E max(0, 1 − D(x)) + E max(0, 1 + D(G(z))), and the generator
    −E D(G(z)).

    Source: Lim and Ye 2017, arXiv 1705.02894.
    """

    name: ClassVar[str] = "hinge"

    @property
    def ideal(self) -> float:
        """The loss 2 of any constant answer within the margin."""
        return 2.0

    @property
    def threshold(self) -> float:
        """The middle of the margin."""
        return 0.0

    def on_real(self, logits: Float[Array, " rows"]) -> Float[Array, " rows"]:
        """Return max(0, 1 − D)."""
        return jax.nn.relu(1 - logits)

    def on_fake(self, logits: Float[Array, " rows"]) -> Float[Array, " rows"]:
        """Return max(0, 1 + D)."""
        return jax.nn.relu(1 + logits)

    def on_own(self, logits: Float[Array, " rows"]) -> Float[Array, " rows"]:
        """Return −D."""
        return -logits
