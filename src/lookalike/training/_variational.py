"""Training of a variational autoencoder by the evidence lower bound."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PRNGKeyArray

from lookalike.nn import Architecture, Autoencoder, Marginals, Plan
from lookalike.training._averaged import AveragedTask

__all__ = ["VariationalTask"]


@partial(
    jax.tree_util.register_dataclass,
    data_fields=["marginals", "warm"],
    meta_fields=["plan", "architecture", "batch_size", "latent_size"],
)
@dataclass(frozen=True)
class VariationalTask(AveragedTask):
    """Training of a variational autoencoder (Kingma and Welling 2014, arXiv 1312.6114).

    The loss is the negative evidence lower bound: the negative log-likelihood of a row given its
    code, plus β times the divergence of the code's posterior from N(0, 1). β rises from 0 to 1
    (Bowman et al. 2016, arXiv 1511.06349), lest the posterior collapses to the prior.

    Parameters
    ----------
    plan : Plan
    architecture : Architecture
        The architecture of the encoder and of the decoder.
    batch_size : int
        The number of rows in a step.
    latent_size : int
        The length of a code.
    marginals : Marginals
    warm : array, shape ()
        The number of steps in which β rises.
    """

    plan: Plan
    architecture: Architecture
    batch_size: int
    latent_size: int
    marginals: Marginals
    warm: Float[Array, ""]

    @property
    def draws(self) -> tuple[int, int]:
        """See `AveragedTask`: positions within intervals; the code."""
        return self.plan.number_width, self.latent_size

    def begin_model(self, key: PRNGKeyArray) -> Autoencoder:
        """See `AveragedTask.begin_model`."""
        return Autoencoder.begin(self.plan, self.architecture, self.latent_size, key)

    def loss(
        self,
        model: Autoencoder,
        rows: tuple[Float[Array, "rows floats"], Int[Array, "rows codes"]],
        uniform: Float[Array, "rows _"],
        normal: Float[Array, "rows _"],
        step: Int[Array, ""],
    ) -> Float[Array, ""]:
        """See `AveragedTask.loss`: the sum over blocks, divided by their number."""
        plan = self.plan
        numbers, present, levels = self.marginals.standardised(plan, *rows, uniform)
        mean, log_scale = model.encode(jnp.where(present, numbers, 0.0), levels)
        code = mean + jnp.exp(log_scale) * normal
        surprise = model.surprise(code, numbers, present, levels, self.marginals)
        divergence = (mean**2 + jnp.exp(2 * log_scale) - 1) / 2 - log_scale
        beta = jnp.minimum(1.0, step / self.warm)
        return (surprise + beta * divergence.sum(axis=1)).mean() / len(plan.layout.blocks)
