"""The latent game: an autoencoder of windows, and a GAN of its codes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, PRNGKeyArray

from lookalike.nn import Architecture, LatentNetworks, LatentSizes
from lookalike.nn.objectives import NonSaturating
from lookalike.training._averaged import AveragedTask

__all__ = ["LatentGameTask"]

_OBJECTIVE = NonSaturating()
#: The weights of the paper's losses: of windows that the autoencoder gives back, of the supervisor
#: in the encoder's loss and in the generator's, and of the moments of generated windows.
_BACK, _ENCODER, _SUPERVISOR, _MOMENTS = 10.0, 0.1, 100.0, 100.0
#: The least mean square whose root is taken: the slope of a root is undefined at 0.
_LEAST = 1e-8
#: The number of windows that one call of the compiled program draws.
_DRAWN = 256


@dataclass(frozen=True)
class LatentGameTask(AveragedTask):
    """Training of a GAN whose generator draws codes that a decoder turns into windows.

    In the first part of the steps the autoencoder learns to give windows back; in the second, if
    there is a supervisor, that learns to tell the codes of a step from those before it; in the last
    all learn together, against a discriminator of codes (Yoon, Jarrett and van der Schaar 2019,
    "Time-series Generative Adversarial Networks"). NOTE: differs from the paper, where parts train
    one after the other in a step, the generator twice as often: here they share a step; noise is
    normal, and the average of weights is kept.

    Parameters
    ----------
    coding, game : Architecture
        The hidden layers of the autoencoder, and of the other networks.
    sizes : LatentSizes
    steps : int
        The number of steps of each part.
    batch_size : int
        The number of windows in a step.
    supervised : int
        The number of the codes of a step, which the supervisor predicts; 0 for no supervisor.
    """

    measures: ClassVar[tuple[str, ...]] = (
        "loss_autoencoder",
        "loss_supervisor",
        "loss_generator",
        "loss_discriminator",
    )

    coding: Architecture
    game: Architecture
    sizes: LatentSizes
    steps: int
    batch_size: int
    supervised: int

    @property
    def whole(self) -> int:
        """The number of steps of all parts together."""
        return (3 if self.supervised else 2) * self.steps

    @property
    def draws(self) -> tuple[int, int]:
        """See `AveragedTask`: the noise of a window."""
        return 0, self.sizes.noise

    def begin_model(self, key: PRNGKeyArray) -> LatentNetworks:
        """See `AveragedTask.begin_model`."""
        return LatentNetworks.begin(
            self.coding, self.game, self.sizes, key, supervised=bool(self.supervised)
        )

    def loss(
        self,
        model: LatentNetworks,
        rows: tuple[Float[Array, "rows values"], Int[Array, "rows none"]],
        uniform: Float[Array, "rows none"],  # noqa: ARG002 - windows are numbers
        normal: Float[Array, "rows noise"],
        step: Int[Array, ""],
    ) -> Float[Array, " losses"]:
        """See `AveragedTask.loss`: those of `measures`, 0 for what does not learn yet."""
        values = rows[0]
        nothing = jnp.zeros(())

        def coding() -> Array:
            back = self._back(model, model.encode(values), values)
            return jnp.stack([back, nothing, nothing, nothing])

        def supervising() -> Array:
            codes = jax.lax.stop_gradient(model.encode(values))
            return jnp.stack([nothing, self._ahead(model, codes), nothing, nothing])

        def playing() -> Array:
            return self._together(model, values, normal)

        parts = (coding, supervising, playing) if self.supervised else (coding, playing)
        losses: Array = jax.lax.switch(jnp.minimum(step // self.steps, len(parts) - 1), parts)
        return losses

    def draw(self, model: LatentNetworks, noise: np.ndarray) -> np.ndarray:
        """Return windows from noise.

        Parameters
        ----------
        model : LatentNetworks
        noise : ndarray, shape (n, noise)
            Standard normal numbers.
        """
        parts = [
            np.pad(part, [(0, _DRAWN - len(part)), (0, 0)])
            for part in np.split(noise, range(_DRAWN, len(noise), _DRAWN))
        ]
        made = [np.asarray(_made(model, jnp.asarray(part, jnp.float32))) for part in parts]
        return np.concatenate(made)[: len(noise)]

    def _together(self, model: LatentNetworks, values: Array, noise: Array) -> Array:
        """Return all losses of a joint step; each player's has no slope at the others."""
        fixed: LatentNetworks = jax.lax.stop_gradient(model)
        codes = model.encode(values)
        given = jax.lax.stop_gradient(codes)
        coding = self._back(model, codes, values)
        if self.supervised:
            coding += _ENCODER * self._ahead(fixed, codes)
        supervising = self._ahead(model, given) if self.supervised else jnp.zeros(())
        first = model.draw(noise)
        last = model.supervise(first)
        fakes = [last, first] if self.supervised else [last]
        playing = sum(_OBJECTIVE.generator(fixed.judge(given), fixed.judge(f)) for f in fakes)
        playing += _MOMENTS * _moments_apart(fixed.decoder(last), values)
        if self.supervised:
            playing += _SUPERVISOR * jnp.sqrt(supervising + _LEAST)
        real = model.judge(given)
        stopped = (jax.lax.stop_gradient(f) for f in fakes)
        telling = sum(_OBJECTIVE.discriminator(real, model.judge(f)) for f in stopped)
        return jnp.stack([coding, supervising, playing, telling])

    def _back(self, model: LatentNetworks, codes: Array, values: Array) -> Array:
        """Return the loss of windows that codes are turned back into."""
        return _BACK * jnp.sqrt(((model.decoder(codes) - values) ** 2).mean() + _LEAST)

    def _ahead(self, model: LatentNetworks, codes: Array) -> Array:
        """Return the mean square by which the supervisor errs at the codes of the next step."""
        ahead = model.supervise(codes)[:, : -self.supervised]
        return ((ahead - codes[:, self.supervised :]) ** 2).mean()


def _moments_apart(made: Array, real: Array) -> Array:
    """Return by how much the means and the spreads of numbers differ."""
    spreads = (jnp.sqrt(values.var(axis=0) + 1e-6) for values in (made, real))
    mean = jnp.abs(made.mean(axis=0) - real.mean(axis=0)).mean()
    return mean + jnp.abs(next(spreads) - next(spreads)).mean()


_made = jax.jit(lambda model, noise: model.make(noise))
