"""Discovery of numbers, dates and times that differ little from another column."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata

from lookalike.relations._numeric_column import NumericColumn, sample_rows
from lookalike.tables import Dependency

__all__ = ["by_mask", "concentration", "nearly_equal"]

#: The number of rows on which columns are compared; the cells above which they are fewer; and the
#: least number of rows for evidence.
ROWS, _CELLS = 5000, 4_000_000
_FEWEST_ROWS = 50
#: Columns are nearly equal if their rank correlation is at least this.
_CORRELATION = 0.99
#: The number of nearest columns that are considered for each column.
_MOST_EDGES = 8
#: The least number of distinct values; columns of fewer are learned value by value.
_FEWEST_VALUES = 20
#: The greatest ratio of the residual's 90 % range to the column's: a network's noise on the
#: residual is then less than it would be on the column.
_NARROWER = 0.25
#: The ratio up to which a residual counts as no wider than another; for one without a factor, …
_NO_WIDER, _PLAINER = 1.02, 1.1
#: … or as long as it is narrow, where this share of rows is equal.
_EQUAL = 0.05
#: The greatest number of significant digits of a factor; fewer are tried first.
_DIGITS = 8
#: The residual repeats its values nearly as often as the column, so that none of its own is lost
_REPEATS = 0.9
#: The least margin by which a ratio's size correlates less with the column's than a difference's.
_STEADIER = 0.1
#: The number of patterns of missing cells that are searched.
_MASKS = 20
#: A float64 holds every whole number up to here.
_EXACT = 2.0**53


@dataclass(frozen=True)
class _Edge:
    """Two columns that are nearly equal, numbered within their list."""

    left: int
    right: int
    correlation: float


def nearly_equal(measures: Sequence[NumericColumn]) -> Iterator[Dependency]:
    """Find columns that nearly equal others times a factor, as a tree of dependencies.

    The tree connects the most correlated columns first (Kruskal 1956) and grows from the one with
    fewest missing cells, among these the one nearest to all others. The residual is the difference
    from the other column, times a factor where their scales differ; or the quotient, where its size
    is steadier. The residual must be much narrower than the column, and repeat its values as often
    (prices that end in 99 would otherwise end in any digits).

    Parameters
    ----------
    measures : sequence of NumericColumn
        Columns that are not derived.

    Yields
    ------
    Dependency
        Of form ``"offset"`` or ``"ratio"`` on one column that is never missing where the column is
        not; each after those it builds on.
    """
    able = [m for m in measures if m.distinct >= _FEWEST_VALUES]
    for unit in sorted({m.unit for m in able}):
        group = [m for m in able if m.unit == unit]
        edges = _edges(group)
        neighbours = _tree(edges)
        total = np.zeros(len(group))
        for edge in edges:
            total[[edge.left, edge.right]] += edge.correlation
        order = sorted(range(len(group)), key=lambda i: (int(group[i].missing.sum()), -total[i], i))
        seen: set[int] = set()
        for root in order:
            yield from _from_root(group, neighbours, root, seen)


def by_mask(
    measures: Sequence[NumericColumn],
) -> Iterator[tuple[list[NumericColumn], list[NumericColumn]]]:
    """Group columns by their pattern of missing cells.

    Yields
    ------
    group : list of NumericColumn
        Columns that are missing in exactly the same rows.
    wider : list of NumericColumn
        Other columns, never missing where the group is present.
    """
    groups: dict[bytes, list[NumericColumn]] = {}
    for measure in measures:
        groups.setdefault(measure.mask, []).append(measure)
    masks = sorted(groups, key=lambda mask: (mask != b"", -len(groups[mask])))
    for mask in masks[:_MASKS]:
        missing = groups[mask][0].missing
        wider = [
            m
            for other in masks[:_MASKS]
            if other != mask and not (groups[other][0].missing & ~missing).any()
            for m in groups[other]
        ]
        yield groups[mask], wider


def concentration(values: np.ndarray) -> float:
    """Estimate the probability that two rows have the same value.

    Examples
    --------
    >>> concentration(np.array([1, 1, 2, 3]))
    0.16666666666666666
    """
    counts = np.unique(values, return_counts=True)[1].astype(float)
    return float((counts * (counts - 1)).sum() / max(len(values) * (len(values) - 1), 1))


def _edges(group: list[NumericColumn]) -> list[_Edge]:
    """Return the pairs that are nearly equal, most correlated first."""
    number = {m.name: i for i, m in enumerate(group)}
    edges = []
    for same, wider in by_mask(group):
        both = same + wider
        most = min(ROWS, max(_CELLS // len(both), _FEWEST_ROWS))
        rows = sample_rows(np.flatnonzero(~same[0].missing), most)
        if len(rows) < _FEWEST_ROWS or len(both) < 2:
            continue
        ranks = _ranks(both, rows)
        for i in range(len(same)):
            near = ranks[i] @ ranks[i + 1 :].T
            # A date cannot have a negative factor.
            size = np.abs(near) if same[i].unit == "number" else near
            close = np.flatnonzero(size >= _CORRELATION)
            for j in close[np.argsort(-size[close], kind="stable")][:_MOST_EDGES]:
                pair = number[both[i].name], number[both[i + 1 + j].name]
                edges.append(_Edge(*pair, float(size[j])))
    return sorted(edges, key=lambda e: (-e.correlation, e.left, e.right))


def _ranks(measures: list[NumericColumn], rows: np.ndarray) -> np.ndarray:
    """Return centred unit ranks, whose products are correlations, shape (columns, rows)."""
    ranks = np.stack([m.floats[rows] for m in measures])
    ranks = rankdata(ranks, axis=1)
    ranks -= ranks.mean(axis=1, keepdims=True)
    size = np.linalg.norm(ranks, axis=1, keepdims=True)
    return np.asarray(ranks / np.where(size > 0, size, np.inf))


def _tree(edges: list[_Edge]) -> dict[int, list[int]]:
    """Return each column's neighbours in the spanning forest of greatest correlation."""
    part: dict[int, int] = {}
    neighbours: dict[int, list[int]] = {}

    def root(i: int) -> int:
        while part.setdefault(i, i) != i:
            part[i] = part[part[i]]
            i = part[i]
        return i

    for edge in edges:
        left, right = root(edge.left), root(edge.right)
        if left != right:
            part[left] = right
            neighbours.setdefault(edge.left, []).append(edge.right)
            neighbours.setdefault(edge.right, []).append(edge.left)
    return neighbours


def _from_root(
    group: list[NumericColumn], neighbours: dict[int, list[int]], root: int, seen: set[int]
) -> Iterator[Dependency]:
    """Yield the relations of one tree, each after that of its parent."""
    if root in seen:
        return
    seen.add(root)
    waiting = [root]
    while waiting:
        parent = waiting.pop(0)
        for child in neighbours.get(parent, []):
            if child not in seen and not (group[parent].missing & ~group[child].missing).any():
                seen.add(child)
                waiting.append(child)
                dependency = _related(group[parent], group[child])
                if dependency is not None:
                    yield dependency


def _related(parent: NumericColumn, child: NumericColumn) -> Dependency | None:
    """Return the dependency on another column; None if the residual would be harder to learn."""
    rows = sample_rows(np.flatnonzero(~child.missing), ROWS)
    x, y = parent.floats[rows], child.floats[rows]
    correlation = float(np.corrcoef(rankdata(x), rankdata(y))[0, 1])
    why = f"rank correlation {correlation:.4f}, equal in {np.mean(x == y):.1%} of rows"
    least = _REPEATS * concentration(y)
    factor = _factor(x, y, child.step) if parent.unit == "number" else 1.0
    if _is_steadier(x, y, factor, parent, child) and concentration(y / x) >= least:
        return Dependency(child.name, (parent.name,), "ratio", why=why)
    residual = y - factor * x
    step = _step(y, child)  # the decoded column is rounded to its own steps
    if concentration(np.rint(residual / step) if step else residual) < least:
        return None
    if not _spread(residual) <= _NARROWER * _spread(y):
        return None
    return Dependency(child.name, (parent.name,), "offset", (factor,), why=why)


def _factor(x: np.ndarray, y: np.ndarray, step: float) -> float:
    """Return the factor with the least residual: 1 where that is good enough.

    It is the median slope between rows that are half of all ranks apart (Theil 1950, with few
    pairs), which is robust to outliers, in the fewest digits that do not widen the residual.
    """
    order = np.argsort(x, kind="stable")
    half = len(order) // 2
    low, high = order[:half], order[-half:]
    apart = x[high] - x[low]
    slopes = (y[high] - y[low])[apart > 0] / apart[apart > 0]
    slope = float(np.median(slopes)) if len(slopes) else 1.0
    least = _spread(y - slope * x) + step / 10
    plain = _spread(y - x)
    equal = np.mean(x == y) >= _EQUAL and plain <= _NARROWER * _spread(y)
    if not np.isfinite(slope) or plain <= _PLAINER * least or equal:
        return 1.0
    tried = [float(f"{slope:.{digits}e}") for digits in range(_DIGITS + 1)]
    return next((f for f in tried if _spread(y - f * x) <= _NO_WIDER * least), tried[-1])


def _spread(values: np.ndarray) -> float:
    """Return the range of the central 90 % of the values."""
    low, high = np.quantile(values, [0.05, 0.95])
    return float(high - low)


def _step(values: np.ndarray, measure: NumericColumn) -> float:
    """Return the greatest step of which all values are multiples, up to a constant."""
    if not measure.step:
        return 0.0
    steps = np.rint((values - values[0]) / measure.step)
    if np.abs(steps).max() > _EXACT:
        return measure.step
    return measure.step * (int(np.gcd.reduce(steps.astype(np.int64))) or 1)


def _is_steadier(
    x: np.ndarray, y: np.ndarray, factor: float, parent: NumericColumn, child: NumericColumn
) -> bool:
    """Return whether the quotient is narrow, and its size less correlated with the column's."""
    if parent.unit != "number":
        return False
    present = ~child.missing
    if (parent.floats[present] <= 0).any() or (child.floats[present] <= 0).any():
        return False
    residuals = y - factor * x, np.log(y / x)
    if not _spread(residuals[1]) <= _NARROWER * _spread(np.log(y)):
        return False
    sizes = [np.abs(residual - np.median(residual)) for residual in residuals]
    if any(np.ptp(size) == 0 for size in sizes):
        return False
    by_size = rankdata(x)
    difference, quotient = (abs(np.corrcoef(rankdata(s), by_size)[0, 1]) for s in sizes)
    return bool(quotient + _STEADIER < difference)
