"""Each column in figures, and the scores of columns and pairs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lookalike.metrics import ColumnShare, Score
from lookalike.reports._course import PairMatrix
from lookalike.reports._summary import ColumnRow
from lookalike.reports._values import Floats
from lookalike.tables import Column, Schema

__all__ = ["column_rows", "importances", "pair_scores", "plain"]


def column_rows(
    schema: Schema, real: pa.Table, synthetic: pa.Table, scores: Mapping[str, Score]
) -> tuple[ColumnRow, ...]:
    """Describe every column of both tables in figures.

    Parameters
    ----------
    schema : Schema
        The columns and their kinds.
    real, synthetic : pyarrow.Table
        Canonical tables.
    scores : mapping of str to Score
        Their details hold the scores of columns.

    Returns
    -------
    tuple of ColumnRow
        In the table's order.
    """
    by_column = {key: _by_column(scores, key) for key in ("value", "ceiling", "floor")}
    return tuple(
        _row(column, real[column.name], synthetic[column.name], by_column)
        for column in schema.columns
    )


def _row(
    column: Column,
    real: pa.ChunkedArray,
    synthetic: pa.ChunkedArray,
    found: Mapping[str, Mapping[str, dict[str, float]]],
) -> ColumnRow:
    return ColumnRow(
        column.name,
        column.kind.value,
        column.why,
        column.kind.is_learned,
        found["value"].get(column.name, {}),
        found["ceiling"].get(column.name, {}),
        found["floor"].get(column.name, {}),
        real.null_count / max(len(real), 1),
        synthetic.null_count / max(len(synthetic), 1),
        _distinct(real),
        _distinct(synthetic),
    )


def _by_column(scores: Mapping[str, Score], key: str) -> dict[str, dict[str, float]]:
    """Return the scores of each column, by metric."""
    found: dict[str, dict[str, float]] = {}
    for score in scores.values():
        for entry in score.details.columns:
            if (value := getattr(entry, key)) is not None:
                found.setdefault(entry.column, {})[score.name] = float(value)
    return found


def _distinct(values: pa.ChunkedArray) -> int:
    if pa.types.is_dictionary(values.type):
        values = values.cast(values.type.value_type)
    if pa.types.is_null(values.type):
        return 0
    count: int = pc.count_distinct(values, mode="only_valid").as_py()
    return count


def importances(scores: Mapping[str, Score]) -> tuple[ColumnShare, ...]:
    """Return the share of each column in the first detector's gain, the largest first."""
    found = (score.details.importances for score in scores.values() if score.details.importances)
    return tuple(ColumnShare(one.column, round(one.share, 6)) for one in next(found, ()))


def pair_scores(columns: Sequence[str], scores: Mapping[str, Score]) -> dict[str, PairMatrix]:
    """Arrange the scores of pairs of columns as symmetric matrices.

    Parameters
    ----------
    columns : sequence of str
        The names, in the order of rows and columns of the matrices.
    scores : mapping of str to Score
        Their details hold the scores of pairs.

    Returns
    -------
    dict of str to tuple of tuple
        One matrix for each metric of pairs; None where a pair has no score.
    """
    places = {name: place for place, name in enumerate(columns)}
    matrices = {}
    for score in scores.values():
        if pairs := score.details.pairs:
            matrix = np.full((len(columns), len(columns)), np.nan)
            for entry in pairs:
                compared = entry.first in places and entry.second in places
                if compared and entry.value is not None:
                    first, second = places[entry.first], places[entry.second]
                    matrix[first, second] = matrix[second, first] = entry.value
            matrices[score.name] = plain(matrix)
    return matrices


def plain(matrix: Floats) -> PairMatrix:
    """Round a matrix to four decimals; None where it is not finite."""
    return tuple(
        tuple(round(float(cell), 4) if np.isfinite(cell) else None for cell in row)
        for row in matrix
    )
