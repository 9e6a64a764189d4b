"""Summaries: what a parent row knows of its children, learned as columns of the parent table."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lookalike.tables import Column, Kind, Schema

__all__ = ["counts_of", "summaries_of"]

#: The most summaries of a key whose families are small, of others, and the least share of variance
#: between families that one explains beyond chance.
_MOST_OF_SMALL, _MOST, _LEAST = 8, 16, 0.02
#: The most levels of a column whose most frequent level is a summary.
_LEVELS = 24
#: The mean number of children from which on shares of levels are summaries, in place of the most
#: frequent level, and the most levels of a column that have one.
_LARGE, _MOST_SHARES = 8, 4
#: The mean number of children below which a row's own children need no summary.
_FEWEST = 1.2


def counts_of(rows: np.ndarray, parents: int) -> np.ndarray:
    """Return the number of children of each parent, shape (parents,)."""
    return np.bincount(rows[rows >= 0], minlength=parents)


def summaries_of(
    table: pa.Table, schema: Schema, rows: np.ndarray, parents: int, prefix: str
) -> tuple[dict[str, pa.Array], list[Column], dict[str, str]]:
    """Return summaries of the children of each parent row.

    For a number it is the mean of the children; for levels, the number of different ones, and the
    most frequent one, or where families are large, shares of levels. Only columns are summarised in
    which families differ by more than chance.

    Parameters
    ----------
    table : pyarrow.Table
        The canonical child table.
    schema : Schema
        Its columns.
    rows : ndarray of int, shape (n,)
        The parent row of each child row; -1 for none.
    parents : int
    prefix : str
        The beginning of the names of summaries.

    Returns
    -------
    dict of str to pyarrow.Array of shape (parents,)
        Missing where a parent has no children.
    list of Column
    dict of str to str
        The column that each summary is about.
    """
    counts = counts_of(rows, parents)
    families = int((counts > 0).sum())
    there = rows >= 0
    if families < 2 or there.sum() < _FEWEST * families:
        return {}, [], {}
    found: list[tuple[float, str, pa.Array, Column]] = []
    about: dict[str, str] = {}
    large = there.sum() >= _LARGE * families
    for column in schema.columns:
        before = len(found)
        name = f"{prefix}{column.name}"
        own = table[column.name].combine_chunks().filter(pa.array(there))
        if column.kind.is_numeric:
            numbers = _numbers(own)
            share = _explained(numbers[:, None], rows[there], parents)
            found.append((share, *_mean(name, numbers, rows[there], parents)))
        elif column.kind.is_discrete:
            codes, levels = _codes(own)
            if len(levels) < 2:
                continue
            onehot = (codes[:, None] == np.arange(min(len(levels), _LEVELS))).astype(float)
            share = _explained(onehot, rows[there], parents)
            found.append((share, *_different(f"{name} n", codes, rows[there], parents)))
            if large:
                found += _shares(name, onehot, rows[there], parents)
            elif len(levels) <= _LEVELS:
                found.append((share, *_mode(f"{name} mode", codes, rows[there], parents)))
        about |= {each[1]: column.name for each in found[before:]}
    most = _MOST if large else _MOST_OF_SMALL
    best = sorted((each for each in found if each[0] > _LEAST), key=lambda each: -each[0])[:most]
    cells = {name: cells for _, name, cells, _ in best}
    return cells, [column for *_, column in best], {name: about[name] for name in cells}


def _numbers(cells: pa.Array) -> np.ndarray:
    if pa.types.is_date32(cells.type):
        cells = cells.cast(pa.int32())
    elif pa.types.is_temporal(cells.type):
        cells = cells.cast(pa.int64())
    return np.asarray(cells.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False), float)


def _codes(cells: pa.Array) -> tuple[np.ndarray, pa.Array]:
    """Return the level of each cell, the most frequent first; -1 for a missing one."""
    if pa.types.is_dictionary(cells.type):
        cells = cells.cast(cells.type.value_type)
    counted = pc.value_counts(cells.drop_null())
    counts = np.asarray(counted.field("counts"))
    levels = counted.field("values").take(pa.array(np.argsort(-counts, kind="stable")))
    return np.asarray(pc.index_in(cells, levels).fill_null(-1)), levels


def _explained(values: np.ndarray, rows: np.ndarray, parents: int) -> float:
    """Return the share of variance between families, less what chance alone would give."""
    known = ~np.isnan(values).any(axis=1)
    values, rows = values[known], rows[known]
    counts = np.bincount(rows, minlength=parents)
    families, n = int((counts > 0).sum()), len(rows)
    if n <= families or families < 2:
        return 0.0
    scale = np.maximum(np.abs(values).max(axis=0), 1e-300)
    values = values / scale
    sums = np.stack([np.bincount(rows, column, parents) for column in values.T], axis=1)
    means = sums / np.maximum(counts, 1)[:, None]
    within = float(((values - means[rows]) ** 2).sum())
    total = float(((values - values.mean(axis=0)) ** 2).sum())
    if total <= 0:
        return 0.0
    return 1 - within / total * (n - 1) / (n - families)


def _mean(
    name: str, numbers: np.ndarray, rows: np.ndarray, parents: int
) -> tuple[str, pa.Array, Column]:
    known = ~np.isnan(numbers)
    count = np.bincount(rows[known], minlength=parents)
    middle = float(numbers[known].mean()) if known.any() else 0.0
    sums = np.bincount(rows[known], numbers[known] - middle, parents)
    means = sums / np.maximum(count, 1) + middle
    cells = pa.array(means, mask=(count == 0) | ~np.isfinite(means))
    return name, cells, Column(name, Kind.CONTINUOUS, "double", nullable=True)


def _different(
    name: str, codes: np.ndarray, rows: np.ndarray, parents: int
) -> tuple[str, pa.Array, Column]:
    pairs = np.unique(rows[codes >= 0] * (codes.max() + 1) + codes[codes >= 0])
    counts = np.bincount(pairs // (codes.max() + 1), minlength=parents)
    cells = pa.array(counts, pa.int64(), mask=np.bincount(rows, minlength=parents) == 0)
    return name, cells, Column(name, Kind.INTEGER, "int64", nullable=True)


def _shares(
    name: str, onehot: np.ndarray, rows: np.ndarray, parents: int
) -> list[tuple[float, str, pa.Array, Column]]:
    """Return the shares of the levels in which families differ most, each with what it explains."""
    each = [(_explained(column[:, None], rows, parents), k) for k, column in enumerate(onehot.T)]
    best = sorted(each, key=lambda one: -one[0] * onehot[:, one[1]].var())[:_MOST_SHARES]
    return [
        (share, *_mean(f"{name} is {level}", onehot[:, level], rows, parents))
        for share, level in best
    ]


def _mode(
    name: str, codes: np.ndarray, rows: np.ndarray, parents: int
) -> tuple[str, pa.Array, Column]:
    table = np.zeros((parents, int(codes.max()) + 1), np.int64)
    np.add.at(table, (rows[codes >= 0], codes[codes >= 0]), 1)
    words = pa.array([str(code) for code in range(table.shape[1])])
    cells = pa.DictionaryArray.from_arrays(
        pa.array(table.argmax(axis=1).astype(np.int32), mask=table.sum(axis=1) == 0), words
    )
    return name, cells, Column(name, Kind.CATEGORICAL, "string", nullable=True)
