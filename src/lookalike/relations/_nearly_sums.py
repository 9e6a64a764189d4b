"""Discovery of sums of other columns with a small residual, such as a hidden fee."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from lookalike.relations._nearly_equal import by_mask, concentration
from lookalike.relations._numeric_column import NumericColumn, sample_rows
from lookalike.tables import Dependency

__all__ = ["nearly_sums"]

#: The number of rows searched; the least number for evidence, beyond ten for each column.
_ROWS = 1000
_SPARE_ROWS = 100
#: The least share of a column's variance explained by all the others.
_EXPLAINED = 0.98
#: The tolerance of a factor as a whole number.
_NEAR_ONE = 0.1
_MOST_PARTS = 8
_FEWEST_VALUES = 20
#: The residual takes few values: two rows agree with at least this probability …
_REPEATS = 0.02
#: … and this many times the probability that they agree in the column.
_MORE_REPEATS = 4.0
#: The mean absolute deviation of the residual is at most this share of the column's.
_SMALLER = 0.25
#: The least standard deviation of a column, as a share of its greatest value, beyond rounding.
_LEAST_SPREAD = 1e-9
#: Rounds of reweighted least squares, and the least residual, as a share of the greatest.
_ROUNDS = 20
_LEAST_RESIDUAL = 1e-6


def nearly_sums(measures: Sequence[NumericColumn]) -> Iterator[Dependency]:
    """Find columns that are others added and subtracted, plus a residual of few values.

    Parameters
    ----------
    measures : sequence of NumericColumn
        Numbers that are not derived.

    Yields
    ------
    Dependency
        Of form ``"offset"`` on two columns or more, none of them missing where the column is not.
        Where columns nearly add up to another, the total depends on them.
    """
    for same, wider in by_mask([m for m in measures if m.unit == "number"]):
        group = [*same, *wider]
        rows = sample_rows(np.flatnonzero(~same[0].missing), _ROWS)
        if len(group) < 3 or len(rows) < 10 * len(group) + _SPARE_ROWS:
            continue
        values = np.stack([m.floats[rows] for m in group], axis=1)
        varied = np.flatnonzero(values.std(axis=0) > _LEAST_SPREAD * np.abs(values).max(axis=0))
        if len(varied) < 3:
            continue
        explained = _explained(values[:, varied])
        for k in np.argsort(-explained, kind="stable"):
            i = int(varied[k])
            if explained[k] < _EXPLAINED:
                break
            if group[i].distinct >= _FEWEST_VALUES and i < len(same):
                yield from _sum_of(group, values, i, varied)


def _explained(values: np.ndarray) -> np.ndarray:
    """Return the share of each column's variance that a linear function of the others explains."""
    table = np.atleast_2d(np.corrcoef(values, rowvar=False))
    # R² = 1 - 1 / (C⁻¹)ᵢᵢ, with a small ridge so that copies of columns do no harm.
    inverse = np.linalg.inv(table + 1e-9 * np.eye(len(table)))
    return np.nan_to_num(1 - 1 / np.diag(inverse))


def _sum_of(
    group: list[NumericColumn], values: np.ndarray, i: int, varied: np.ndarray
) -> Iterator[Dependency]:
    others = [int(j) for j in varied if j != i]
    # Keep the parts whose factors are 1 or -1, within tolerance.
    factors = _least_absolute(values[:, others], values[:, i])
    ones = np.rint(factors)
    used = np.abs(factors) > _NEAR_ONE
    if not 1 < used.sum() <= _MOST_PARTS or (np.abs(ones[used]) != 1).any():
        return
    if (np.abs(factors - ones)[used] > _NEAR_ONE).any():
        return
    parts = {others[j]: float(ones[j]) for j in np.flatnonzero(used)}
    total = i
    if list(parts.values()).count(-1.0) == len(parts) - 1:
        # b = a - c - d + residual is a = b + c + d - residual.
        total = next(j for j, one in parts.items() if one == 1)
        parts = {j: 1.0 for j in (*parts, i) if j != total}
    residual = values[:, total] - sum(one * values[:, j] for j, one in parts.items())
    columns = [group[total], *(group[j] for j in parts)]
    if _is_small(residual, values[:, total], columns):
        count = len(np.unique(np.round(residual, 9)))
        yield Dependency(
            group[total].name,
            tuple(group[j].name for j in parts),
            "offset",
            tuple(parts.values()),
            why=f"the residual has {count} distinct values in {len(residual):,} rows",
        )


def _least_absolute(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return the factors of least absolute residuals, by reweighting (Schlossmacher 1973)."""
    middle = x.mean(axis=0)
    scale = x.std(axis=0)
    design = np.column_stack([(x - middle) / scale, np.ones(len(x))])
    weights = np.ones(len(x))
    for _ in range(_ROUNDS):
        factors = np.linalg.lstsq(design * weights[:, None], y * weights, rcond=None)[0]
        residual = np.abs(y - design @ factors)
        least = _LEAST_RESIDUAL * max(float(residual.max()), 1e-300)
        weights = 1 / np.sqrt(np.maximum(residual, least))
    return np.asarray(factors[:-1] / scale)


def _is_small(residual: np.ndarray, total: np.ndarray, columns: list[NumericColumn]) -> bool:
    """Return whether a residual takes few values and is small, and no part is missing alone."""
    missing = columns[0].missing
    if any((part.missing & ~missing).any() for part in columns[1:]):
        return False
    step = max(column.step for column in columns)
    repeats = concentration(np.rint(residual / step) if step else residual)
    deviation = [np.abs(v - np.median(v)).mean() for v in (residual, total)]
    return bool(
        repeats >= max(_REPEATS, _MORE_REPEATS * concentration(total))
        and deviation[0] <= _SMALLER * deviation[1]
    )
