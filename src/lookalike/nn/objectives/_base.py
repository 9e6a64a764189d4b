"""The base class of objectives, and that of those that judge each row by itself."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from lookalike._core.registry import Component

__all__ = ["Objective", "Separate", "midpoint"]


@dataclass(frozen=True)
class Objective(Component, ABC):
    """A pair of losses over the discriminator's logits of real and of generated rows.

    Both batches are of shape (rows,) and of equal length; row k of one is paired with row k of
    the other where an objective pairs. The discriminator's loss is the *sum* of its means over
    real and over generated rows, as in the value function of Goodfellow et al. 2014.
    """

    @property
    @abstractmethod
    def ideal(self) -> float | None:
        """The best discriminator's loss for equal distributions; None if it is meaningless.

        Below it, the discriminator separates the distributions; above it, it is worse than an
        uninformed one.
        """

    @abstractmethod
    def halves(
        self, real: Float[Array, " rows"], fake: Float[Array, " rows"]
    ) -> tuple[Float[Array, ""], Float[Array, ""]]:
        """Return the parts of the discriminator's loss from real and from generated rows."""

    def discriminator(
        self, real: Float[Array, " rows"], fake: Float[Array, " rows"]
    ) -> Float[Array, ""]:
        """Return the discriminator's loss: the sum of both halves."""
        on_real, on_fake = self.halves(real, fake)
        return on_real + on_fake

    @abstractmethod
    def generator(
        self, real: Float[Array, " rows"], fake: Float[Array, " rows"]
    ) -> Float[Array, ""]:
        """Return the generator's loss."""

    @abstractmethod
    def centre(self, real: Float[Array, " rows"], fake: Float[Array, " rows"]) -> Float[Array, ""]:
        """Return the logit above which a row is classified as real.

        If the objective determines it, it is a constant: the best discriminator's output for a row
        that is equally likely to be real or generated. Otherwise it is estimated from both batches.
        """

    def probability(
        self, logits: Float[Array, " rows"], centre: Float[Array, ""]
    ) -> Float[Array, " rows"]:
        """Return the discriminator's probabilities that rows are real; ½ at the centre."""
        return jax.nn.sigmoid(logits - centre)


@dataclass(frozen=True)
class Separate(Objective):
    """An objective that judges each row by itself: E a(D(x)) + E b(D(G(z))) against E c(D(G(z))).

    A subclass implements the three functions of single rows, and two constants.
    """

    @property
    @abstractmethod
    def threshold(self) -> float:
        """The logit above which a row is classified as real."""

    @abstractmethod
    def on_real(self, logits: Float[Array, " rows"]) -> Float[Array, " rows"]:
        """Return a: the discriminator's loss of each real row."""

    @abstractmethod
    def on_fake(self, logits: Float[Array, " rows"]) -> Float[Array, " rows"]:
        """Return b: the discriminator's loss of each generated row."""

    @abstractmethod
    def on_own(self, logits: Float[Array, " rows"]) -> Float[Array, " rows"]:
        """Return c: the generator's loss of each generated row."""

    def halves(
        self, real: Float[Array, " rows"], fake: Float[Array, " rows"]
    ) -> tuple[Float[Array, ""], Float[Array, ""]]:
        """Return E a over real rows and E b over generated ones."""
        return jnp.mean(self.on_real(real)), jnp.mean(self.on_fake(fake))

    def generator(
        self,
        real: Float[Array, " rows"],  # noqa: ARG002 - objectives that pair rows need it
        fake: Float[Array, " rows"],
    ) -> Float[Array, ""]:
        """Return E c over generated rows; real ones are unused."""
        return jnp.mean(self.on_own(fake))

    def centre(self, real: Float[Array, " rows"], fake: Float[Array, " rows"]) -> Float[Array, ""]:
        """Return the threshold, for all batches."""
        return jnp.full((), self.threshold, jnp.result_type(real, fake))


def midpoint(real: Float[Array, " rows"], fake: Float[Array, " rows"]) -> Float[Array, ""]:
    """Return the middle between the means of both batches: the centre of logits without a zero.

    Parameters
    ----------
    real, fake : array, shape (rows,)
        Logits.

    Returns
    -------
    array of float, shape ()
        (E D(x) + E D(G(z))) / 2.
    """
    return (jnp.mean(real) + jnp.mean(fake)) / 2
