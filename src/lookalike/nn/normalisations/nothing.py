"""No normalisation: the plain affine map."""

from __future__ import annotations

from jaxtyping import Array, Float, PRNGKeyArray

from lookalike.nn.normalisations._base import Normalisation, affine

__all__ = ["Nothing"]


class Nothing(Normalisation):
    """The plain affine map, without normalisation."""

    @classmethod
    def begin(
        cls,
        weight: Float[Array, "inputs units"],  # noqa: ARG003 - others look at it
        scale: float,  # noqa: ARG003 - the weights have it already
        key: PRNGKeyArray,  # noqa: ARG003 - others draw
    ) -> Nothing:
        """Return the instance, which has no state."""
        return cls()

    def __call__(
        self,
        x: Float[Array, "rows inputs"],
        weight: Float[Array, "inputs units"] | None,
        bias: Float[Array, " units"] | None,
    ) -> Float[Array, "rows units"]:
        """Return ``x @ weight + bias``."""
        return affine(x, weight, bias)
