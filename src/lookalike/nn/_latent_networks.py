"""The networks of a game that is played in the codes of an autoencoder."""

from __future__ import annotations

from dataclasses import dataclass

import equinox as eqx
import jax
from jaxtyping import Array, Float, PRNGKeyArray

from lookalike.nn._architecture import Architecture
from lookalike.nn._network import Network
from lookalike.nn._windows import WindowNetwork

__all__ = ["LatentNetworks", "LatentSizes"]


@dataclass(frozen=True)
class LatentSizes:
    """The widths of what latent networks read and write.

    Parameters
    ----------
    values : int
        Of a window, flattened.
    codes : int
        Of its codes.
    noise : int
        Of the noise of a window.
    """

    values: int
    codes: int
    noise: int


class LatentNetworks(eqx.Module):
    """An autoencoder of windows, and a generator and a discriminator of its codes.

    Codes lie between 0 and 1.

    Parameters
    ----------
    encoder, decoder : Network or WindowNetwork
        From a window to its codes, and back.
    supervisor : Network or WindowNetwork or None
        From the codes of a window to those of the same window, each step's from those before it.
    generator : Network or WindowNetwork
        From noise to codes.
    discriminator : Network or WindowNetwork
        From codes to a logit, which is high for real ones.
    """

    encoder: Network | WindowNetwork
    decoder: Network | WindowNetwork
    supervisor: Network | WindowNetwork | None
    generator: Network | WindowNetwork
    discriminator: Network | WindowNetwork

    @classmethod
    def begin(
        cls,
        coding: Architecture,
        game: Architecture,
        sizes: LatentSizes,
        key: PRNGKeyArray,
        *,
        supervised: bool,
    ) -> LatentNetworks:
        """Return untrained networks.

        Parameters
        ----------
        coding : Architecture
            The hidden layers of encoder and decoder.
        game : Architecture
            Those of the other networks.
        sizes : LatentSizes
        key : PRNG key
        supervised : bool
            Whether there is a supervisor.
        """
        keys = jax.random.split(key, 5)
        return cls(
            coding.build(sizes.values, sizes.codes, keys[0]),
            coding.build(sizes.codes, sizes.values, keys[1]),
            game.build(sizes.codes, sizes.codes, keys[2]) if supervised else None,
            game.build(sizes.noise, sizes.codes, keys[3]),
            game.build(sizes.codes, 1, keys[4]),
        )

    def encode(self, values: Float[Array, "rows values"]) -> Float[Array, "rows codes"]:
        """Return the codes of windows."""
        return jax.nn.sigmoid(self.encoder(values))

    def supervise(self, codes: Float[Array, "rows codes"]) -> Float[Array, "rows codes"]:
        """Return codes with the supervisor's dynamics; the same ones without a supervisor."""
        return codes if self.supervisor is None else jax.nn.sigmoid(self.supervisor(codes))

    def draw(self, noise: Float[Array, "rows noise"]) -> Float[Array, "rows codes"]:
        """Return codes from noise, before the supervisor."""
        return jax.nn.sigmoid(self.generator(noise))

    def judge(self, codes: Float[Array, "rows codes"]) -> Float[Array, " rows"]:
        """Return the discriminator's logits of codes."""
        return self.discriminator(codes)[:, 0]

    def make(self, noise: Float[Array, "rows noise"]) -> Float[Array, "rows values"]:
        """Return windows from noise."""
        return self.decoder(self.supervise(self.draw(noise)))
