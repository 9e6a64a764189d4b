"""Zero-centred gradient penalties on real and on generated rows: R1 and R2."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from lookalike._core.parameters import Number, Rule
from lookalike.nn.penalties._base import LogitFunction, Penalty

__all__ = ["ZeroCentred", "zero_centred"]


@dataclass(frozen=True)
class ZeroCentred(Penalty):
    """Penalise gradients at real and at generated rows: γ/2 · (R1 + R2).

    R1 = E ‖∇D(x)‖² over real rows, and R2 is the same over generated ones.

    Source: Mescheder, Geiger and Nowozin 2018, arXiv 1801.04406.

    Parameters
    ----------
    weight : float, default 0.5
        γ.
    """

    weight: float | int = 0.5

    name: ClassVar[str] = "zero-centred"
    rules: ClassVar[Mapping[str, Rule]] = {"weight": Number(0)}

    def __call__(
        self,
        logits: LogitFunction,
        real: Float[Array, "rows width"],
        fake: Float[Array, "rows width"],
        key: PRNGKeyArray,  # noqa: ARG002 - penalties between rows draw where
    ) -> Float[Array, ""]:
        """Return γ/2 · (R1 + R2)."""
        return self.weight / 2 * (zero_centred(logits, real) + zero_centred(logits, fake))


def zero_centred(logits: LogitFunction, rows: Float[Array, "rows width"]) -> Float[Array, ""]:
    """Return E ‖∇ D(x)‖², called R1 on real and R2 on generated rows.

    Parameters
    ----------
    logits : callable
        The discriminator, row by row independent.
    rows : array of shape (rows, width)
        The rows at which the gradient is taken.

    Returns
    -------
    array of float, shape ()
        The penalty, before its weight γ/2.
    """
    slopes = jax.grad(lambda x: jnp.sum(logits(x)))(rows)
    return jnp.mean(jnp.sum(slopes**2, axis=1))
