"""The base class of penalties."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

from jaxtyping import Array, Float, PRNGKeyArray

from lookalike._core.registry import Component

__all__ = ["LogitFunction", "Penalty"]

#: A discriminator: from rows, shape (rows, width), to one logit each, shape (rows,).
LogitFunction = Callable[[Float[Array, "rows width"]], Float[Array, " rows"]]


@dataclass(frozen=True)
class Penalty(Component, ABC):
    """A penalty on the gradients of the discriminator's logits with respect to its input rows.

    The discriminator must judge each row independently, or the gradients of rows are mixed: pass a
    network in sampling mode (``net(x)``), since in training mode batch normalisation lets each row
    change the logits of all.
    """

    @abstractmethod
    def __call__(
        self,
        logits: LogitFunction,
        real: Float[Array, "rows width"],
        fake: Float[Array, "rows width"],
        key: PRNGKeyArray,
    ) -> Float[Array, ""]:
        """Return the weighted penalty, to be added to the discriminator's loss."""
