"""Weight clipping, which bounds the gradients of a critic."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from lookalike.nn._network import Layer, Network

__all__ = ["clip_weights"]


def clip_weights(network: Network, limit: float | Float[Array, ""]) -> Network:
    """Clip the weights and biases of every linear map to [−limit, limit].

    Scales, shifts and statistics of normalisations are unchanged.

    Source: Arjovsky, Chintala and Bottou 2017, arXiv 1701.07875, algorithm 1 (limit 0.01).

    Parameters
    ----------
    network : Network
        The critic after a step.
    limit : float
        The bound.

    Returns
    -------
    Network
    """

    def clip(layer: Layer) -> Layer:
        return layer.with_weights(lambda w: jnp.clip(w, -limit, limit))

    clipped: Network = jax.tree.map(clip, network, is_leaf=lambda part: isinstance(part, Layer))
    return clipped
