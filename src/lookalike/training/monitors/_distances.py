"""Distances between rows: the one costly thing that several monitors need."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

__all__ = ["distances"]

#: Squared distances below this share of the rows' own size are rounding, and are taken as 0.
_ROUNDING = 1e-6


@jax.jit
def distances(a: Float[Array, "a width"], b: Float[Array, "b width"]) -> Float[Array, "a b"]:
    """Return Euclidean distances by one matrix product.

    ‖x − y‖² = ‖x‖² + ‖y‖² − 2x·y loses digits where rows are far from zero and near each other,
    so rows are centred first, and what remains of equal rows is set to exactly 0.

    Parameters
    ----------
    a, b : array, shape (a, width) and (b, width)
        Rows.

    Returns
    -------
    array, shape (a, b)
    """
    centre = b.mean(axis=0)
    a, b = a - centre, b - centre
    sizes = (a**2).sum(axis=1)[:, None] + (b**2).sum(axis=1)
    product = jnp.matmul(a, b.T, precision=jax.lax.Precision.HIGHEST)
    squares = sizes - 2 * product
    near = squares <= _ROUNDING * sizes
    return jnp.sqrt(jnp.where(near, 0.0, squares))
