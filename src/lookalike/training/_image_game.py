"""The adversarial game of networks that draw and judge images of given classes."""

from __future__ import annotations

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray, PyTree

from lookalike._core.seeds import generator
from lookalike.nn import DeviceCondition, ImageDrawer, Network, no_condition
from lookalike.training._adversarial import Game, RowMatrix, TrainState, judged
from lookalike.training._data import Data
from lookalike.training._task import GeneratedRows

__all__ = ["ImageGame"]


class ImageGame(Game):
    """A `Game` of rows of pixels, with the class as an input of both networks.

    Its plan has one block of pixels with a tanh head and, if there are classes, one of levels. Each
    generated image has the class of a real one, which the discriminator reads beside the pixels.

    Parameters
    ----------
    plan, generator, discriminator, latent_size, batch_size, objective, penalty : as of `Game`
        The architectures are convolutional ones.
    penalty_every, clip, discriminator_steps, pack, latent, average, temperature : as of `Game`
        The temperature has no use, since classes are given.
    optimiser, conditioned : as of `Game`
        There are no conditions but the class.
    """

    @property
    def classes(self) -> int:
        """The number of classes; 0 without."""
        return self.plan.width - self.plan.number_width

    def build_generator(self, key: PRNGKeyArray) -> Network:
        """Return an untrained generator of pixels from noise and a class."""
        network: Network = self.generator.build(
            self.latent_size + self.classes, self.plan.number_width, key
        )
        return network

    def draw(
        self, network: Network | ImageDrawer, noise: RowMatrix, classes: RowMatrix
    ) -> Float[Array, "rows pixels"]:
        """Return the images of a generator, in (-1, 1).

        Parameters
        ----------
        network : ImageDrawer
        noise : array, shape (rows, latent_size)
        classes : array, shape (rows, classes)
            One-hot.

        Returns
        -------
        array, shape (rows, pixels)
        """
        return jnp.tanh(network(jnp.concatenate([noise, classes], axis=1)))

    def generate(self, state: TrainState, seed: int, step: int, real: RowMatrix) -> GeneratedRows:
        """See `GenerativeTask.generate`: images have the classes of the real ones."""
        rng, size = generator(seed, "show", step), (len(real), self.latent_size)
        if self.latent == "normal":
            noise = rng.standard_normal(size, np.float32)
        else:
            noise = rng.uniform(-1, 1, size).astype(np.float32)
        return _shown(self, state.average, state.discriminator, real, jnp.asarray(noise))

    def _real(
        self,
        data: Data,
        which: PRNGKeyArray,
        within: PRNGKeyArray,  # noqa: ARG002 - pixels are known exactly
        asking: PRNGKeyArray,  # noqa: ARG002 - the class is the condition
    ) -> tuple[RowMatrix, RowMatrix, DeviceCondition]:
        chosen = jax.random.randint(which, (self.batch_size,), 0, data.rows)
        pixels = data.floats[chosen]
        classes = jnp.zeros((self.batch_size, 0))
        if self.classes:
            classes = jax.nn.one_hot(data.codes[chosen, 0], self.classes)
        real = jnp.concatenate([pixels, classes], axis=1)
        return real, classes, no_condition(self.plan, self.batch_size)

    def _fake(
        self,
        generator: Network,
        told: RowMatrix,
        condition: DeviceCondition,  # noqa: ARG002 - the class is the condition
        latent: PRNGKeyArray,
        levels: PRNGKeyArray,  # noqa: ARG002 - classes are given
    ) -> tuple[RowMatrix, PyTree]:
        within, dropped = jax.random.split(latent)
        noise = self._noise(within, self.batch_size)
        raw, stats = generator.learn(jnp.concatenate([noise, told], axis=1), dropped)
        return jnp.concatenate([jnp.tanh(raw), told], axis=1), stats

    def _packed(self, rows: RowMatrix, told: RowMatrix) -> RowMatrix:  # noqa: ARG002 - in the rows
        return rows.reshape(len(rows) // self.pack, -1)


@eqx.filter_jit
def _shown(
    game: ImageGame,
    network: Network,
    discriminator: Network,
    real: RowMatrix,
    noise: Float[Array, "rows latent"],
) -> GeneratedRows:
    pixels, classes = game.plan.number_width, real[:, game.plan.number_width :]
    made = jnp.concatenate([game.draw(network, noise, classes), classes], axis=1)
    levels = jnp.zeros((len(real), 0), jnp.int32)
    if game.classes:
        levels = jnp.argmax(real[:, pixels:], axis=1)[:, None].astype(jnp.int32)
    return GeneratedRows(made, levels, *(judged(game, discriminator, x) for x in (real, made)))
