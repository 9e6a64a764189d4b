"""Convolutions of 4 × 4 pixels with stride 2, and their transposes, with few multiplications.

Images have their places first: (height, width, images, channels). A convolution halves both sides,
its transpose doubles them. Two pixels are a cell, and a convolution reads two neighbouring cells in
either direction: a short filter, for which Winograd's algorithms take a third of the
multiplications where a tile has seven places, and more where it has fewer (Winograd 1980; for
networks Lavin and Gray 2016, arXiv 1509.09308). They consist of maps of places and of one product
of matrices at each point; derivatives, of any order, consist of the same products. With few
channels, or on large sides, maps cost more than they save: there all patches are written out, and a
convolution, its transpose and the gradient of its weights, which are the three derivatives of one
trilinear form, have each other as gradients.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

__all__ = ["TAPS", "convolved", "patches", "resized", "transposed"]

#: The number of weights of a kernel for each pair of channels.
TAPS = 16
#: The points at which short filters are evaluated, besides infinity. More lose digits.
_POINTS = (0.0, 1.0, -1.0, 2.0, -2.0, 0.5, -0.5)
#: The fewest channels of a convolution's smaller side for which filters are worth while, and the
#: pixels of a side for each of them: their maps of places grow with its square.
_WIDE, _PIXELS_EACH = 8, 4

Pictures = Float[Array, "_ _ images _"]
Kernels = Float[Array, "taps units"]


def convolved(x: Pictures, weight: Kernels) -> Pictures:
    """Return a convolution, which halves both sides.

    Parameters
    ----------
    x : array, shape (height, width, images, channels)
        Both sides are even.
    weight : array, shape (16 channels, units)
        In the order of `patches`.

    Returns
    -------
    array, shape (height / 2, width / 2, images, units)
    """
    if not _is_wide(weight, max(x.shape[:2])):
        return _narrow(x, weight)
    down, across = _filter(x.shape[0] // 2), _filter(x.shape[1] // 2)
    images, units, channels = x.shape[2], weight.shape[1], 4 * x.shape[3]
    # Cells and weights at each point; a product over channels; places from points.
    read = _mapped(x, down.pixels, across.pixels).reshape(
        *(down.points, down.tiles, 2, across.points, across.tiles, 2, images, -1)
    )
    read = read.transpose(0, 3, 1, 4, 6, 2, 5, 7)
    taps = _mapped(weight.reshape(2, 2, channels, units), down.taps, across.taps)
    points = down.points * across.points
    found = _products(read.reshape(points, -1, channels), taps.reshape(points, channels, units))
    found = found.reshape(down.points, across.points, down.tiles, across.tiles, images, units)
    found = found.transpose(0, 2, 1, 3, 4, 5).reshape(
        down.points * down.tiles, across.points * across.tiles, images, units
    )
    return _mapped(found, down.places, across.places)


def transposed(x: Pictures, weight: Kernels) -> Pictures:
    """Return the transpose of a convolution, which doubles both sides.

    Parameters
    ----------
    x : array, shape (height, width, images, units)
    weight : array, shape (16 channels, units)
        Of the convolution.

    Returns
    -------
    array, shape (2 height, 2 width, images, channels)
    """
    if not _is_wide(weight, 2 * max(x.shape[:2])):
        return _narrow_transposed(x, weight)
    height, width, images, _ = x.shape
    channels = weight.shape[0] // TAPS
    shape = (2 * height, 2 * width, images, channels)
    like = jax.ShapeDtypeStruct(shape, x.dtype)  # type: ignore[no-untyped-call]
    (found,) = jax.linear_transpose(lambda y: convolved(y, weight), like)(x)
    wide: Pictures = found
    return wide


def _is_wide(weight: Kernels, side: int) -> bool:
    """Return whether there are enough channels for filters, by the pixels of the longer side."""
    return min(weight.shape[0] // TAPS, weight.shape[1]) >= max(_WIDE, side / _PIXELS_EACH)


# --- short filters -----------------------------------------------------------------------------


class _Filter(NamedTuple):
    """Matrices that compute a filter of two taps along one side, in tiles of few places.

    Parameters
    ----------
    points, tiles : int
    pixels : array, shape (points × tiles × 2, 2 places)
        From pixels to the values of cells at each point of each tile: their first pixels, and
        their second ones.
    taps : array, shape (points, 2)
        From both taps to their values.
    places : array, shape (places, points × tiles)
        From products to places.
    """

    points: int
    tiles: int
    pixels: np.ndarray
    taps: np.ndarray
    places: np.ndarray


@cache
def _filter(places: int) -> _Filter:
    """Return the filter with the fewest products for a side."""
    size = min(range(1, len(_POINTS) + 1), key=lambda m: (-(-places // m) * (m + 1), m))
    tiles, points = -(-places // size), size + 1
    cells, taps, own = _tile(size)
    # The first pixel of the first cell and the second one of the last are beyond the border.
    pixels = np.zeros((points, tiles, 2 * tiles * size + 2, 2))
    back = np.zeros((tiles * size, points, tiles))
    for tile in range(tiles):
        first = tile * size
        for k in (0, 1):
            pixels[:, tile, 2 * first + k : 2 * (first + points) : 2, k] = cells
        back[first : first + size, :, tile] = own
    return _Filter(
        points,
        tiles,
        pixels[:, :, 1 : 2 * places + 1].swapaxes(2, 3).reshape(-1, 2 * places).astype(np.float32),
        taps.astype(np.float32),
        back[:places].reshape(places, -1).astype(np.float32),
    )


def _tile(size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the matrices of a tile of `size` places, which reads size + 1 cells.

    ∑ sᵢ gₐ dᵢ₊ₐ, over places i and taps a, is ∑ pₖ dₖ with the polynomial p = s·g of degree
    `size`. Its values at size + 1 points, one of them infinity, are products of those of s and g;
    with its coefficients V⁻¹ (s(x) ⊙ g(x)), where V has the powers of the points, the sum is
    (V⁻ᵀ d) · (s(x) ⊙ g(x)): linear in d, in g and in s, each by a matrix.
    """
    points = np.array(_POINTS[:size])
    powers = np.zeros((size + 1, size + 1))
    powers[:-1] = points[:, None] ** np.arange(size + 1)
    powers[-1, -1] = 1  # at infinity: the leading coefficient
    places, taps = powers[:, :size].copy(), powers[:, :2].copy()
    places[-1], taps[-1] = np.eye(size)[-1], (0, 1)
    cells = np.linalg.inv(powers).T
    # Values of one size at all points lose the fewest digits.
    for part in (places, taps):
        scale = np.abs(part).max(axis=1, keepdims=True)
        part /= scale
        cells *= scale
    return cells, taps, places.T


def _mapped(x: Array, down: np.ndarray, across: np.ndarray) -> Array:
    """Return images whose columns and rows of places are each mapped by a matrix."""
    height, width, *others = x.shape
    first = jnp.asarray(down) @ x.reshape(height, -1)
    first = first.reshape(len(down), width, -1)
    # Batches of products: the compiler would copy all numbers for a product over the middle.
    same = jnp.broadcast_to(jnp.asarray(across), (len(down), *across.shape))
    return _products(same, first).reshape(len(down), len(across), *others)


def _products(a: Float[Array, "points _ _"], b: Float[Array, "points _ _"]) -> Array:
    return jax.lax.dot_general(a, b, (((2,), (1,)), ((0,), (0,))))


# --- few channels ------------------------------------------------------------------------------


@jax.custom_vjp
def _narrow(x: Pictures, weight: Kernels) -> Pictures:
    """Return a convolution as a product of patches."""
    return patches(x) @ weight


@jax.custom_vjp
def _narrow_transposed(x: Pictures, weight: Kernels) -> Pictures:
    """Return the transpose of a convolution as patches, which are added up."""
    height, width, images, units = x.shape
    taps = (x.reshape(-1, units) @ weight.T).reshape(height, width, images, 2, 2, 2, 2, -1)
    # Each patch is 2 × 2 cells of 2 × 2 pixels; cells of neighbours coincide.
    cells = jnp.zeros((height + 1, width + 1, images, 2, 2, taps.shape[-1]), x.dtype)
    for i in (0, 1):
        for j in (0, 1):
            around = ((i, 1 - i), (j, 1 - j), (0, 0), (0, 0), (0, 0), (0, 0))
            cells += jnp.pad(taps[:, :, :, i, j], around)
    wide = cells.transpose(0, 3, 1, 4, 2, 5).reshape(2 * height + 2, 2 * width + 2, images, -1)
    return wide[1:-1, 1:-1]


@jax.custom_vjp
def _correlated(x: Pictures, slope: Pictures) -> Kernels:
    """Return the gradient of a convolution's weights: patches times slopes, over all places."""
    read = patches(x).reshape(-1, TAPS * x.shape[3])
    return read.T @ slope.reshape(-1, slope.shape[3])


# ⟨narrow(x, w), s⟩ = ⟨x, transposed(s, w)⟩ = ⟨w, correlated(x, s)⟩.
_narrow.defvjp(
    lambda x, w: (_narrow(x, w), (x, w)),
    lambda xw, s: (_narrow_transposed(s, xw[1]), _correlated(xw[0], s)),
)
_narrow_transposed.defvjp(
    lambda s, w: (_narrow_transposed(s, w), (s, w)),
    lambda sw, x: (_narrow(x, sw[1]), _correlated(x, sw[0])),
)
_correlated.defvjp(
    lambda x, s: (_correlated(x, s), (x, s)),
    lambda xs, w: (_narrow_transposed(xs[1], w), _narrow(xs[0], w)),
)


def _cells(x: Pictures) -> Pictures:
    """Return 2 × 2 pixels as the channels of one, after a border of one pixel."""
    height, width, images, channels = x.shape
    down, across = height // 2 + 1, width // 2 + 1
    x = jnp.pad(x, ((1, 1), (1, 1), (0, 0), (0, 0)))
    x = x.reshape(down, 2, across, 2, images, channels).transpose(0, 2, 4, 1, 3, 5)
    return x.reshape(down, across, images, 4 * channels)


def patches(x: Pictures) -> Float[Array, "down across images inputs"]:
    """Return what each unit of a convolution reads: 4 × 4 pixels, two apart.

    Parameters
    ----------
    x : array, shape (height, width, images, channels)
        Both sides are even.

    Returns
    -------
    array, shape (height / 2, width / 2, images, 16 channels)
    """
    down, across, cells = x.shape[0] // 2, x.shape[1] // 2, _cells(x)
    return jnp.concatenate(
        [cells[i : i + down, j : j + across] for i in (0, 1) for j in (0, 1)], axis=-1
    )


def resized(x: Pictures, height: int, width: int) -> Pictures:
    """Crop images, or pad them with zeros, about their centre.

    Parameters
    ----------
    x : array, shape (height, width, images, channels)
    height, width : int
        The wanted sides, each greater or smaller than that of the images.

    Returns
    -------
    array, shape (height, width, images, channels)
    """
    for axis, side in ((0, height), (1, width)):
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
