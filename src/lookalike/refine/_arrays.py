"""Arrays of a model file, checked before they are believed."""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Int32, UInt32

from lookalike._core.errors import ModelFileError
from lookalike.encoding import Layout, Learned
from lookalike.refine._binning import Binning
from lookalike.refine._forest import LEAVES

__all__ = ["cells_of", "damaged", "taken", "trees_of"]

#: No array is longer than this in any direction.
_MOST = 2**20


def cells_of(state: Learned, layout: Layout) -> Binning:
    """Return the cells that `Binning.arrays` gave.

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
    """Return masks and values of trees over cells, as `Forest.arrays` gave them.

    Raises
    ------
    ModelFileError
        If they are damaged.
    """
    values = taken(state, "values", np.int32, (None, LEAVES))
    return taken(state, "masks", np.uint32, (sum(cells.sizes), len(values))), values


def taken(state: Learned, name: str, kind: Any, shape: tuple[int | None, ...]) -> np.ndarray:
    """Return an array of a state that must have a type and shape; None is any length.

    Raises
    ------
    ModelFileError
        If it is missing or another one.
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
    """Return the error that says which array does not fit."""
    return ModelFileError(
        f"A model file's correction must hold a fitting array {name!r}; it does not. "
        "The file is damaged."
    )
