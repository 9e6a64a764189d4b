"""The base class of normalisations, which act between a layer's weights and its activation."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar

import equinox as eqx
from jaxtyping import Array, Float, PRNGKeyArray, PyTree

from lookalike.nn._product import product

__all__ = ["Normalisation", "affine"]


class Normalisation(eqx.Module):
    """Base class of normalised versions of ``x @ weight + bias``.

    Layers that rearrange the product before it is normalised pass that as `x`, with None as weight.

    State that is kept from step to step (running statistics, vectors) consists of array leaves like
    the weights, which are averaged and saved like them. Their gradient is always zero, so that an
    optimiser without weight decay leaves them unchanged. Only `absorb` changes them.
    """

    #: The name in the registry; `Nothing` has none.
    name: ClassVar[str]
    #: Whether `learn` returns statistics for `absorb`.
    tracks: ClassVar[bool] = False
    #: Whether the last layer of a network, which no activation follows, is normalised as well.
    last: ClassVar[bool] = False

    @classmethod
    @abstractmethod
    def begin(
        cls, weight: Float[Array, "inputs units"], scale: float, key: PRNGKeyArray
    ) -> Normalisation:
        """Return the initial normalisation, whose results have deviation `scale` if it sets one."""

    @abstractmethod
    def __call__(
        self,
        x: Float[Array, "rows inputs"],
        weight: Float[Array, "inputs units"] | None,
        bias: Float[Array, " units"] | None,
    ) -> Float[Array, "rows units"]:
        """Return the results when sampling, which for each row depend on that row alone."""

    def learn(
        self,
        x: Float[Array, "rows inputs"],
        weight: Float[Array, "inputs units"] | None,
        bias: Float[Array, " units"] | None,
    ) -> tuple[Float[Array, "rows units"], PyTree[Array]]:
        """Return the results while training, and the statistics of this batch for `absorb`."""
        return self(x, weight, bias), ()

    def absorb(self, stats: PyTree[Array]) -> Normalisation:  # noqa: ARG002 - only some remember
        """Return the normalisation updated by the statistics of a batch."""
        return self


def affine(
    x: Float[Array, "rows inputs"],
    weight: Float[Array, "inputs units"] | None,
    bias: Float[Array, " units"] | None,
) -> Float[Array, "rows units"]:
    """Return ``x @ weight + bias``, without the bias where there is none.

    Parameters
    ----------
    x : array, shape (rows, inputs)
    weight : array, shape (inputs, units), or None
        None if `x` is the product already.
    bias : array, shape (units,), or None

    Returns
    -------
    array, shape (rows, units)
    """
    units = x if weight is None else product(x, weight)
    return units if bias is None else units + bias
