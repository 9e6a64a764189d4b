"""The activation functions of hidden layers: all elementwise functions of `jax.nn`."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import lru_cache

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

__all__ = ["ACTIVATIONS", "activation", "activation_name", "rectifier_gain"]

Activation = Callable[[Float[Array, "rows units"]], Float[Array, "rows units"]]

#: Not defined on every number.
_PARTIAL = ("log1mexp",)
#: The number of points of the quadrature for the gain of an activation.
_POINTS = 64


def _by_number(name: str) -> bool:
    """Return whether a function of `jax.nn` is elementwise: of one array and without an axis."""
    function = getattr(jax.nn, name)
    if name.startswith("_") or name in _PARTIAL or not callable(function):
        return False
    parameters = inspect.signature(function).parameters
    needed = [p.name for p in parameters.values() if p.default is p.empty]
    return needed == ["x"] and "axis" not in parameters


#: The names of the activations.
ACTIVATIONS: tuple[str, ...] = tuple(name for name in sorted(vars(jax.nn)) if _by_number(name))


def activation(name: str, slope: float) -> Activation:
    """Return the activation function with a name.

    Parameters
    ----------
    name : str
        One of `ACTIVATIONS`.
    slope : float
        The slope of ``leaky_relu`` below zero; unused by others.

    Returns
    -------
    callable
        From an array to one of the same shape.
    """
    if name == "leaky_relu":
        return lambda x: jax.nn.leaky_relu(x, slope)
    function: Activation = getattr(jax.nn, name)
    return function


def activation_name(given: object) -> object:
    """Return the name of a function of `jax.nn`; anything else unchanged.

    Model files store names: loading them must not run code, such as a custom function.

    Parameters
    ----------
    given : object
        A name, or a function such as ``jax.nn.gelu``.

    Returns
    -------
    object
    """
    names = (name for name in ACTIVATIONS if getattr(jax.nn, name) is given)
    return next(names, given)


@lru_cache
def rectifier_gain(name: str, slope: float) -> float:
    """Return the standard deviation of weights, times √fan-in, that preserves E h² over layers.

    For the leaky rectifier of slope a it is √(2 / (1 + a²)) (He et al. 2015, arXiv 1502.01852),
    for others 1/√E[f(x)²] of a standard normal x, by the same argument.

    Parameters
    ----------
    name : str
        One of `ACTIVATIONS`.
    slope : float
        See `activation`.

    Returns
    -------
    float
    """
    if name in ("relu", "leaky_relu"):
        below = slope if name == "leaky_relu" else 0.0
        return float((2 / (1 + below**2)) ** 0.5)
    points, weights = np.polynomial.hermite_e.hermegauss(_POINTS)
    with jax.ensure_compile_time_eval():
        values = np.asarray(activation(name, slope)(jnp.asarray(points[None], jnp.float32)))[0]
    return float((weights.sum() / (weights @ values**2)) ** 0.5)
