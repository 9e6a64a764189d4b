"""Arrays of a model file, validated before use."""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Int32, UInt32

from lookalike._core.errors import ModelFileError
from lookalike.encoding import Layout, Learned
from lookalike.refine._binning import Binning
from lookalike.refine._forest import LEAVES

__all__ = ["cells_of", "damaged", "taken", "trees_of"]

#: The maximum length of an array along any axis.
_MOST = 2**20


def cells_of(state: Learned, layout: Layout) -> Binning:
    """Restore a binning from its arrays.

    Raises
    ------
    ModelFileError
        If they are damaged.
    """
    counts = taken(state, "counts", np.int32, (layout.numbers,))
    edges = taken(state, "edges", np.float32, (None,))
    if (counts < 0).any() or counts.sum(dtype=np.int64) != len(edges):
        raise damaged("counts")
    parts = np.split(edges, np.cumsum(counts)[:-1]) if len(counts) else []
    if not all((np.diff(part) > 0).all() and len(part) < LEAVES * 8 - 1 for part in parts):
        raise damaged("edges")
    return Binning(layout, tuple(parts))


def trees_of(
    state: Learned, cells: Binning
) -> tuple[UInt32[np.ndarray, "cells trees"], Int32[np.ndarray, "trees leaves"]]:
    """Return the masks and values of trees over cells, from `CellForest.arrays`.

    Raises
    ------
    ModelFileError
        If they are damaged.
    """
    values = taken(state, "values", np.int32, (None, LEAVES))
    return taken(state, "masks", np.uint32, (sum(cells.sizes), len(values))), values


def taken(state: Learned, name: str, kind: Any, shape: tuple[int | None, ...]) -> np.ndarray:
    """Return an array of a state after checking its type and shape; None is any length.

    Raises
    ------
    ModelFileError
        If it is missing, has another type or shape, or is not finite.
    """
    array = state.arrays.get(name)
    if (
        array is None
        or array.dtype != kind
        or array.ndim != len(shape)
        or any(w is not None and w != n for w, n in zip(shape, array.shape, strict=True))
        or max(array.shape, default=0) > _MOST
        or not np.isfinite(array).all()
    ):
        raise damaged(name)
    return array


def damaged(name: str) -> ModelFileError:
    """Return the error for an array that does not fit."""
    return ModelFileError(
        f"A model file's correction must hold a fitting array {name!r}; it does not. "
        "The file is damaged."
    )
