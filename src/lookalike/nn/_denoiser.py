"""A network that removes noise from encoded rows."""

from __future__ import annotations

from typing import NamedTuple

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray

from lookalike.nn._architecture import Architecture
from lookalike.nn._marginals import Marginals
from lookalike.nn._network import Network
from lookalike.nn._plan import Plan

__all__ = ["Denoised", "Denoiser"]

#: The frequencies of the time features.
_FREQUENCIES = 8
#: Levels are one-hot rows times this, against noise of variance 1.
_SCALE = 1.0
#: The least standard deviation of noise, which bounds the evidence on levels.
_LEAST_NOISE = 0.02


class Denoised(NamedTuple):
    """The estimate of clean rows given noisy ones.

    Parameters
    ----------
    velocity : array, shape (rows, numbers)
        The expected change of each number per unit of angle, E[cos θ·x − sin θ·ε].
    logits : array, shape (rows, levels)
        The logits of the probability of each level.
    """

    velocity: Float[Array, "rows numbers"]
    logits: Float[Array, "rows levels"]


class Denoiser(eqx.Module):
    """A network that estimates clean rows x from noisy ones, sin θ·x + cos θ·ε.

    The angle θ rises from 0 (noise ε) to π/2 (data): noisy numbers are standard normal at every
    angle, if those of the data are. The network learns only how columns depend on each other: with
    outputs of 0, its estimate is exact for independent columns. Then the expected velocity of a
    standard normal number is 0, and the probability of level k is that of Bayes' theorem, with its
    share in the table as the prior.

    Parameters
    ----------
    network : Network
    plan : Plan
        The layout of rows.
    """

    network: Network
    plan: Plan = eqx.field(static=True)

    @classmethod
    def begin(cls, plan: Plan, architecture: Architecture, key: PRNGKeyArray) -> Denoiser:
        """Return an untrained denoiser, whose outputs are those for independent columns."""
        inputs = plan.width + 2 * _FREQUENCIES
        network = architecture.build(inputs, plan.width, key)
        network = eqx.tree_at(lambda n: n.last.weight, network, jnp.zeros_like(network.last.weight))
        return cls(network, plan)

    def __call__(
        self,
        noisy: Float[Array, "rows width"],
        angle: Float[Array, " rows"],
        marginals: Marginals,
    ) -> Denoised:
        """Return the estimate of clean rows.

        Parameters
        ----------
        noisy : array, shape (rows, width)
            Standardised numbers, then levels, with noise.
        angle : array, shape (rows,)
        marginals : Marginals
        """
        count = self.plan.number_width
        numbers, levels = noisy[:, :count], noisy[:, count:]
        # Bayes: ln p(k | noisy) = ln share_k + s·sin θ·noisy_k / cos² θ + constant.
        sine, noise = jnp.sin(angle)[:, None], jnp.maximum(jnp.cos(angle), _LEAST_NOISE)[:, None]
        evidence = marginals.log_shares + _SCALE * sine / noise**2 * levels
        believed = jnp.exp(self.plan.log_probabilities(evidence))
        turns = angle[:, None] * (2.0 * np.arange(1, _FREQUENCIES + 1, dtype=np.float32))
        inputs = [numbers, 2 * believed, jnp.sin(turns), jnp.cos(turns)]
        outputs = self.network(jnp.concatenate(inputs, axis=1))
        return Denoised(outputs[:, :count], evidence + outputs[:, count:])

    def clean(
        self,
        noisy: Float[Array, "rows width"],
        angle: Float[Array, " rows"],
        found: Denoised,
    ) -> Float[Array, "rows width"]:
        """Return the expected clean rows: standardised numbers, then scaled levels."""
        numbers = noisy[:, : self.plan.number_width]
        expected = jnp.sin(angle)[:, None] * numbers + jnp.cos(angle)[:, None] * found.velocity
        levels = _SCALE * jnp.exp(self.plan.log_probabilities(found.logits))
        return jnp.concatenate([expected, levels], axis=1)
