"""What stands between a layer's weights and its activation."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar

import equinox as eqx
from jaxtyping import Array, Float, PRNGKeyArray, PyTree

from lookalike.nn._product import product

__all__ = ["Normalisation", "affine"]


class Normalisation(eqx.Module):
    """How a layer computes ``x @ weight + bias`` before its activation.

    What it remembers from step to step (running statistics, vectors) are array leaves like the
    weights, and travel, average and are saved like them. No slope passes to them, neither while
    training nor when sampling: their gradient is zero, so an optimiser without weight decay
    leaves them as they are. Only `absorb` changes them.
    """

    #: How it is called in a registry; `Nothing` has no name.
    name: ClassVar[str]
    #: Whether `learn` has something to remember.
    tracks: ClassVar[bool] = False
    #: Whether the last layer of a network, which no activation follows, is normalised as well.
    last: ClassVar[bool] = False

    @classmethod
    @abstractmethod
    def begin(
        cls, weight: Float[Array, "inputs units"], scale: float, key: PRNGKeyArray
    ) -> Normalisation:
        """Return it before the first step, with results of deviation `scale` where it sets one."""

    @abstractmethod
    def __call__(
        self,
        x: Float[Array, "rows inputs"],
        weight: Float[Array, "inputs units"],
        bias: Float[Array, " units"] | None,
    ) -> Float[Array, "rows units"]:
        """Return the results when sampling: each row's depend on that row alone."""

    def learn(
        self,
        x: Float[Array, "rows inputs"],
        weight: Float[Array, "inputs units"],
        bias: Float[Array, " units"] | None,
    ) -> tuple[Float[Array, "rows units"], PyTree[Array]]:
        """Return the results while training, and what `absorb` needs of this batch."""
        return self(x, weight, bias), ()

    def absorb(self, stats: PyTree[Array]) -> Normalisation:  # noqa: ARG002 - only some remember
        """Return it with what a batch has taught it."""
        return self


def affine(
    x: Float[Array, "rows inputs"],
    weight: Float[Array, "inputs units"],
    bias: Float[Array, " units"] | None,
) -> Float[Array, "rows units"]:
    """Return ``x @ weight + bias``, without the bias where there is none.

    Parameters
    ----------
    x : array, shape (rows, inputs)
    weight : array, shape (inputs, units)
    bias : array, shape (units,), or None

    Returns
    -------
    array, shape (rows, units)
    """
    units = product(x, weight)
    return units if bias is None else units + bias
