"""Similarity of pairs of columns and of numbers of children, as SDMetrics defines it."""

from __future__ import annotations

import numpy as np

from lookalike.metrics.relational._arrays import TableCells

__all__ = ["degree_similarity", "pair_similarities"]

#: The most rows by which two columns are compared.
_MOST_ROWS = 200_000


def degree_similarity(real: np.ndarray, synthetic: np.ndarray) -> float:
    """Return 1 less the greatest distance of two distribution functions of numbers of children.

    It is SDMetrics' ``CardinalityShapeSimilarity`` (``KSComplement``).
    """
    values = np.unique(np.concatenate([real, synthetic]))
    shares = [np.searchsorted(np.sort(d), values, side="right") / len(d) for d in (real, synthetic)]
    return 1 - float(np.abs(shares[0] - shares[1]).max())


def pair_similarities(
    real: tuple[TableCells, TableCells], synthetic: tuple[TableCells, TableCells], *, within: bool
) -> list[float]:
    """Return the similarity of each pair of a column of the first and one of the second table.

    Two numbers: 1 − abs(Pearson real − Pearson synthetic) / 2 (``CorrelationSimilarity``).
    Otherwise 1 − the total variation of the joint table, a number cut into ten equal widths of the
    real range (``ContingencySimilarity``). A correlation that is defined in the real table alone
    counts as lost.

    Parameters
    ----------
    real, synthetic : tuple of TableCells
        Both tables, row by row.
    within : bool
        Whether both are the same table, so that each pair counts once.
    """
    first, second = real
    if not len(first) or not len(synthetic[0]):
        return []
    real, synthetic = _thinned(real), _thinned(synthetic)
    correlations = [_correlations(*both) for both in (real, synthetic)]
    found = []
    for a in range(len(first.names)):
        for b in range(a + 1 if within else 0, len(second.names)):
            if first.numeric[a] and second.numeric[b]:
                ours, theirs = (float(c[a, b]) for c in correlations)
                if not np.isnan(ours):
                    found.append(1 - abs(ours - (0.0 if np.isnan(theirs) else theirs)) / 2)
                continue
            size = second.sizes[b]
            joint = [
                np.bincount(
                    x.levels[:, a].astype(np.int64) * size + y.levels[:, b],
                    minlength=first.sizes[a] * size,
                )
                / len(x)
                for x, y in (real, synthetic)
            ]
            found.append(1 - float(np.abs(joint[0] - joint[1]).sum()) / 2)
    return found


def _thinned(both: tuple[TableCells, TableCells]) -> tuple[TableCells, TableCells]:
    step = -(-len(both[0]) // _MOST_ROWS)
    if step <= 1:
        return both
    rows = np.arange(0, len(both[0]), step)
    return both[0].at(rows), both[1].at(rows)


def _centred(numbers: np.ndarray) -> np.ndarray:
    """Return numbers less their mean, in units of the largest, whose squares are finite."""
    largest = np.abs(numbers).max()
    units = numbers / largest if 0 < largest < np.inf else numbers
    return np.asarray(units - units.mean())


def _correlations(first: TableCells, second: TableCells) -> np.ndarray:
    """Return Pearson's correlation of numeric columns over rows where both are present."""
    result = np.full((len(first.names), len(second.names)), np.nan)
    for a in np.flatnonzero(first.numeric):
        for b in np.flatnonzero(second.numeric):
            x, y = first.numbers[:, a], second.numbers[:, b]
            there = ~(np.isnan(x) | np.isnan(y))
            if there.sum() < 2:
                continue
            x, y = (_centred(part[there]) for part in (x, y))
            scale = np.sqrt((x @ x) * (y @ y))
            if scale > 0:
                result[a, b] = x @ y / scale
    return result
