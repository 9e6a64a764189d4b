"""The minimax value function of the original GAN."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import jax
from jaxtyping import Array, Float

from lookalike._core.parameters import Number, Rule
from lookalike.nn.objectives._base import Separate

__all__ = ["Minimax"]


@dataclass(frozen=True)
class Minimax(Separate):
    """Cross-entropy, which the discriminator minimises and the generator maximises.

    With σ the logistic function and s the smoothing, the discriminator minimises
    −E [(1 − s) log σ(D(x)) + s log(1 − σ(D(x)))] − E log(1 − σ(D(G(z)))) and the generator
    E log(1 − σ(D(G(z)))). Its gradient vanishes where the discriminator is certain; that of
    `NonSaturating` does not.

    Source: Goodfellow et al. 2014, arXiv 1406.2661; one-sided label smoothing: Salimans et al.
    2016, arXiv 1606.03498.

    Parameters
    ----------
    smoothing : float, default 0
        s: real rows have the label 1 − s; at most ½.
    """

    smoothing: float | int = 0.0

    name: ClassVar[str] = "minimax"
    rules: ClassVar[Mapping[str, Rule]] = {"smoothing": Number(0, 0.5)}

    @property
    def ideal(self) -> float:
        """Twice the entropy (in nats) of a Bernoulli variable with p = (1 − s)/2; 2 ln 2 at s = 0.

        The best discriminator outputs (1 − s) p/(p + q), for densities p of real and q of generated
        rows.
        """
        chance = (1 - self.smoothing) / 2
        return -2 * (chance * math.log(chance) + (1 - chance) * math.log1p(-chance))

    @property
    def threshold(self) -> float:
        """The logit of (1 − s)/2, the best discriminator's output for p = q; 0 at s = 0."""
        return math.log1p(-self.smoothing) - math.log1p(self.smoothing)

    def on_real(self, logits: Float[Array, " rows"]) -> Float[Array, " rows"]:
        """Return (1 − s) softplus(−D) + s softplus(D)."""
        # softplus(D) = softplus(−D) + D, so that one softplus suffices.
        return jax.nn.softplus(-logits) + self.smoothing * logits

    def on_fake(self, logits: Float[Array, " rows"]) -> Float[Array, " rows"]:
        """Return softplus(D), which is −log(1 − σ(D))."""
        return jax.nn.softplus(logits)

    def on_own(self, logits: Float[Array, " rows"]) -> Float[Array, " rows"]:
        """Return −softplus(D), which is log(1 − σ(D))."""
        return -jax.nn.softplus(logits)
