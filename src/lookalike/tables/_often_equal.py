"""Numbers, dates and times that equal another column in many rows, and not in the rest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from lookalike.tables._measures import Measure, sample_rows
from lookalike.tables._schema import Dependency

__all__ = ["often_equal"]

#: Rows that are looked at first.
_FIRST_ROWS = 2000
#: Values that are this share of a column or more are learned as such.
_COMMON = 0.01
#: The share of rows, without those of common values, in which two columns are equal …
_SHARE = 0.05
#: … and not in all but a few of them, …
_MOST = 0.99
#: … how many such rows there are at least, …
_FEWEST = 50
#: … and how many times more than there would be if the columns were independent.
_LIFT = 5.0
#: Columns of fewer values are learned value by value.
_FEWEST_VALUES = 30


def often_equal(measures: Sequence[Measure], free: frozenset[str]) -> Iterator[Dependency]:
    """Find columns that are equal to another in more rows than chance and common values explain.

    Parameters
    ----------
    measures : sequence of Measure
        The columns.
    free : frozenset of str
        Those that are neither derived nor what others are told by.

    Yields
    ------
    Dependency
        Of form ``"equal"``; the column has no missing cells.
    """
    able = [m for m in measures if m.distinct >= _FEWEST_VALUES]
    if len(able) < 2:
        return
    rows = sample_rows(np.arange(len(able[0].floats)), _FIRST_ROWS)
    some = {m.name: np.where(m.missing[rows], np.nan, m.floats[rows]) for m in able}
    taken: set[str] = set()
    for child in sorted(able, key=lambda m: (m.distinct, m.name)):
        if child.mask != b"" or child.name not in free - taken:
            continue
        near = {
            m.name: float(np.mean(some[m.name] == some[child.name]))
            for m in able
            if m is not child and m.unit == child.unit
        }
        for name in sorted(near, key=lambda name: -near[name]):
            if near[name] < _SHARE:
                break
            dependency = _checked(next(m for m in able if m.name == name), child)
            if dependency is not None:
                taken |= {child.name, name}
                yield dependency
                break


def _checked(parent: Measure, child: Measure) -> Dependency | None:
    """Return the relation if it holds in all rows, apart from common values."""
    values, codes = np.unique(child.floats, return_inverse=True)
    counts = np.bincount(codes)
    common = counts >= _COMMON * len(codes)
    counted = ~common[codes]
    rows = int(counted.sum())
    equal = counted & ~parent.missing & (parent.floats == child.floats)
    share = equal.sum() / max(rows, 1)
    if equal.sum() < _FEWEST or not _SHARE <= share <= _MOST:
        return None
    at = np.minimum(np.searchsorted(values, parent.floats[~parent.missing]), len(values) - 1)
    same = values[at] == parent.floats[~parent.missing]
    of_parent = np.bincount(at[same], minlength=len(values)) / len(parent.floats)
    counts[common] = 0
    if share < _LIFT * float((of_parent * counts).sum()) / max(rows, 1):
        return None
    everywhere = float(np.mean(~parent.missing & (parent.floats == child.floats)))
    why = f"equal in {everywhere:.1%} of {len(codes):,} rows"
    return Dependency(child.name, (parent.name,), "equal", why=why)
