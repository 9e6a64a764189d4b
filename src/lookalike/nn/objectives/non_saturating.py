"""The non-saturating objective of the original GAN: the generator's gradient does not vanish."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import jax
from jaxtyping import Array, Float

from lookalike.nn.objectives.minimax import Minimax

__all__ = ["NonSaturating"]


@dataclass(frozen=True)
class NonSaturating(Minimax):
    """Cross-entropy; the generator minimises −E log σ(D(G(z))).

    The discriminator's loss is that of `Minimax`.

    Source: Goodfellow et al. 2014, arXiv 1406.2661, section 3.

    Parameters
    ----------
    smoothing : float, default 0
        Real rows have the label 1 − smoothing; at most ½.
    """

    name: ClassVar[str] = "non-saturating"

    def on_own(self, logits: Float[Array, " rows"]) -> Float[Array, " rows"]:
        """Return softplus(−D), which is −log σ(D)."""
        return jax.nn.softplus(-logits)
