"""Supervised training of a convolutional network that finds the classes of images."""

from __future__ import annotations

from dataclasses import dataclass

import jax.numpy as jnp
import optax
from jaxtyping import Array, Float, Int, PRNGKeyArray

from lookalike.nn import ImageArchitecture, ImageJudge
from lookalike.training._averaged import AveragedTask

__all__ = ["ImageTask"]


@dataclass(frozen=True)
class ImageTask(AveragedTask):
    """Training of a convolutional classifier by the cross-entropy of classes.

    Parameters
    ----------
    architecture : ImageArchitecture
        Of a network that judges, without classes as inputs.
    batch_size : int
        The number of images in a step.
    outputs : int
        The number of classes.
    """

    architecture: ImageArchitecture
    batch_size: int
    outputs: int

    @property
    def draws(self) -> tuple[int, int]:
        """See `AveragedTask`: nothing is drawn."""
        return 0, 0

    def begin_model(self, key: PRNGKeyArray) -> ImageJudge:
        """See `AveragedTask.begin_model`."""
        network: ImageJudge = self.architecture.build(self.architecture.pixels, self.outputs, key)
        return network

    def loss(
        self,
        model: ImageJudge,
        rows: tuple[Float[Array, "rows floats"], Int[Array, "rows codes"]],
        uniform: Float[Array, "rows _"],  # noqa: ARG002 - nothing is drawn
        normal: Float[Array, "rows _"],  # noqa: ARG002 - nothing is drawn
        step: Int[Array, ""],  # noqa: ARG002 - all steps are alike
    ) -> Float[Array, ""]:
        """See `AveragedTask.loss`."""
        pixels, codes = rows
        found = model(pixels)
        return jnp.mean(optax.softmax_cross_entropy_with_integer_labels(found, codes[:, 0]))
