"""Numbers, dates and times that differ little from another column: told by the difference."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata

from lookalike.tables._measures import Measure, sample_rows
from lookalike.tables._schema import Dependency

__all__ = ["by_mask", "concentration", "nearly_equal"]

#: Rows on which columns are compared; the fewest that say anything.
ROWS = 5000
_FEWEST_ROWS = 50
#: Columns are nearly equal if their rank correlation is at least this: what is left of one, given
#: the other, is a seventh of its spread or less, and no wider than what a network blurs.
_CORRELATION = 0.99
#: Columns of fewer values are learned value by value.
_FEWEST_VALUES = 20
#: The rest repeats its values at least so often as the column does, so that none of its own is lost
_REPEATS = 0.9
#: The size of a ratio is so much less related to the size of the column than that of a difference.
_STEADIER = 0.1
#: Patterns of missing cells that are looked into.
_MASKS = 20


@dataclass(frozen=True)
class _Edge:
    """Two columns that are nearly equal, numbered within their list."""

    left: int
    right: int
    correlation: float


def nearly_equal(measures: Sequence[Measure]) -> Iterator[Dependency]:
    """Find columns that are nearly equal, and a tree that tells each by the difference to one.

    The tree connects the most correlated columns first (Kruskal 1956) and grows from the one with
    fewest missing cells, of these the one that is nearest to all others. A difference is used only
    if it repeats its values as often as the column does (prices that end in 99 would else end in
    anything), and the quotient instead where its size is steadier than that of the difference.

    Parameters
    ----------
    measures : sequence of Measure
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
        neighbours = _tree(edges, len(group))
        total = [
            sum(e.correlation for e in edges if i in (e.left, e.right)) for i in range(len(group))
        ]
        order = sorted(range(len(group)), key=lambda i: (int(group[i].missing.sum()), -total[i], i))
        seen: set[int] = set()
        for root in order:
            yield from _from_root(group, neighbours, root, seen)


def by_mask(measures: Sequence[Measure]) -> Iterator[tuple[list[Measure], list[Measure]]]:
    """Group columns by where they are missing.

    Yields
    ------
    group : list of Measure
        Missing in exactly the same rows.
    wider : list of Measure
        Others, never missing where the group is not.
    """
    groups: dict[bytes, list[Measure]] = {}
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


def _edges(group: list[Measure]) -> list[_Edge]:
    """Return the pairs that are nearly equal, most correlated first."""
    number = {m.name: i for i, m in enumerate(group)}
    edges = []
    for same, wider in by_mask(group):
        rows = sample_rows(np.flatnonzero(~same[0].missing), ROWS)
        both = same + wider
        if len(rows) < _FEWEST_ROWS or len(both) < 2:
            continue
        with np.errstate(all="ignore"):
            ranks = np.stack([rankdata(m.floats[rows]) for m in both])
            table = np.corrcoef(ranks)
        for i in range(len(same)):
            for j in np.flatnonzero(table[i, i + 1 :] >= _CORRELATION) + i + 1:
                pair = number[both[i].name], number[both[j].name]
                edges.append(_Edge(*pair, float(table[i, j])))
    return sorted(edges, key=lambda e: (-e.correlation, e.left, e.right))


def _tree(edges: list[_Edge], count: int) -> dict[int, list[int]]:
    """Return the neighbours of each column in the spanning forest of the greatest correlations."""
    part = list(range(count))
    neighbours: dict[int, list[int]] = {i: [] for i in range(count)}
    for edge in edges:
        left, right = part[edge.left], part[edge.right]
        if left != right:
            part = [left if p == right else p for p in part]
            neighbours[edge.left].append(edge.right)
            neighbours[edge.right].append(edge.left)
    return neighbours


def _from_root(
    group: list[Measure], neighbours: dict[int, list[int]], root: int, seen: set[int]
) -> Iterator[Dependency]:
    """Yield the relations of one tree, each after that of its parent."""
    if root in seen:
        return
    seen.add(root)
    waiting = [root]
    while waiting:
        parent = waiting.pop(0)
        for child in neighbours[parent]:
            if child not in seen and not (group[parent].missing & ~group[child].missing).any():
                seen.add(child)
                waiting.append(child)
                dependency = _related(group[parent], group[child])
                if dependency is not None:
                    yield dependency


def _related(parent: Measure, child: Measure) -> Dependency | None:
    """Return how one column is told by another; None where the rest would be harder to learn."""
    rows = sample_rows(np.flatnonzero(~child.missing), ROWS)
    x, y = parent.floats[rows], child.floats[rows]
    step = _step(y, child)  # the column comes back rounded to its own steps
    rest = np.rint((y - x) / step) if step else y - x
    least = _REPEATS * concentration(y)
    correlation = float(np.corrcoef(rankdata(x), rankdata(y))[0, 1])
    why = f"rank correlation {correlation:.4f}, equal in {np.mean(x == y):.1%} of rows"
    if _is_steadier(x, y, parent, child) and concentration(y / x) >= least:
        return Dependency(child.name, (parent.name,), "ratio", why=why)
    if concentration(rest) < least:
        return None
    return Dependency(child.name, (parent.name,), "offset", (1.0,), why=why)


def _step(values: np.ndarray, measure: Measure) -> float:
    """Return the greatest step of which all values are multiples, but for a constant."""
    if not measure.step:
        return 0.0
    steps = np.rint((values - values[0]) / measure.step).astype(np.int64)
    return measure.step * (int(np.gcd.reduce(steps)) or 1)


def _is_steadier(x: np.ndarray, y: np.ndarray, parent: Measure, child: Measure) -> bool:
    """Whether the quotient's deviations grow less with the column than the difference's do."""
    if parent.unit != "number":
        return False
    present = ~child.missing
    if (parent.floats[present] <= 0).any() or (child.floats[present] <= 0).any():
        return False
    sizes = [np.abs(r - np.median(r)) for r in (y - x, np.log(y / x))]
    if any(np.ptp(size) == 0 for size in sizes):
        return False
    by_size = rankdata(x)
    difference, quotient = (abs(np.corrcoef(rankdata(s), by_size)[0, 1]) for s in sizes)
    return bool(quotient + _STEADIER < difference)
