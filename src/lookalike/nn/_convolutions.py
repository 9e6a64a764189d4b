"""Strided convolutions of images, with gradients that a CPU computes quickly.

All kernels are 4 × 4 with stride 2 and padding 1, as in Radford, Metz and Chintala 2016, arXiv
1511.06434: a convolution halves both sides, its transpose doubles them. The compiler's gradients of
convolutions take up to ten times as long on a CPU as products of matrices do. A convolution, its
transpose and the gradient of its weights are the three derivatives of one trilinear form, so that
each has the others as its gradients, at any order.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

__all__ = ["TAPS", "convolved", "patches", "resized", "transposed"]

#: The number of weights of a kernel for each pair of channels.
TAPS = 16

Pictures = Float[Array, "images _ _ _"]
Kernels = Float[Array, "taps units"]


@jax.custom_vjp
def convolved(x: Pictures, weight: Kernels) -> Pictures:
    """Return a convolution, which halves both sides.

    Parameters
    ----------
    x : array, shape (images, height, width, channels)
        Both sides are even.
    weight : array, shape (16 channels, units)
        In the order of `patches`.

    Returns
    -------
    array, shape (images, height / 2, width / 2, units)
    """
    channels, units = x.shape[3], weight.shape[1]
    kernel = weight.reshape(2, 2, 2, 2, channels, units).transpose(0, 2, 1, 3, 4, 5)
    return jax.lax.conv_general_dilated(
        x,
        kernel.reshape(4, 4, channels, units),
        (2, 2),
        [(1, 1), (1, 1)],
        dimension_numbers=("NHWC", "HWIO", "NHWC"),
    )


@jax.custom_vjp
def transposed(x: Pictures, weight: Kernels) -> Pictures:
    """Return the transpose of a convolution, which doubles both sides.

    Parameters
    ----------
    x : array, shape (images, height, width, units)
    weight : array, shape (16 channels, units)
        Of the convolution.

    Returns
    -------
    array, shape (images, 2 height, 2 width, channels)
    """
    images, down, across, units = x.shape
    taps = (x.reshape(-1, units) @ weight.T).reshape(images, down, across, 2, 2, 2, 2, -1)
    # Each patch is 2 × 2 cells of 2 × 2 pixels; cells of neighbours coincide.
    cells = jnp.zeros((images, down + 1, across + 1, 2, 2, taps.shape[-1]), x.dtype)
    for i in (0, 1):
        for j in (0, 1):
            around = ((0, 0), (i, 1 - i), (j, 1 - j), (0, 0), (0, 0), (0, 0))
            cells += jnp.pad(taps[:, :, :, i, j], around)
    wide = cells.transpose(0, 1, 3, 2, 4, 5).reshape(images, 2 * down + 2, 2 * across + 2, -1)
    return wide[:, 1:-1, 1:-1]


@jax.custom_vjp
def _correlated(x: Pictures, slope: Pictures) -> Kernels:
    """Return the gradient of a convolution's weights: patches times slopes, over all places."""
    read = patches(x).reshape(-1, TAPS * x.shape[3])
    rows, units = slope.reshape(-1, slope.shape[3]), slope.shape[3]
    if len(rows) % 2:
        return read.T @ rows
    # The narrow factor is transposed: in halves, so that this is not fused into the product.
    narrow = rows.reshape(2, len(rows) // 2, units).transpose(2, 0, 1).reshape(units, -1)
    return (narrow @ read).T


# ⟨convolved(x, w), s⟩ = ⟨x, transposed(s, w)⟩ = ⟨w, correlated(x, s)⟩.
convolved.defvjp(
    lambda x, w: (convolved(x, w), (x, w)),
    lambda xw, s: (transposed(s, xw[1]), _correlated(xw[0], s)),
)
transposed.defvjp(
    lambda s, w: (transposed(s, w), (s, w)),
    lambda sw, x: (convolved(x, sw[1]), _correlated(x, sw[0])),
)
_correlated.defvjp(
    lambda x, s: (_correlated(x, s), (x, s)),
    lambda xs, w: (transposed(xs[1], w), convolved(xs[0], w)),
)


def patches(x: Pictures) -> Float[Array, "images down across inputs"]:
    """Return what each unit of a convolution reads: 4 × 4 pixels, two apart.

    Parameters
    ----------
    x : array, shape (images, height, width, channels)
        Both sides are even.

    Returns
    -------
    array, shape (images, height / 2, width / 2, 16 channels)
    """
    images, height, width, channels = x.shape
    down, across = height // 2, width // 2
    x = jnp.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
    # 2 × 2 pixels become the channels of one; 2 × 2 of these neighbours are a patch.
    x = x.reshape(images, down + 1, 2, across + 1, 2, channels).transpose(0, 1, 3, 2, 4, 5)
    x = x.reshape(images, down + 1, across + 1, 4 * channels)
    return jnp.concatenate(
        [x[:, i : i + down, j : j + across] for i in (0, 1) for j in (0, 1)], axis=-1
    )


def resized(x: Pictures, height: int, width: int) -> Pictures:
    """Crop images, or pad them with zeros, about their centre.

    Parameters
    ----------
    x : array, shape (images, height, width, channels)
    height, width : int
        The wanted sides, each greater or smaller than that of the images.

    Returns
    -------
    array, shape (images, height, width, channels)
    """
    for axis, side in ((1, height), (2, width)):
        missing = side - x.shape[axis]
        before = missing // 2
        if missing >= 0:
            around = [(0, 0)] * 4
            around[axis] = (before, missing - before)
            x = jnp.pad(x, around)
        else:
            # The floor of a negative half: the crop begins where padding would have.
            x = jax.lax.slice_in_dim(x, -before, side - before, axis=axis)
    return x
