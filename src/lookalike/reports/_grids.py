"""Two columns at once, and all columns at once in two dimensions: shares of rows on a grid.

Grids hold counts of cells, never rows: a cell of the real table with fewer rows than `FEWEST` is
left out of the picture.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from lookalike.reports._marginals import say
from lookalike.reports._summary import GridAxis, PairRow, ShareGrid
from lookalike.reports._values import FEWEST_ROWS, Floats, axis_of, codes, numbers
from lookalike.tables import Column, Schema

__all__ = ["components", "pair_grids"]

#: Cells across, of numbers and of the view of all columns; levels by name.
BINS = 20
VIEW_BINS = 32
MOST_LEVELS = 8
MOST_PAIRS = 6
#: Of longer tables, evenly spaced rows are taken: more would not change the picture.
MOST_ROWS = 50_000
VIEW_ROWS = 10_000
#: Numbers of each row in the view of all columns; of a wider table, those of the first columns.
MOST_FEATURES = 400
FEWEST = 2
_AxisPlaces = np.ndarray


def pair_grids(
    schema: Schema, real: pa.Table, synthetic: pa.Table, pairs: Sequence[PairRow]
) -> tuple[ShareGrid, ...]:
    """Count rows by both columns of each of the first few pairs.

    Parameters
    ----------
    schema : Schema
    real, synthetic : pyarrow.Table
        Canonical tables.
    pairs : sequence of PairRow
        The worst first.

    Returns
    -------
    tuple of ShareGrid
    """
    real, synthetic = _thinned(real), _thinned(synthetic)
    found = []
    for pair in pairs[:MOST_PAIRS]:
        axes, cells = [], []
        for name in (pair.first, pair.second):
            axis, places = _places(schema[name], real[name], synthetic[name])
            axes.append(axis)
            cells.append(places)
        sizes = (axes[0].size, axes[1].size)
        shares = [_counted(cells[0][part], cells[1][part], sizes) for part in range(2)]
        found.append(ShareGrid(axes[0], axes[1], shares[0], shares[1]))
    return tuple(found)


def components(schema: Schema, real: pa.Table, synthetic: pa.Table) -> ShareGrid | None:
    """Count rows on the two principal components of the real table.

    Numbers are standardised, levels are 0 or 1 each, scaled by their share; missing numbers are in
    the middle.

    Parameters
    ----------
    schema : Schema
    real, synthetic : pyarrow.Table
        Canonical tables.

    Returns
    -------
    ShareGrid or None
        None where there are fewer than three rows or two columns.
    """
    tables = _thinned(real, VIEW_ROWS), _thinned(synthetic, VIEW_ROWS)
    parts = [
        block
        for column in schema.columns
        if column.kind.is_learned
        for block in _features(column, *(table[column.name] for table in tables))
    ][:MOST_FEATURES]
    if len(parts) < 2 or len(tables[0]) < 3:
        return None
    first, second = (np.column_stack([block[place] for block in parts]) for place in range(2))
    centre = first.mean(axis=0)
    # Eigenvectors of the covariance are the principal axes, eigenvalues their variances.
    variances, vectors = np.linalg.eigh(np.cov(first - centre, rowvar=False))
    variances, axes = variances[::-1], vectors[:, ::-1].T
    if variances[1] <= 1e-9 * max(variances[0], 1e-300):
        return None
    # The sign of an axis is arbitrary: its largest entry is made positive.
    axes = axes[:2] * np.sign(axes[:2][[0, 1], np.abs(axes[:2]).argmax(axis=1)])[:, None]
    shares = variances / variances.sum()
    projected = [(part - centre) @ axes.T for part in (first, second)]
    drawn, cells = [], []
    for place, word in enumerate(("first", "second")):
        edges = _edges(projected[0][:, place], VIEW_BINS)
        name = f"{word} component ({100 * shares[place]:.0f} %)"
        drawn.append(GridAxis(name, VIEW_BINS))
        cells.append([_binned(part[:, place], edges) for part in projected])
    size = (VIEW_BINS, VIEW_BINS)
    counted = [_counted(cells[0][part], cells[1][part], size) for part in range(2)]
    return ShareGrid(drawn[0], drawn[1], counted[0], counted[1])


def _thinned(table: pa.Table, most: int = MOST_ROWS) -> pa.Table:
    if len(table) <= most:
        return table
    return table.take(np.linspace(0, len(table) - 1, most).astype(np.int64))


def _places(
    column: Column, real: pa.ChunkedArray, synthetic: pa.ChunkedArray
) -> tuple[GridAxis, list[_AxisPlaces]]:
    """Return an axis, and the place of each row of both tables on it; -1 for none."""
    if column.kind.is_discrete:
        first, second, levels = codes(real, synthetic)
        # Levels are ordered by their real rows: those of very few have no name on a page.
        often = int((np.bincount(first[first >= 0], minlength=len(levels)) >= FEWEST_ROWS).sum())
        shown = levels[: min(often, MOST_LEVELS)]
        rest = len(levels) > len(shown)
        labels = (*shown, *(["others"] if rest else []))
        most = len(labels) - 1
        cells = [np.minimum(part, most) for part in (first, second)]
        return GridAxis(column.name, len(labels), labels), cells
    axis = axis_of(column, real)
    values = numbers(real, axis), numbers(synthetic, axis)
    edges = _edges(values[0], BINS)
    ends = (_end(float(edges[0]), axis), _end(float(edges[-1]), axis))
    return GridAxis(column.name, BINS, (), ends), [_binned(v, edges) for v in values]


def _end(value: float, axis: str) -> str:
    return f"{value:.4g}" if axis == "number" else say(value, axis)


def _edges(values: Floats, bins: int) -> Floats:
    """Return bin limits over the bulk of some numbers."""
    known = values[np.isfinite(values)]
    if not len(known):
        return np.linspace(0.0, 1.0, bins + 1)
    # Quartered, as in `_features`.
    low, high = (float(x) for x in np.quantile(known / 4, [0.005, 0.995]))
    if not high > low:
        low, high = low - 0.125, high + 0.125
    return 4 * np.linspace(low, high, bins + 1)


def _binned(values: Floats, edges: Floats) -> _AxisPlaces:
    """Return the bin of each number, those beyond in the outer ones; -1 where missing."""
    places = np.clip(np.searchsorted(edges, values, side="right") - 1, 0, len(edges) - 2)
    return np.where(np.isnan(values), -1, places)


def _counted(
    first: _AxisPlaces, second: _AxisPlaces, size: tuple[int, int]
) -> tuple[tuple[float, ...], ...]:
    """Return shares of all rows; cells of very few rows are empty."""
    both = (first >= 0) & (second >= 0)
    flat = np.bincount(first[both] * size[1] + second[both], minlength=size[0] * size[1])
    flat[flat < FEWEST] = 0
    shares = flat.reshape(size) / max(len(first), 1)
    return tuple(tuple(round(float(x), 6) for x in row) for row in shares)


def _features(
    column: Column, real: pa.ChunkedArray, synthetic: pa.ChunkedArray
) -> list[tuple[Floats, Floats]]:
    """Return a column as numbers of both tables, about equally wide for all columns."""
    if column.kind.is_discrete:
        first, second, levels = codes(real, synthetic)
        return [
            ((first == level).astype(float), (second == level).astype(float))
            for level in range(min(len(levels), MOST_LEVELS))
        ]
    axis = axis_of(column, real)
    values = [numbers(part, axis) for part in (real, synthetic)]
    known = values[0][np.isfinite(values[0])]
    if not len(known):
        return []
    # Quartered, for neither the difference of the largest floats nor what numpy's quantiles compute
    # on the way to them is finite.
    low, middle, high = (float(x) for x in np.quantile(known / 4, [0.05, 0.5, 0.95]))
    if not high > low:
        return []
    scaled = [np.clip((v / 4 - middle) / (high - low), -1.5, 1.5) for v in values]
    return [(np.nan_to_num(scaled[0]), np.nan_to_num(scaled[1]))]
