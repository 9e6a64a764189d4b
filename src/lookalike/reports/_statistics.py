"""Means and quantiles of each column, and a few synthetic rows, as text."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from lookalike.reports._marginals import say
from lookalike.reports._summary import ColumnStatistics, SampleRows
from lookalike.reports._values import axis_of, numbers
from lookalike.tables import Column, Schema

__all__ = ["sample_rows", "statistics"]

_QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
_MOST_ROWS = 10
_LONGEST = 40


def statistics(schema: Schema, real: pa.Table, synthetic: pa.Table) -> tuple[ColumnStatistics, ...]:
    """Describe each column of numbers, dates or times by its mean and quantiles.

    Parameters
    ----------
    schema : Schema
    real, synthetic : pyarrow.Table
        Canonical tables.

    Returns
    -------
    tuple of ColumnStatistics
        In the table's order, without levels, identifiers and texts.
    """
    found = []
    for column in schema.columns:
        if column.kind.is_learned and not column.kind.is_discrete:
            axis = axis_of(column, real[column.name])
            parts = (_described(table[column.name], axis) for table in (real, synthetic))
            first, second = parts
            found.append(ColumnStatistics(column.name, first, second))
    return tuple(found)


def _described(values: pa.ChunkedArray, axis: str) -> tuple[str, ...]:
    known = numbers(values, axis)
    known = known[np.isfinite(known)]
    if not len(known):
        return ("–",) * (len(_QUANTILES) + 1)
    # Divided first: the sum, and the differences, of the largest floats are not finite.
    mean = float((known / len(known)).sum())
    quantiles = 4 * np.quantile(known / 4, _QUANTILES)
    return tuple(_short(x, axis) for x in (mean, *quantiles))


def _short(value: float, axis: str) -> str:
    return f"{value:.5g}" if axis == "number" else say(float(value), axis)


def sample_rows(schema: Schema, synthetic: pa.Table) -> SampleRows:
    """Return the first few synthetic rows as text.

    Parameters
    ----------
    schema : Schema
    synthetic : pyarrow.Table
        Canonical.

    Returns
    -------
    SampleRows
        Missing cells are empty.
    """
    head = synthetic.slice(0, _MOST_ROWS)
    cells = [_text(column, head[column.name]) for column in schema.columns]
    rows = zip(*cells, strict=True) if cells else iter(())
    return SampleRows(schema.names, tuple(tuple(row) for row in rows))


def _text(column: Column, values: pa.ChunkedArray) -> list[str]:
    return ["" if value is None else _cell(value, column) for value in values.to_pylist()]


def _cell(value: object, column: Column) -> str:
    if isinstance(value, float):
        decimals = column.decimals
        return f"{value:.6g}" if decimals is None or decimals > 12 else f"{value:.{decimals}f}"
    text = str(value)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
