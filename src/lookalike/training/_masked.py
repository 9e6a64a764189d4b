"""Training of a network that predicts any part of a row from the others."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, PRNGKeyArray

from lookalike.nn import Architecture, Marginals, MaskedNetwork, Plan
from lookalike.training._averaged import AveragedTask

__all__ = ["MaskedTask"]

#: The share of rows whose known blocks are the first ones, as when a whole row is sampled; those of
#: the others are any.
_FIRST = 0.5


@partial(
    jax.tree_util.register_dataclass,
    data_fields=["marginals"],
    meta_fields=["plan", "ordered", "architecture", "batch_size"],
)
@dataclass(frozen=True)
class MaskedTask(AveragedTask):
    """Training of an autoregressive network in any order (Hoogeboom et al. 2022, arXiv 2110.02037).

    Of each row a random number of blocks is known. The loss is the mean surprise of the others,
    times their number in a row: in expectation, the negative log-likelihood of whole rows, averaged
    over orders.

    Parameters
    ----------
    plan : Plan
        A layout of levels alone.
    ordered : tuple of int
        For each block, the number of its first levels that are ordered.
    architecture : Architecture
    batch_size : int
        The number of rows in a step.
    marginals : Marginals
    """

    plan: Plan
    ordered: tuple[int, ...]
    architecture: Architecture
    batch_size: int
    marginals: Marginals

    @property
    def draws(self) -> tuple[int, int]:
        """See `AveragedTask`: the order of blocks, how many are known, and whether the first."""
        return len(self.plan.levels) + 2, 0

    def begin_model(self, key: PRNGKeyArray) -> MaskedNetwork:
        """See `AveragedTask.begin_model`."""
        return MaskedNetwork.begin(self.plan, self.ordered, self.architecture, key)

    def loss(
        self,
        model: MaskedNetwork,
        rows: tuple[Float[Array, "rows floats"], Int[Array, "rows codes"]],
        uniform: Float[Array, "rows _"],
        normal: Float[Array, "rows _"],  # noqa: ARG002 - the contract's
        step: Int[Array, ""],  # noqa: ARG002
    ) -> Float[Array, ""]:
        """See `AveragedTask.loss`, divided by the number of blocks."""
        plan, count = self.plan, len(self.plan.levels)
        floats, codes = rows
        levels = plan.expand(floats, codes, jnp.zeros((len(codes), 0)))
        order, many, first = uniform[:, :count], uniform[:, count], uniform[:, count + 1]
        # The rank of each block in a random order, or in that of the layout.
        rank = jnp.argsort(jnp.argsort(order, axis=1), axis=1)
        rank = jnp.where(first[:, None] < _FIRST, np.arange(count), rank)
        known = rank < jnp.floor(many * count)[:, None]
        hidden = 1.0 - known[:, plan.block_of_level]
        logits = model.shared()(levels * (1.0 - hidden), self.marginals)
        surprise = -(levels * hidden * plan.log_probabilities(logits)).sum(axis=1)
        return (surprise / (~known).sum(axis=1)).mean()
