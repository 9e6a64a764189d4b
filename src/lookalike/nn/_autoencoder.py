"""A variational autoencoder of encoded rows."""

from __future__ import annotations

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, PRNGKeyArray

from lookalike.nn._architecture import Architecture
from lookalike.nn._marginals import Marginals
from lookalike.nn._network import Network
from lookalike.nn._plan import Plan

__all__ = ["Autoencoder", "Decoded", "Decoder"]

#: The bounds of the logarithm of a standard deviation.
_LEAST, _MOST = -5.0, 2.0


class Decoded(NamedTuple):
    """The distribution of rows given their codes.

    Parameters
    ----------
    mean, log_scale : array, shape (rows, numbers)
        Of standardised numbers, which are normal.
    logits : array, shape (rows, levels)
    """

    mean: Float[Array, "rows numbers"]
    log_scale: Float[Array, "rows numbers"]
    logits: Float[Array, "rows levels"]


class Autoencoder(eqx.Module):
    """An encoder from rows to the distribution of codes, and a decoder back.

    The decoder starts from independent columns: outputs of 0 are standard normal numbers, and
    levels with their shares in the table.

    Parameters
    ----------
    encoder, decoder : Network
    plan : Plan
        The layout of rows.
    """

    encoder: Network
    decoder: Network
    plan: Plan = eqx.field(static=True)

    @classmethod
    def begin(
        cls, plan: Plan, architecture: Architecture, latent_size: int, key: PRNGKeyArray
    ) -> Autoencoder:
        """Return an untrained autoencoder.

        Parameters
        ----------
        plan : Plan
        architecture : Architecture
            The hidden layers of both networks.
        latent_size : int
            The length of a code.
        key : PRNG key
        """
        keys = jax.random.split(key)
        encoder = architecture.build(plan.width, 2 * latent_size, keys[0])
        decoder = architecture.build(latent_size, plan.width + plan.number_width, keys[1])
        zeros = jnp.zeros_like(decoder.last.weight)
        return cls(encoder, eqx.tree_at(lambda n: n.last.weight, decoder, zeros), plan)

    @property
    def latent_size(self) -> int:
        """The length of a code."""
        size: int = self.decoder.hidden[0].weight.shape[0]
        return size

    def encode(
        self, numbers: Float[Array, "rows numbers"], levels: Float[Array, "rows levels"]
    ) -> tuple[Float[Array, "rows latent"], Float[Array, "rows latent"]]:
        """Return the mean of each code and the logarithm of its standard deviation."""
        outputs = self.encoder(jnp.concatenate([numbers, 2 * levels], axis=1))
        mean, log_scale = jnp.split(outputs, 2, axis=1)
        return mean, jnp.clip(log_scale, _LEAST, _MOST)

    def decode(self, code: Float[Array, "rows latent"], marginals: Marginals) -> Decoded:
        """Return the distribution of rows.

        Parameters
        ----------
        code : array, shape (rows, latent)
        marginals : Marginals
        """
        count, outputs = self.plan.number_width, self.decoder(code)
        mean, log_scale = outputs[:, :count], outputs[:, count : 2 * count]
        logits = marginals.log_shares + outputs[:, 2 * count :]
        return Decoded(mean, jnp.clip(log_scale, _LEAST, _MOST), logits)

    def surprise(
        self,
        code: Float[Array, "rows latent"],
        numbers: Float[Array, "rows numbers"],
        present: Bool[Array, "rows numbers"],
        levels: Float[Array, "rows levels"],
        marginals: Marginals,
    ) -> Float[Array, " rows"]:
        """Return the negative log-likelihood of each row given a code, in nats.

        Parameters
        ----------
        code : array, shape (rows, latent)
        numbers, present, levels : array
            Standardised rows, as of `Marginals.standardised`.
        marginals : Marginals
        """
        found = self.decode(code, marginals)
        errors = ((numbers - found.mean) * jnp.exp(-found.log_scale)) ** 2 / 2
        errors += found.log_scale + np.log(2 * np.pi) / 2
        surprise = jnp.where(present, errors, 0.0).sum(axis=1)
        return surprise - (levels * self.plan.log_probabilities(found.logits)).sum(axis=1)


class Decoder(eqx.Module):
    """The decoder as a generator: a function from noise to the raw output for rows.

    Parameters
    ----------
    model : Autoencoder
    marginals : Marginals
    """

    model: Autoencoder
    marginals: Marginals

    def __call__(self, noise: Float[Array, "rows latent"]) -> Float[Array, "rows width"]:
        """Return rows for standard normal codes, followed by the noise of numbers."""
        count = self.model.plan.number_width
        code, spread = jnp.split(noise, [noise.shape[1] - count], axis=1)
        found = self.model.decode(code, self.marginals)
        standard = found.mean + jnp.exp(found.log_scale) * spread
        numbers = standard * self.marginals.spread + self.marginals.centre
        return jnp.concatenate([numbers, found.logits], axis=1)
