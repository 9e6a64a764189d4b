"""Networks and arrays of a model file, validated before use."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import jax
import jax.numpy as jnp
import numpy as np

from lookalike._core.errors import ModelFileError
from lookalike.encoding import Learned
from lookalike.nn import Network
from lookalike.training import Game

__all__ = ["checked_width", "leaves_of", "network_of", "stored", "taken"]

AnyTree = TypeVar("AnyTree")


def network_of(game: Game, state: Learned, name: str) -> Network:
    """Return a generator with the weights that are stored under a name."""
    network: Network = stored(lambda: game.begin(0).generator, state, name)
    return network


def stored(untrained: Callable[[], AnyTree], state: Learned, name: str) -> AnyTree:
    """Return the arrays that are stored under a name, in the place of those of an untrained model.

    Parameters
    ----------
    untrained : callable
        Returns the untrained model; it is traced, not run.
    state : Learned
    name : str

    Returns
    -------
    pytree
        The model.
    """
    leaves, tree = jax.tree.flatten(jax.eval_shape(untrained))
    arrays = [taken(state, f"{name}/{k}", leaf.shape) for k, leaf in enumerate(leaves)]
    model: AnyTree = jax.tree.unflatten(tree, [jnp.asarray(a) for a in arrays])
    return model


def leaves_of(model: Any, name: str) -> dict[str, np.ndarray]:
    """Return the arrays of a model as `stored` reads them.

    Parameters
    ----------
    model : pytree
    name : str

    Returns
    -------
    dict of str to ndarray
    """
    return {f"{name}/{k}": np.asarray(leaf) for k, leaf in enumerate(jax.tree.leaves(model))}


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
