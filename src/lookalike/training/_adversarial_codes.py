"""Training of an autoencoder whose codes a discriminator cannot tell from normal ones."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import ClassVar

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PRNGKeyArray

from lookalike.nn import (
    Architecture,
    Autoencoder,
    JudgedAutoencoder,
    Marginals,
    Plan,
    RelativisticPairing,
    ZeroCentred,
)
from lookalike.training._averaged import AveragedState, AveragedTask

__all__ = ["AdversarialCodesTask"]

_OBJECTIVE, _PENALTY = RelativisticPairing(), ZeroCentred(0.5)
_WEIGHT = 1.0


@partial(
    jax.tree_util.register_dataclass,
    data_fields=["marginals"],
    meta_fields=["plan", "architecture", "batch_size", "latent_size"],
)
@dataclass(frozen=True)
class AdversarialCodesTask(AveragedTask):
    """Training of an adversarial autoencoder (Makhzani et al. 2016, arXiv 1511.05644).

    Encoder and decoder minimise the negative log-likelihood of a row given its code; a
    discriminator learns to tell the codes of rows from those of N(0, 1), and the encoder that it
    cannot. NOTE: differs from the paper, whose discriminator minimises the cross-entropy without a
    penalty and takes turns with the encoder: here codes are compared in pairs, gradients are
    penalised (Huang et al. 2024, arXiv 2501.05441), and all networks learn in the same step.

    Parameters
    ----------
    plan : Plan
    architecture : Architecture
        The architecture of all networks.
    batch_size : int
        The number of rows in a step.
    latent_size : int
        The length of a code.
    marginals : Marginals
    """

    measures: ClassVar[tuple[str, ...]] = ("loss_network", "loss_encoder", "loss_discriminator")

    plan: Plan
    architecture: Architecture
    batch_size: int
    latent_size: int
    marginals: Marginals

    @property
    def draws(self) -> tuple[int, int]:
        """See `AveragedTask`: positions within intervals; noise of the code, a normal code."""
        return self.plan.number_width, 2 * self.latent_size

    def begin_model(self, key: PRNGKeyArray) -> JudgedAutoencoder:
        """See `AveragedTask.begin_model`."""
        return JudgedAutoencoder.begin(self.plan, self.architecture, self.latent_size, key)

    def model(self, state: AveragedState) -> Autoencoder:
        """See `Task.model`: the moving average of the autoencoder, without the discriminator."""
        autoencoder: Autoencoder = state.average.autoencoder
        return autoencoder

    def loss(
        self,
        model: JudgedAutoencoder,
        rows: tuple[Float[Array, "rows floats"], Int[Array, "rows codes"]],
        uniform: Float[Array, "rows _"],
        normal: Float[Array, "rows _"],
        step: Int[Array, ""],  # noqa: ARG002 - it is the same at every step
    ) -> Float[Array, " losses"]:
        """See `AveragedTask.loss`: those of the autoencoder, the encoder and the discriminator."""
        spread, prior = jnp.split(normal, 2, axis=1)
        numbers, present, levels = self.marginals.standardised(self.plan, *rows, uniform)
        mean, log_scale = model.autoencoder.encode(jnp.where(present, numbers, 0.0), levels)
        code = mean + jnp.exp(log_scale) * spread
        surprise = model.autoencoder.surprise(code, numbers, present, levels, self.marginals)
        # Each player's loss has no gradient at the other one.
        fixed: JudgedAutoencoder = jax.lax.stop_gradient(model)
        given = jax.lax.stop_gradient(code)
        fooling = _OBJECTIVE.generator(fixed.judge(prior), fixed.judge(code))
        telling = _OBJECTIVE.discriminator(model.judge(prior), model.judge(given))
        telling += _PENALTY(model.judge, prior, given, jax.random.key(0))
        return jnp.stack(
            [surprise.mean() / len(self.plan.layout.blocks), _WEIGHT * fooling, telling]
        )
