"""Strided convolutions of images and their transposes, as products of matrices.

A compiler for CPUs is an order of magnitude slower at the gradients of convolutions than at
products of matrices (`benchmarks/images.py`). All kernels are 4 × 4 with stride 2 and padding 1, as
in Radford, Metz and Chintala 2016, arXiv 1511.06434: each halves or doubles both sides.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

__all__ = ["TAPS", "overlapped", "patches", "resized"]

#: The number of weights of a kernel for each pair of channels.
TAPS = 16

Pictures = Float[Array, "images height width channels"]


@jax.custom_vjp
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


@jax.custom_vjp
def overlapped(x: Float[Array, "images down across outputs"]) -> Pictures:
    """Add up overlapping 4 × 4 patches of pixels, two apart: the transpose of `patches`.

    Parameters
    ----------
    x : array, shape (images, height, width, 16 channels)

    Returns
    -------
    array, shape (images, 2 height, 2 width, channels)
    """
    images, down, across, outputs = x.shape
    x = x.reshape(images, down, across, 2, 2, 2, 2, outputs // TAPS)
    # Each patch is 2 × 2 cells of 2 × 2 pixels; cells of neighbours coincide.
    cells = sum(
        jnp.pad(x[:, :, :, i, j], ((0, 0), (i, 1 - i), (j, 1 - j), (0, 0), (0, 0), (0, 0)))
        for i in (0, 1)
        for j in (0, 1)
    )
    assert not isinstance(cells, int)
    wide = cells.transpose(0, 1, 3, 2, 4, 5).reshape(images, 2 * down + 2, 2 * across + 2, -1)
    return wide[:, 1:-1, 1:-1]


# Each is the transpose of the other; what the compiler derives takes up to four times as long.
patches.defvjp(lambda x: (patches(x), None), lambda _, slope: (overlapped(slope),))
overlapped.defvjp(lambda x: (overlapped(x), None), lambda _, slope: (patches(slope),))


def resized(x: Pictures, height: int, width: int) -> Pictures:
    """Crop images, or pad them with zeros, about their centre.

    Parameters
    ----------
    x : array, shape (images, height, width, channels)
    height, width : int
        The wanted sides: both at most, or both at least, those of the images.

    Returns
    -------
    array, shape (images, height, width, channels)
    """
    top, left = (height - x.shape[1]) // 2, (width - x.shape[2]) // 2
    if height >= x.shape[1]:
        bottom, right = height - x.shape[1] - top, width - x.shape[2] - left
        return jnp.pad(x, ((0, 0), (top, bottom), (left, right), (0, 0)))
    # Floors of negative halves: the crop begins where padding would have.
    return x[:, -top : height - top, -left : width - left]
