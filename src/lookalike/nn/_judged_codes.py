"""An autoencoder with a discriminator of its codes."""

from __future__ import annotations

import equinox as eqx
import jax
from jaxtyping import Array, Float, PRNGKeyArray

from lookalike.nn._architecture import Architecture
from lookalike.nn._autoencoder import Autoencoder
from lookalike.nn._network import Network
from lookalike.nn._plan import Plan

__all__ = ["JudgedAutoencoder"]


class JudgedAutoencoder(eqx.Module):
    """An autoencoder, and a discriminator that tells its codes from standard normal ones.

    Parameters
    ----------
    autoencoder : Autoencoder
    discriminator : Network
        From a code to a logit, which is high for normal ones.
    """

    autoencoder: Autoencoder
    discriminator: Network

    @classmethod
    def begin(
        cls, plan: Plan, architecture: Architecture, latent_size: int, key: PRNGKeyArray
    ) -> JudgedAutoencoder:
        """Return untrained networks.

        Parameters
        ----------
        plan : Plan
        architecture : Architecture
            The hidden layers of all three networks.
        latent_size : int
            The length of a code.
        key : PRNG key
        """
        keys = jax.random.split(key)
        autoencoder = Autoencoder.begin(plan, architecture, latent_size, keys[0])
        return cls(autoencoder, architecture.build(latent_size, 1, keys[1]))

    def judge(self, code: Float[Array, "rows latent"]) -> Float[Array, " rows"]:
        """Return the discriminator's logits of codes."""
        return self.discriminator(code)[:, 0]
