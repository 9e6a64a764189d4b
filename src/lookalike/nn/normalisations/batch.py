"""Batch normalisation: each unit has mean 0 and variance 1 over the rows of a batch."""

from __future__ import annotations

from typing import ClassVar, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from lookalike.nn.normalisations._base import Normalisation, affine

__all__ = ["BatchMoments", "BatchNorm"]

#: Added to variances. A unit whose deviation is well below 0.03 remains small.
_EPSILON = 1e-3
#: The decay of the running statistics, after the first steps.
_MOMENTUM = 0.99


class BatchMoments(NamedTuple):
    """Mean and unbiased variance of each unit over the rows of one batch.

    Parameters
    ----------
    mean, variance : array, shape (units,)
    """

    mean: Float[Array, " units"]
    variance: Float[Array, " units"]


class BatchNorm(Normalisation):
    """Normalise by the batch while training, and by running statistics when sampling.

    The statistics of step t (from 0) move by the share max(1 − momentum, 1/(t + 1)) towards the
    batch: at first they are plain averages of all batches, which converge quickly; after
    1/(1 − momentum) = 100 steps they are the usual moving averages. With moving averages alone
    (momentum 0.99 from mean 0 and variance 1) a short run, such as 40 epochs of 30 steps, would
    spend much of its time forgetting the start.

    Source: Ioffe and Szegedy 2015, arXiv 1502.03167. NOTE: differs from the source, where the
    statistics are taken after training.

    Parameters
    ----------
    scale, shift : array, shape (units,)
        Applied to the normalised units; learned.
    mean, variance : array, shape (units,)
        The running statistics.
    steps : array of float, shape ()
        The number of batches so far, counted up to 1/(1 − momentum).
    """

    scale: Float[Array, " units"]
    shift: Float[Array, " units"]
    mean: Float[Array, " units"]
    variance: Float[Array, " units"]
    steps: Float[Array, ""]

    name: ClassVar[str] = "batch"
    tracks: ClassVar[bool] = True

    @classmethod
    def begin(
        cls,
        weight: Float[Array, "inputs units"],
        scale: float,
        key: PRNGKeyArray,  # noqa: ARG003 - others draw
    ) -> BatchNorm:
        """Return the initial normalisation, with mean 0 and variance 1."""
        zeros, ones = jnp.zeros_like(weight[0]), jnp.ones_like(weight[0])
        return cls(scale * ones, zeros, zeros, ones, jnp.zeros((), weight.dtype))

    def learn(
        self,
        x: Float[Array, "rows inputs"],
        weight: Float[Array, "inputs units"] | None,
        bias: Float[Array, " units"] | None,
    ) -> tuple[Float[Array, "rows units"], BatchMoments]:
        """Return results normalised by this batch, and its moments."""
        units = affine(x, weight, bias)
        mean, variance = jnp.mean(units, axis=0), jnp.var(units, axis=0)
        unbiased = variance * (len(x) / max(len(x) - 1, 1))
        return self._normalised(units, mean, variance), BatchMoments(mean, unbiased)

    def __call__(
        self,
        x: Float[Array, "rows inputs"],
        weight: Float[Array, "inputs units"] | None,
        bias: Float[Array, " units"] | None,
    ) -> Float[Array, "rows units"]:
        """Return results normalised by the running statistics, which get no gradient."""
        mean, variance = jax.lax.stop_gradient((self.mean, self.variance))
        return self._normalised(affine(x, weight, bias), mean, variance)

    def _normalised(
        self,
        units: Float[Array, "rows units"],
        mean: Float[Array, " units"],
        variance: Float[Array, " units"],
    ) -> Float[Array, "rows units"]:
        factor = self.scale * jax.lax.rsqrt(variance + _EPSILON)
        return (units - mean) * factor + self.shift

    def absorb(self, stats: BatchMoments) -> BatchNorm:
        """Return the normalisation with running statistics moved towards those of a batch."""
        share = jnp.maximum(1 - _MOMENTUM, 1 / (self.steps + 1))
        mean = self.mean + share * (stats.mean - self.mean)
        variance = self.variance + share * (stats.variance - self.variance)
        # The count stops where it no longer matters, so that it stays exact in float32.
        steps = jnp.minimum(self.steps + 1, 1 / (1 - _MOMENTUM))
        mean, variance = jax.lax.stop_gradient((mean, variance))
        return BatchNorm(self.scale, self.shift, mean, variance, steps)
