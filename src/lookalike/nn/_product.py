"""Matrix products of rows and weights, with factors rounded to bfloat16 in large ones."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

__all__ = ["product"]

Matrix = Float[Array, "_ _"]

#: The minimum number of weights, width of their matrix and number of rows for rounding.
_LARGE, _WIDE, _MANY = 2**14, 256, 128


def product(
    x: Float[Array, "rows inputs"], weight: Float[Array, "inputs units"]
) -> Float[Array, "rows units"]:
    """Return ``x @ weight``; factors of a large product are rounded to bfloat16.

    Products of rounded numbers are exact in float32, in which they are summed. Many processors have
    units for that, which are several times faster; others take about as long as without rounding.
    The rounding error is 0.2 % on average, at random. Gradients have rounded factors, too.

    Source: mixed-precision training, Micikevicius et al. 2018, arXiv 1710.03740, with weights kept
    in float32; bfloat16 needs no scaling of the loss (Kalamkar et al. 2019, arXiv 1905.12322).

    Parameters
    ----------
    x : array, shape (rows, inputs)
    weight : array, shape (inputs, units)

    Returns
    -------
    array of float32, shape (rows, units)
    """
    if weight.size < _LARGE or max(weight.shape) < _WIDE or len(x) < _MANY:
        return x @ weight
    return _plain(x, weight)


# Three products whose gradients are again such products, so that no transpose is left to the
# compiler, which turns some into products of columns that are slow or unsupported on the CPU.


@jax.custom_vjp
def _plain(a: Matrix, b: Matrix) -> Matrix:
    """Return ``a @ b``."""
    return _dot(a, b, 0)


@jax.custom_vjp
def _by_rows(a: Matrix, b: Matrix) -> Matrix:
    """Return ``a @ b.T``."""
    return _dot(a, b, 1)


@jax.custom_vjp
def _by_columns(a: Matrix, b: Matrix) -> Matrix:
    """Return ``a.T @ b``."""
    rows, columns = a.shape
    if rows % 2:
        return _dot(a.T, b, 0)
    # A transpose in halves is not fused into the product by the compiler.
    halves = a.astype(jnp.bfloat16).reshape(2, rows // 2, columns)
    return _dot(halves.transpose(2, 0, 1).reshape(columns, rows), b, 0)


def _dot(a: Matrix, b: Matrix, axis: int) -> Matrix:
    low = a.astype(jnp.bfloat16), b.astype(jnp.bfloat16)
    return jax.lax.dot_general(
        *low, (((1,), (axis,)), ((), ())), preferred_element_type=jnp.float32
    )


_plain.defvjp(
    lambda a, b: (_plain(a, b), (a, b)),
    lambda ab, slope: (_by_rows(slope, ab[1]), _by_columns(ab[0], slope)),
)
_by_rows.defvjp(
    lambda a, b: (_by_rows(a, b), (a, b)),
    lambda ab, slope: (_plain(slope, ab[1]), _by_columns(slope, ab[0])),
)
_by_columns.defvjp(
    lambda a, b: (_by_columns(a, b), (a, b)),
    lambda ab, slope: (_by_rows(ab[1], slope), _plain(ab[0], slope)),
)
