"""The gradient penalty of WGAN-GP: gradients between real and generated rows have norm 1."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from lookalike._core.parameters import Number, Rule
from lookalike.nn.penalties._base import LogitFunction, Penalty

__all__ = ["Interpolated"]

#: Keeps the gradient of a norm finite where the norm is 0.
_TINY = 1e-12


@dataclass(frozen=True)
class Interpolated(Penalty):
    """Penalise gradients between real and generated rows unlike norm 1: λ E (‖∇D(x̂)‖ − 1)².

    x̂ = ε x + (1 − ε) G(z), with one ε from U(0, 1) for each row.

    Source: Gulrajani et al. 2017, arXiv 1704.00028, algorithm 1.

    Parameters
    ----------
    weight : float, default 10
        λ.
    """

    weight: float | int = 10.0

    name: ClassVar[str] = "interpolated"
    rules: ClassVar[Mapping[str, Rule]] = {"weight": Number(0)}

    def __call__(
        self,
        logits: LogitFunction,
        real: Float[Array, "rows width"],
        fake: Float[Array, "rows width"],
        key: PRNGKeyArray,
    ) -> Float[Array, ""]:
        """Return λ E (‖∇D(x̂)‖ − 1)²."""
        between = interpolate(real, fake, key)
        slopes = jax.grad(lambda x: jnp.sum(logits(x)))(between)
        norms = jnp.sqrt(jnp.sum(slopes**2, axis=1) + _TINY)
        return self.weight * jnp.mean((norms - 1) ** 2)


def interpolate(
    real: Float[Array, "rows width"], fake: Float[Array, "rows width"], key: PRNGKeyArray
) -> Float[Array, "rows width"]:
    """Draw a point on the line between each pair of rows.

    Parameters
    ----------
    real, fake : array, shape (rows, width)
        The ends.
    key : PRNG key

    Returns
    -------
    array, shape (rows, width)
        ε real + (1 − ε) fake; all columns of a row share one ε.
    """
    share = jax.random.uniform(key, (len(real), 1), real.dtype)
    return share * real + (1 - share) * fake
