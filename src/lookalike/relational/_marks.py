"""Marks: facts about the keys of a row that are learned and drawn with the row."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np

from lookalike.databases import ForeignKey
from lookalike.relational._families import Siblings
from lookalike.relational._plan import TablePlan
from lookalike.relational._table import KeyMark, Kin

__all__ = ["ancestors", "kin_of", "marks_of", "same_as_before"]

#: The share by which a fact must be more frequent than by chance.
_MORE = 0.05
#: The share of what chance leaves over by which a level must be that of the sibling before.
_OFTEN = 0.3
#: The greatest depth of a tree of rows.
_DEEPEST = 64


def marks_of(
    count: int,
    plan: TablePlan,
    rows: Mapping[ForeignKey, np.ndarray],
    siblings: Siblings | None,
    kin: Mapping[int, np.ndarray],
    distinct: Collection[ForeignKey],
) -> tuple[tuple[KeyMark, ...], np.ndarray]:
    """Return the marks of a table, and their states in each row, shape (n, marks).

    Parameters
    ----------
    count : int
        The number of rows.
    plan : TablePlan
    rows : mapping of ForeignKey to ndarray
        The parent rows.
    siblings : Siblings or None
    kin : mapping of int to ndarray of bool
        For matched keys, the rows whose parents share an ancestor.
    distinct : collection of ForeignKey
        Keys whose parents are never repeated within a family.
    """
    marks, states = [], []

    def add(sort: str, key: int, values: np.ndarray, levels: int = 2) -> None:
        marks.append(KeyMark(sort, key, levels))
        states.append(values.astype(np.int32))

    for k, key in enumerate((*plan.matched, *plan.later)):
        to = rows[key]
        depth = depths(to) if key.is_own else None
        if depth is not None and depth.max(initial=0) > 0:
            add("depth", k, depth, int(depth.max()) + 1)
            continue
        if (to < 0).any():
            add("present", k, to >= 0)
        if key in plan.matched and siblings is not None and key not in distinct:
            repeated = (siblings.before >= 0) & (to >= 0) & (to == to[siblings.before])
            followers = (siblings.before >= 0) & (to >= 0)
            if followers.any():
                shares = np.bincount(to[to >= 0]) / max((to >= 0).sum(), 1)
                if repeated[followers].mean() > (shares**2).sum() + _MORE:
                    add("repeated", k, repeated)
        if k in kin:
            add("kin", k, kin[k])
    table = np.stack(states, axis=1) if states else np.zeros((count, 0), np.int32)
    return tuple(marks), table


def same_as_before(
    states: np.ndarray, levels: Sequence[int], siblings: Siblings
) -> tuple[tuple[KeyMark, ...], np.ndarray]:
    """Return marks of levels that are often those of the sibling before, shape (n, marks).

    Parameters
    ----------
    states : ndarray of int, shape (n, v)
    levels : sequence of int
        The variables of levels.
    siblings : Siblings
    """
    marks, found = [], []
    follows = siblings.before >= 0
    for v in levels if follows.any() else ():
        own = states[:, v]
        same = follows & (own == own[siblings.before])
        chance = float(((np.bincount(own) / len(own)) ** 2).sum())
        if same[follows].mean() > chance + _OFTEN * (1 - chance):
            marks.append(KeyMark("same", int(v)))
            found.append(same.astype(np.int32))
    return tuple(marks), np.stack(found, axis=1) if found else np.zeros((len(states), 0), np.int32)


def depths(parents: np.ndarray) -> np.ndarray | None:
    """Return the depth of each row below those without a parent; None if rows form a circle."""
    depth = np.where(parents < 0, 0, -1)
    for level in range(1, _DEEPEST):
        new = (depth < 0) & (depth[parents] == level - 1)
        if not new.any():
            break
        depth[new] = level
    return None if (depth < 0).any() else depth


def ancestors(
    kin: Kin, above: np.ndarray, beside: np.ndarray, rows: Mapping[ForeignKey, np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """Return the ancestor of each row by the family's parent, and that of each matched parent.

    Parameters
    ----------
    kin : Kin
    above : ndarray of int, shape (n,)
        The family's parent of each row.
    beside : ndarray of int, shape (m,)
        Rows of the matched parent table.
    rows : mapping of ForeignKey to ndarray
    """
    first = above if kin.above is None else np.where(above >= 0, rows[kin.above][above], -1)
    second = beside if kin.beside is None else rows[kin.beside][beside]
    return first, second


def kin_of(
    plan: TablePlan,
    plans: Mapping[str, TablePlan],
    rows: Mapping[ForeignKey, np.ndarray],
) -> tuple[dict[int, Kin], dict[int, np.ndarray]]:
    """Return the ancestors that parents share more often than by chance, for each matched key."""
    found: dict[int, Kin] = {}
    shared: dict[int, np.ndarray] = {}
    if plan.family is None:
        return found, shared
    up: list[ForeignKey | None] = [None, *plans[plan.family.parent].parents]
    for k, key in enumerate(plan.matched):
        best = _MORE
        for above in up:
            for beside in (None, *plans[key.parent].parents):
                ends = [
                    plan.family.parent if above is None else above.parent,
                    key.parent if beside is None else beside.parent,
                ]
                if ends[0] != ends[1] or (above is None and beside is None):
                    continue
                kin = Kin(above, beside)
                to = rows[key]
                first, second = ancestors(
                    kin, rows[plan.family], np.arange(_count(key, plans, rows)), rows
                )
                of_child = np.where(to >= 0, second[to], -2)
                both = (first >= 0) & (of_child >= 0)
                if not both.any():
                    continue
                same = both & (first == of_child)
                shares = [
                    np.bincount(part[both], minlength=1) / both.sum() for part in (first, of_child)
                ]
                width = min(map(len, shares))
                chance = float((shares[0][:width] * shares[1][:width]).sum())
                gain = float(same[both].mean()) - chance
                if gain > best:
                    best, found[k], shared[k] = gain, kin, same
    return found, shared


def _count(
    key: ForeignKey, plans: Mapping[str, TablePlan], rows: Mapping[ForeignKey, np.ndarray]
) -> int:
    """Return the number of rows of a key's parent table, as far as keys lead to or from them."""
    own = [len(rows[k]) for k in plans[key.parent].parents]
    return own[0] if own else int(rows[key].max(initial=-1)) + 1
