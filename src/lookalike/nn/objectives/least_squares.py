"""Least squares: logits are regressed on labels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import jax.numpy as jnp
from jaxtyping import Array, Float

from lookalike._core.parameters import Number, Rule
from lookalike.nn.objectives._base import Separate

__all__ = ["LeastSquares"]


@dataclass(frozen=True)
class LeastSquares(Separate):
    """Squared distance of logits to the labels 1 − s of real and 0 of generated rows.

    The discriminator minimises ½ E (D(x) − (1 − s))² + ½ E D(G(z))², and the generator
    ½ E (D(G(z)) − (1 − s))².

    Source: Mao et al. 2016, arXiv 1611.04076, equation 9, with the labels a = 0, b = c = 1 − s.

    Parameters
    ----------
    smoothing : float, default 0
        s: the distance of the label of real rows from 1, at most ½.
    """

    smoothing: float | int = 0.0

    name: ClassVar[str] = "least-squares"
    rules: ClassVar[Mapping[str, Rule]] = {"smoothing": Number(0, 0.5)}

    @property
    def ideal(self) -> float:
        """A quarter of the squared label, since the best discriminator outputs half of it."""
        return (1 - self.smoothing) ** 2 / 4

    @property
    def threshold(self) -> float:
        """Half the label, the best discriminator's output for p = q."""
        return (1 - self.smoothing) / 2

    def on_real(self, logits: Float[Array, " rows"]) -> Float[Array, " rows"]:
        """Return half the squared distance to the label of real rows."""
        return (logits - (1 - self.smoothing)) ** 2 / 2

    def on_fake(self, logits: Float[Array, " rows"]) -> Float[Array, " rows"]:
        """Return half the squared distance to 0."""
        return logits**2 / 2

    def on_own(self, logits: Float[Array, " rows"]) -> Float[Array, " rows"]:
        """Return half the squared distance to the label of real rows."""
        return self.on_real(logits)

    def probability(
        self, logits: Float[Array, " rows"], centre: Float[Array, ""]
    ) -> Float[Array, " rows"]:
        """Return D over the label of real rows, clipped to [0, 1]; the label is twice the centre.

        The best discriminator outputs (1 − s) p/(p + q), so this is p/(p + q).
        """
        return jnp.clip(logits / (2 * centre), 0.0, 1.0)
