"""A choice of generated rows in which columns come with the target as in the real rows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from lookalike._core.numerics import raking_factors
from lookalike.metrics import View

__all__ = ["column_distance", "matched_rows"]

_ROUNDS = 10
#: The largest factor of a cell in one round.
_STEP = 10.0
#: The largest weight of a row, beside the mean: of 4 rows for each chosen one, none comes twice.
_HEAVIEST = 4.0

RowPlaces = npt.NDArray[np.int64]


def matched_rows(
    real: View,
    made: View,
    target: str,
    columns: Sequence[str],
    count: int,
    random: np.random.Generator,
) -> RowPlaces:
    """Choose generated rows so that columns come with the target as often as in the real rows.

    Rows are weighted by iterative proportional fitting (Deming & Stephan 1940) over the cells of
    (a column's tenth or level, a class or tenth of the target), and drawn systematically.

    Parameters
    ----------
    real, made : View
        The real rows and the generated ones.
    target : str
        The target.
    columns : sequence of str
        The columns to match.
    count : int
        The number of rows to choose.
    random : numpy.random.Generator
        The source of the draw.

    Returns
    -------
    ndarray of int, shape (count,)
        Increasing row numbers.
    """
    margins = [_cells(real, made, target, name) for name in columns]
    weights = np.full(len(made), 1 / len(made))
    for _ in range(_ROUNDS):
        for wanted, cells, size in margins:
            goal = np.bincount(wanted, minlength=size) / max(len(wanted), 1)
            present = np.bincount(cells, weights, minlength=size)
            weights = weights * raking_factors(goal, present, _STEP)[cells]
            weights = weights / weights.sum()
    weights = np.clip(weights * len(made), 0, _HEAVIEST)
    # Systematic draws: each row comes as often as its weight says, up to one.
    ends = np.cumsum(weights) / weights.sum() * count
    return np.searchsorted(ends, np.arange(count) + random.random(), side="right").clip(
        0, len(made) - 1
    )


def column_distance(real: View, target: str, name: str, other: View) -> float:
    """Return the total variation distance of (column, target) between two tables, in [0, 1]."""
    wanted, cells, size = _cells(real, other, target, name)
    one, two = (np.bincount(c, minlength=size) / max(len(c), 1) for c in (wanted, cells))
    return float(np.abs(one - two).sum() / 2)


def _cells(real: View, made: View, target: str, name: str) -> tuple[RowPlaces, RowPlaces, int]:
    """Return the cell of each real and of each generated row, and the number of cells."""
    columns = real.codebook.columns
    codes, sizes = real.quantile_levels
    others, _ = made.quantile_levels
    at, by = columns.index(name), columns.index(target)
    size = sizes[by]
    first, second = (c[:, at].astype(np.int64) * size + c[:, by] for c in (codes, others))
    return first, second, sizes[at] * size
