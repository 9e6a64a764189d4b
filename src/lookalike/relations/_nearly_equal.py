"""Numbers, dates and times that differ little from another column: the difference is learned."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata

from lookalike.relations._numeric_column import NumericColumn, sample_rows
from lookalike.tables import Dependency

__all__ = ["by_mask", "concentration", "nearly_equal"]

#: Rows on which columns are compared, fewer where there are more cells than this; the fewest that
#: say anything.
ROWS, _CELLS = 5000, 4_000_000
_FEWEST_ROWS = 50
#: Columns are nearly equal if their rank correlation is at least this.
_CORRELATION = 0.99
#: Of many columns that each is nearly equal to, the nearest are looked at.
_MOST_EDGES = 8
#: Columns of fewer values are learned value by value.
_FEWEST_VALUES = 20
#: The residual is narrower than the column by this factor, in the range of nine tenths of the
#: rows: what a network blurs of it is then less than what it would blur of the column.
_NARROWER = 0.25
#: A residual is no wider than another if it is not by more than this; one without a factor, …
_NO_WIDER, _PLAINER = 1.02, 1.1
#: … or as long as it is narrow, where this share of rows is equal.
_EQUAL = 0.05
#: The most significant digits of a factor; fewer are tried first.
_DIGITS = 8
#: The residual repeats its values nearly as often as the column, so that none of its own is lost
_REPEATS = 0.9
#: The size of a ratio is so much less related to the size of the column than that of a difference.
_STEADIER = 0.1
#: Patterns of missing cells that are looked into.
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
    """Find columns that are nearly others times a factor, and a tree in which each depends on one.

    The tree connects the most correlated columns first (Kruskal 1956) and grows from the one with
    fewest missing cells, of these the one that is nearest to all others. What is learned is the
    difference to the other, times a factor where they are of different scales; by the quotient
    where its size is steadier than that of the difference. What is left must be much narrower than
    the column, and repeat its values as often (prices that end in 99 would else end in anything).

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
    """Group columns by where they are missing.

    Yields
    ------
    group : list of NumericColumn
        Missing in exactly the same rows.
    wider : list of NumericColumn
        Others, never missing where the group is not.
    """
    groups: dict[bytes, list[NumericColumn]] = {}
    for measure in measures:
        groups.setdefault(measure.mask, []).append(measure)
    masks = sorted(groups, key=lambda mask: (mask != b"", -len(groups[mask])))
    for mask in masks[:_MASKS]:
        gone = groups[mask][0].missing
        wider = [
            m
            for other in masks[:_MASKS]
            if other != mask and not (groups[other][0].missing & ~gone).any()
            for m in groups[other]
        ]
        yield groups[mask], wider


def concentration(values: np.ndarray) -> float:
    """Return the chance that two rows have the same value, as far as rows show it.

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
            # a moment cannot be multiplied by less than 0
            size = np.abs(near) if same[i].unit == "number" else near
            found = np.flatnonzero(size >= _CORRELATION)
            for j in found[np.argsort(-size[found], kind="stable")][:_MOST_EDGES]:
                pair = number[both[i].name], number[both[i + 1 + j].name]
                edges.append(_Edge(*pair, float(size[j])))
    return sorted(edges, key=lambda e: (-e.correlation, e.left, e.right))


def _ranks(measures: list[NumericColumn], rows: np.ndarray) -> np.ndarray:
    """Return the ranks of cells so that products are correlations, shape (columns, rows)."""
    ranks = np.stack([m.floats[rows] for m in measures])
    ranks = rankdata(ranks, axis=1)
    ranks -= ranks.mean(axis=1, keepdims=True)
    size = np.linalg.norm(ranks, axis=1, keepdims=True)
    return np.asarray(ranks / np.where(size > 0, size, np.inf))


def _tree(edges: list[_Edge]) -> dict[int, list[int]]:
    """Return the neighbours of each column in the spanning forest of the greatest correlations."""
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
    """Return how a column depends on another; None if the residual would be harder to learn."""
    rows = sample_rows(np.flatnonzero(~child.missing), ROWS)
    x, y = parent.floats[rows], child.floats[rows]
    correlation = float(np.corrcoef(rankdata(x), rankdata(y))[0, 1])
    why = f"rank correlation {correlation:.4f}, equal in {np.mean(x == y):.1%} of rows"
    least = _REPEATS * concentration(y)
    factor = _factor(x, y, child.step) if parent.unit == "number" else 1.0
    if _is_steadier(x, y, factor, parent, child) and concentration(y / x) >= least:
        return Dependency(child.name, (parent.name,), "ratio", why=why)
    residual = y - factor * x
    step = _step(y, child)  # the column comes back rounded to its own steps
    if concentration(np.rint(residual / step) if step else residual) < least:
        return None
    if not _spread(residual) <= _NARROWER * _spread(y):
        return None
    return Dependency(child.name, (parent.name,), "offset", (factor,), why=why)


def _factor(x: np.ndarray, y: np.ndarray, step: float) -> float:
    """Return what to multiply a column by so that least is left of another: 1 where that will do.

    It is the median slope between rows that lie half of all rows apart (Theil 1950, with few
    pairs), so that no outliers count, in the fewest digits that leave no more.
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
    """Return the range of nine tenths of the values: the greatest few do not count."""
    low, high = np.quantile(values, [0.05, 0.95])
    return float(high - low)


def _step(values: np.ndarray, measure: NumericColumn) -> float:
    """Return the greatest step of which all values are multiples, but for a constant."""
    if not measure.step:
        return 0.0
    steps = np.rint((values - values[0]) / measure.step)
    if np.abs(steps).max() > _EXACT:
        return measure.step
    return measure.step * (int(np.gcd.reduce(steps.astype(np.int64))) or 1)


def _is_steadier(
    x: np.ndarray, y: np.ndarray, factor: float, parent: NumericColumn, child: NumericColumn
) -> bool:
    """Return whether the quotient is narrow, and grows less with the column than the difference."""
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
