"""Training of a denoiser: noise is added to rows, and the network learns to remove it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, PRNGKeyArray

from lookalike.nn import Architecture, Denoiser, Marginals, Plan
from lookalike.training._averaged import AveragedTask

__all__ = ["DiffusionTask"]


@partial(
    jax.tree_util.register_dataclass,
    data_fields=["marginals"],
    meta_fields=["plan", "architecture", "batch_size"],
)
@dataclass(frozen=True)
class DiffusionTask(AveragedTask):
    """Training of a denoiser on rows with noise of every strength.

    The loss is the squared error of the velocity of numbers (Salimans and Ho 2022, arXiv
    2202.00512) plus the cross-entropy of levels (Dieleman et al. 2022, arXiv 2211.15089; Eijkelboom
    et al. 2024, arXiv 2406.04843).

    Parameters
    ----------
    plan : Plan
    architecture : Architecture
        The architecture of the network.
    batch_size : int
        The number of rows in a step.
    marginals : Marginals
    """

    plan: Plan
    architecture: Architecture
    batch_size: int
    marginals: Marginals

    @property
    def draws(self) -> tuple[int, int]:
        """See `AveragedTask`: positions within intervals and the angle; noise of two kinds."""
        return self.plan.number_width + 1, self.plan.width + self.plan.number_width

    def begin_model(self, key: PRNGKeyArray) -> Denoiser:
        """See `AveragedTask.begin_model`."""
        return Denoiser.begin(self.plan, self.architecture, key)

    def loss(
        self,
        model: Denoiser,
        rows: tuple[Float[Array, "rows floats"], Int[Array, "rows codes"]],
        uniform: Float[Array, "rows _"],
        normal: Float[Array, "rows _"],
        step: Int[Array, ""],  # noqa: ARG002 - it is the same at every step
    ) -> Float[Array, ""]:
        """See `AveragedTask.loss`: the sum over blocks, divided by their number."""
        plan, count = self.plan, self.plan.number_width
        noise, spare = normal[:, : plan.width], normal[:, plan.width :]
        numbers, present, levels = self.marginals.standardised(plan, *rows, uniform[:, 1:])
        # Numbers of missing cells are noise, so that all are standardised.
        numbers = jnp.where(present, numbers, spare)
        # One angle from each of equal parts of [0, π/2], for less variance.
        angle = (jnp.arange(len(noise)) + uniform[:, 0]) / len(noise) * (np.pi / 2)
        sine, cosine = jnp.sin(angle)[:, None], jnp.cos(angle)[:, None]
        whole = jnp.concatenate([numbers, levels], axis=1)
        found = model(sine * whole + cosine * noise, angle, self.marginals)
        velocity = cosine * numbers - sine * noise[:, :count]
        errors = ((found.velocity - velocity) ** 2).sum(axis=1)
        surprise = -(levels * plan.log_probabilities(found.logits)).sum(axis=1)
        return (errors + surprise).mean() / len(plan.layout.blocks)
