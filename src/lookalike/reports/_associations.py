"""Associations of each two columns of a table."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from itertools import pairwise

import numpy as np
import pyarrow as pa
from scipy import sparse

from lookalike.metrics import Score
from lookalike.reports._columns import pair_scores, plain
from lookalike.reports._summary import Associations
from lookalike.reports._values import Floats, Ints, axis_of, codes, numbers
from lookalike.tables import Schema

__all__ = ["associations"]

#: The most levels of a column; rarer ones are one level, so that tables stay small.
MOST_LEVELS = 20
#: Of longer tables, evenly spaced rows are taken: more would not change the drawing.
MOST_ROWS = 200_000


def associations(
    schema: Schema,
    real: pa.Table,
    synthetic: pa.Table,
    scores: Mapping[str, Score],
    only: Collection[str] | None = None,
) -> Associations:
    """Measure all pairs of compared columns in both tables.

    Parameters
    ----------
    schema : Schema
        The columns and their kinds.
    real, synthetic : pyarrow.Table
        Canonical tables.
    scores : mapping of str to Score
        Their details hold the scores of pairs.
    only : collection of str, optional
        The columns to measure; all compared ones by default.

    Returns
    -------
    Associations
        Matrices of the same columns.
    """
    real, synthetic = _thinned(real), _thinned(synthetic)
    names = [
        column.name
        for column in schema.columns
        if column.kind.is_learned and (only is None or column.name in only)
    ]
    measured = [name for name in names if schema[name].kind.is_numeric]
    levelled = [name for name in names if name not in measured]
    values: tuple[list[Floats], list[Floats]] = ([], [])
    for name in measured:
        axis = axis_of(schema[name], real[name])
        for part, table in zip(values, (real, synthetic), strict=True):
            part.append(_unit(numbers(table[name], axis)))
    levels: tuple[list[Ints], list[Ints]] = ([], [])
    for name in levelled:
        found = codes(real[name], synthetic[name])[:2]
        for kept, part_codes in zip(levels, found, strict=True):
            kept.append(np.minimum(part_codes, MOST_LEVELS - 1) + 1)
    order = [[*measured, *levelled].index(name) for name in names]
    matrices = [
        plain(_matrix(_stacked(measures, len(table)), coded)[np.ix_(order, order)])
        for measures, coded, table in zip(values, levels, (real, synthetic), strict=True)
    ]
    return Associations(tuple(names), matrices[0], matrices[1], pair_scores(names, scores))


def _thinned(table: pa.Table) -> pa.Table:
    if len(table) <= MOST_ROWS:
        return table
    return table.take(np.linspace(0, len(table) - 1, MOST_ROWS).astype(np.int64))


def _stacked(columns: list[Floats], rows: int) -> Floats:
    return np.stack(columns, axis=1) if columns else np.empty((rows, 0))


def _matrix(values: Floats, levels: list[Ints]) -> Floats:
    """Measure all pairs of the columns of `values` (n, m) and the columns of `levels`."""
    onehot, starts = _onehot(levels, len(values))
    with np.errstate(invalid="ignore", divide="ignore"):
        mixed = _ratios(values, onehot, starts)
        return np.block([[_pearson(values), mixed], [mixed.T, _cramer(onehot, starts)]])


def _unit(values: Floats) -> Floats:
    """Scale a column to [0, 1]: the squares of the largest floats are not finite."""
    present = values[~np.isnan(values)] / 2
    if not len(present):
        return values
    low, span = present.min(), np.ptp(present)
    scaled: Floats = (values / 2 - low) / (span if span > 0 else 1.0)
    return scaled


def _onehot(levels: list[Ints], rows: int) -> tuple[sparse.csr_matrix, Ints]:
    width = MOST_LEVELS + 1
    starts = np.arange(len(levels) + 1, dtype=np.int64) * width
    columns = np.stack(levels, axis=1) + starts[:-1] if levels else np.empty((rows, 0), np.int64)
    ends = np.arange(rows + 1) * len(levels)
    shape = (rows, int(starts[-1]))
    return sparse.csr_matrix((np.ones(columns.size), columns.ravel(), ends), shape), starts


def _pearson(values: Floats) -> Floats:
    """Pearson's correlation over the rows where both cells are present."""
    # Standardised over the present cells, so that sums lose no digits; missing cells become 0.
    present = (~np.isnan(values)).astype(float)
    centre = np.nansum(values, axis=0) / present.sum(axis=0)
    filled = np.where(present > 0, values - centre, 0.0)
    scale = np.sqrt((filled**2).sum(axis=0) / present.sum(axis=0))
    filled = np.where(scale > 0, filled / scale, 0.0)
    # Entry (i, j): shared rows of columns i and j, and over them the sums of column i and of its
    # squares.
    count = present.T @ present
    first = filled.T @ present
    second = filled.T**2 @ present
    # Pearson's r = S_xy / √(S_xx S_yy), with sums of products about the means of shared rows.
    covariance = filled.T @ filled - first * first.T / count
    variance = second - first**2 / count
    correlation = covariance / np.sqrt(variance * variance.T)
    correlation[(variance < 1e-9) | (variance.T < 1e-9)] = np.nan
    clipped: Floats = np.clip(correlation, -1, 1)
    return clipped


def _ratios(values: Floats, onehot: sparse.csr_matrix, starts: Ints) -> Floats:
    """Correlation ratio: the root of the share of variance that lies between the levels."""
    present = (~np.isnan(values)).astype(float)
    centre = np.nansum(values, axis=0) / present.sum(axis=0)
    filled = np.where(present > 0, values - centre, 0.0)
    # Each level's number of rows and sum of centred values, shape (levels of all columns, numbers).
    count, total = onehot.T @ present, onehot.T @ filled
    between = np.where(count > 0, total**2 / count, 0.0)
    # η² = Σ n_k mean_k² / Σ x², with the sum over the levels k of a column.
    sums = [between[a:b].sum(axis=0) for a, b in pairwise(starts)]
    overall = (filled**2).sum(axis=0)
    ratio = np.array(sums).reshape(len(sums), values.shape[1]).T / overall[:, None]
    clipped: Floats = np.sqrt(np.clip(ratio, 0, 1))
    return clipped


def _cramer(onehot: sparse.csr_matrix, starts: Ints) -> Floats:
    """Cramér's V of each two columns of levels; a missing cell is a level."""
    # The joint tables of all pairs in one matrix, each column as wide as `MOST_LEVELS` + missing.
    counts, rows = np.asarray((onehot.T @ onehot).todense()), onehot.shape[0]
    margins = np.diag(counts)
    expected = np.outer(margins, margins) / rows
    terms = np.where(expected > 0, (counts - expected) ** 2 / expected, 0.0)
    size = len(starts) - 1
    width = MOST_LEVELS + 1
    # χ² of each pair: the sum of (observed − expected)² / expected over its joint table.
    chi2 = terms.reshape(size, width, size, width).sum(axis=(1, 3))
    # V = √(χ² / (n (min(r, c) − 1))), r and c the numbers of levels that occur (Cramér 1946).
    used = (margins.reshape(size, width) > 0).sum(axis=1)
    degrees = np.minimum(used[:, None], used[None, :]) - 1
    clipped: Floats = np.sqrt(np.clip(chi2 / rows / np.where(degrees > 0, degrees, np.nan), 0, 1))
    return clipped
