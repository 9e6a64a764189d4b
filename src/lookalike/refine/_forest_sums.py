"""The compiled evaluation of a forest: bit masks of reachable leaves, combined over features."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Int32, UInt8, UInt32

from lookalike.refine._binning import Codes, JointFeatures
from lookalike.training import keep_compiled_programs

__all__ = ["evaluator"]

#: The number of rows that are evaluated at once, so that their masks fit the CPU's cache.
_ROWS = 128


def evaluator(
    joint: JointFeatures,
    outputs: int,
    masks: np.ndarray,
    values: np.ndarray,
    terms: np.ndarray,
) -> Callable[[Codes], tuple[Array, Array]]:
    """Return a function from the cells of rows to the sums of their leaves and of their terms.

    Parameters
    ----------
    joint : tuple
        The groups of features that are looked up together.
    outputs : int
        The number of sums.
    masks : ndarray of uint32, shape (joint cells, trees)
    values : ndarray of int32, shape (trees, LEAVES)
    terms : ndarray of int32, shape (joint cells,)
    """
    keep_compiled_programs()
    arrays = [jnp.asarray(array) for array in (masks, values, terms)]
    return lambda codes: _leaf_sums(joint, outputs, *arrays, jnp.asarray(codes))


@partial(jax.jit, static_argnums=(0, 1))
def _leaf_sums(
    joint: JointFeatures,
    outputs: int,
    masks: UInt32[Array, "cells trees"],
    values: Int32[Array, "trees leaves"],
    terms: Int32[Array, " cells"],
    codes: UInt8[Array, "rows features"],
) -> tuple[Int32[Array, "rows ..."], Int32[Array, " rows"]]:
    trees, leaves = values.shape
    flat = values.reshape(-1)
    first = jnp.arange(trees, dtype=jnp.int32) * leaves

    def some(rows: UInt8[Array, "some features"]) -> tuple[Array, Array]:
        cells = rows.astype(jnp.int32)
        word, term = (
            jnp.full((len(rows), trees), np.uint32(2**32 - 1)),
            jnp.zeros(len(rows), jnp.int32),
        )
        # One lookup per group of features clears the leaves that its cells rule out.
        for begin, features in joint:
            at = begin + sum(step * jnp.minimum(cells[:, j], last) for j, last, step in features)
            word &= masks.at[at].get(mode="clip")
            term += terms.at[at].get(mode="clip")
        # The leaf of a tree is the lowest bit that is left: w & −w isolates it.
        lowest = leaves - 1 - jax.lax.clz(word & -word).astype(jnp.int32)
        found = flat.at[first + jnp.maximum(lowest, 0)].get(mode="clip")
        if outputs == 1:
            return found.sum(axis=1), term
        return found.reshape(len(rows), outputs, -1).sum(axis=2), term

    sums: tuple[Array, Array] = jax.lax.map(some, codes.reshape(-1, _ROWS, codes.shape[1]))
    return sums[0].reshape(-1, *sums[0].shape[2:]), sums[1].reshape(-1)
