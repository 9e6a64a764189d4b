"""Numbers that are sums or differences of other columns, exact in every row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from scipy.linalg import solve_triangular

from lookalike.relations._measure import Measure, sample_rows
from lookalike.tables._schema import Dependency

__all__ = ["sums"]

#: Rows that relations are looked for in; the fewest that say anything, beyond one for each column.
_ROWS = 1000
_SPARE_ROWS = 20
#: A column is a sum of others if no more than this share of it is left over.
_LEFT_OVER = 1e-8
_NEAR_ONE = 1e-6
_MOST_PARTS = 8
#: Patterns of missing cells that are looked into.
_MASKS = 20
_FEWEST_VALUES = 3


def sums(measures: Sequence[Measure]) -> Iterator[Dependency]:
    """Find columns that are a constant plus and minus others, in every row.

    Parameters
    ----------
    measures : sequence of Measure
        Numbers, none of which is a copy of another.

    Yields
    ------
    Dependency
        Of form ``"linear"`` on two columns or more. Of columns that add up to another, the total is
        derived.
    """
    able = [m for m in measures if m.distinct >= _FEWEST_VALUES]
    complete = [m for m in able if m.mask == b""]
    by_mask: dict[bytes, list[Measure]] = {}
    for measure in able:
        by_mask.setdefault(measure.mask, []).append(measure)
    for mask in sorted(by_mask, key=lambda mask: (mask != b"", -len(by_mask[mask])))[:_MASKS]:
        group = by_mask[mask] + (complete if mask else [])
        if len(group) > 2:
            yield from _sums_among(group, np.flatnonzero(~by_mask[mask][0].missing), mask)


def _sums_among(group: list[Measure], present: np.ndarray, mask: bytes) -> Iterator[Dependency]:
    rows = sample_rows(present, _ROWS)
    if len(rows) < len(group) + _SPARE_ROWS:
        return
    # small columns first, so that totals are found to depend on their parts
    order = sorted(group, key=lambda m: float(np.square(m.floats[rows]).sum()))
    values = np.stack([m.floats[rows] for m in order], axis=1)
    centred = values - values.mean(axis=0)
    size = np.linalg.norm(centred, axis=0)
    scaled = centred / np.where(size > 0, size, 1.0)
    # what is left of each column, given those before it
    left = np.abs(np.diag(np.linalg.qr(scaled, mode="r")))
    free = np.flatnonzero(left > _LEFT_OVER)
    bound = np.flatnonzero(left <= _LEFT_OVER)
    if not len(free) or not len(bound):
        return
    q, r = np.linalg.qr(scaled[:, free])
    factors = solve_triangular(r, q.T @ scaled[:, bound]) * size[bound] / size[free][:, None]
    for column, i in zip(factors.T, bound, strict=True):
        terms = {free[k]: float(f) for k, f in enumerate(column) if abs(f) > _NEAR_ONE}
        dependency = _sum([order[k] for k in terms], list(terms.values()), order[i], present)
        if dependency is not None and (not mask or _is_masked(dependency, group, mask)):
            yield dependency


def _sum(
    parts: list[Measure], factors: list[float], total: Measure, present: np.ndarray
) -> Dependency | None:
    """Return the dependency, turned so that parts are added where that can be, if it holds."""
    ones = [float(round(f)) for f in factors]
    if not 1 < len(parts) <= _MOST_PARTS or any(abs(one) != 1 for one in ones):
        return None
    if any(abs(f - one) > _NEAR_ONE for f, one in zip(factors, ones, strict=True)):
        return None
    if ones.count(-1.0) == len(ones) - 1:
        # total = a - b - c, which is a = total + b + c
        a = ones.index(1.0)
        parts, total = [*parts[:a], *parts[a + 1 :], total], parts[a]
        ones = [1.0] * len(parts)
    made = [one * m.floats[present] for one, m in zip(ones, parts, strict=True)]
    constant = float(np.median(total.floats[present] - sum(made)))
    if total.step:
        constant = float(f"{np.rint(constant / total.step) * total.step:.15g}")
    if not total.is_made_by((*made, np.array(constant)), present):
        return None
    return Dependency(total.name, tuple(m.name for m in parts), "linear", tuple(ones), constant)


def _is_masked(dependency: Dependency, group: list[Measure], mask: bytes) -> bool:
    """Whether the derived column is missing exactly where one of its parts is."""
    masks = {m.name: m.mask for m in group}
    return masks[dependency.column] == mask in [masks[name] for name in dependency.on]
