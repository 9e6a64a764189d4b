"""The error of the dependence between columns: the measure of what a synthesizer has learned."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pyarrow as pa

__all__ = ["joint_error"]

_BINS = 6


def joint_error(real: pa.Table, synthetic: pa.Table) -> float:
    """Return the mean total variation distance of the joint tables of all pairs of columns.

    Numbers are cut at the sextiles of the real column, missing is a level. 0 is perfect; columns
    that are correct one by one but independent score the strength of the real dependence.

    Parameters
    ----------
    real, synthetic : pyarrow.Table, shape (rows, columns)
        The same columns, of floats or of levels.

    Returns
    -------
    float
        Between 0 and 1.

    Examples
    --------
    >>> table = pa.table({"a": ["x", "y"], "b": ["x", "y"]})
    >>> joint_error(table, pa.table({"a": ["x", "y"], "b": ["y", "x"]}))
    1.0
    """
    cut = {name: _cut(real[name], synthetic[name]) for name in real.column_names}
    return float(np.mean([_distance(cut[a], cut[b]) for a, b in combinations(cut, 2)]))


def _cut(real: pa.ChunkedArray, synthetic: pa.ChunkedArray) -> tuple[np.ndarray, np.ndarray]:
    """Return both columns as level numbers of the same levels."""
    if pa.types.is_floating(real.type):
        ours, theirs = (column.to_numpy(zero_copy_only=False) for column in (real, synthetic))
        edges = np.nanquantile(ours, np.linspace(0, 1, _BINS + 1)[1:-1])
        return _binned(ours, edges), _binned(theirs, edges)
    words = np.array([str(value) for column in (real, synthetic) for value in column.to_pylist()])
    codes = np.unique(words, return_inverse=True)[1]
    return codes[: len(real)], codes[len(real) :]


def _binned(numbers: np.ndarray, edges: np.ndarray) -> np.ndarray:
    return np.where(np.isnan(numbers), _BINS, np.digitize(numbers, edges))


def _distance(a: tuple[np.ndarray, np.ndarray], b: tuple[np.ndarray, np.ndarray]) -> float:
    shape = (max(map(np.max, a)) + 1, max(map(np.max, b)) + 1)
    shares = []
    for left, right in zip(a, b, strict=True):
        table = np.zeros(shape)
        np.add.at(table, (left, right), 1 / len(left))
        shares.append(table)
    return float(np.abs(shares[0] - shares[1]).sum() / 2)
