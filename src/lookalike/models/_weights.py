"""Networks and arrays of a model file, validated before use."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from lookalike._core.errors import ModelFileError
from lookalike.encoding import Learned
from lookalike.nn import Network
from lookalike.training import Game

__all__ = ["checked_width", "network_of", "taken"]


def network_of(game: Game, state: Learned, name: str) -> Network:
    """Return a generator with the weights that are stored under a name."""
    shapes = jax.eval_shape(lambda: game.begin(0).generator)
    leaves, tree = jax.tree.flatten(shapes)
    arrays = [taken(state, f"{name}/{k}", leaf.shape) for k, leaf in enumerate(leaves)]
    network: Network = jax.tree.unflatten(tree, [jnp.asarray(a) for a in arrays])
    return network


def checked_width(width: object) -> int:
    """Return the stored width of residual networks after checking it."""
    if isinstance(width, int) and 0 < width <= 2**16:
        return width
    raise ModelFileError(
        f"The width of a model file's networks must be 1 to 65,536; got {width!r}."
    )


def taken(state: Learned, name: str, shape: tuple[int, ...]) -> np.ndarray:
    """Return a stored array after checking that it is finite and of the given shape."""
    array: Any = state.arrays.get(name)
    if array is None or array.shape != shape or not np.isfinite(array).all():
        raise ModelFileError(
            f"A model file must hold a finite array {name!r} of shape {shape}; it does not. "
            "The file is damaged."
        )
    return np.asarray(array, np.float32)
