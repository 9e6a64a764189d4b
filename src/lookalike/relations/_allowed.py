"""The cells that clauses allow in one column, row by row, given the columns before it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from lookalike.relations._atoms import Among, BoundedSum, Presence, RowValues
from lookalike.relations._clauses import Clause
from lookalike.relations._ruled_column import RuledColumn

__all__ = ["Allowed", "allowed_cells"]


@dataclass
class Allowed:
    """The cells that each of n rows may have in a column.

    Parameters
    ----------
    low, high : ndarray, shape (n,)
        The least and the greatest number; infinite where there is no limit.
    wanted_low, wanted_high : ndarray, shape (n,)
        Those of the column's range, which give way to rules.
    holes : list of (ndarray, ndarray), each of shape (n,)
        Open intervals that contain no allowed number; empty where the first is not below the
        second.
    levels : ndarray of bool, shape (n, codes), or None
        The allowed levels.
    absent, present : ndarray of bool, shape (n,)
        The rows in which the cell must be missing, or must not.
    """

    low: np.ndarray
    high: np.ndarray
    wanted_low: np.ndarray
    wanted_high: np.ndarray
    holes: list[tuple[np.ndarray, np.ndarray]] = field(default_factory=list)
    levels: np.ndarray | None = None
    absent: np.ndarray = field(default_factory=lambda: np.zeros(0, bool))
    present: np.ndarray = field(default_factory=lambda: np.zeros(0, bool))


def allowed_cells(
    column: RuledColumn, clauses: Sequence[Clause], rows: RowValues, void: dict[str, np.ndarray]
) -> Allowed:
    """Return the cells of a column under which all clauses hold.

    Parameters
    ----------
    column : RuledColumn
    clauses : sequence of Clause
        All that are settled by this column.
    rows : RowValues
        The n rows; the columns that are settled before this one are final.
    void : dict of str to ndarray of bool, shape (n,)
        For guards of clauses, the rows in which these are void.
    """
    n, name = rows.rows, column.name
    low, high = np.full(n, -np.inf), np.full(n, np.inf)
    allowed = Allowed(low, high, low, high, absent=np.zeros(n, bool), present=np.zeros(n, bool))
    if column.levels is not None:
        allowed.levels = np.ones((n, column.width), bool)
    for clause in clauses:
        own = [a for a in clause.atoms if _is_on(a, name)]
        # The rows in which no other statement of the clause is true.
        active = np.ones(n, bool)
        for guard in clause.guards:
            active &= ~void.get(guard, np.zeros(n, bool))
        for atom in clause.atoms:
            if atom not in own:
                active &= ~atom.holds(rows)
        sums = [a for a in own if isinstance(a, BoundedSum)]
        for atom in sums:  # a sum with another missing cell is true
            active &= ~rows.absent(atom.columns - {name})
        _narrow(allowed, column, clause, own, active, rows)
    return allowed


def _is_on(atom: BoundedSum | Among | Presence, name: str) -> bool:
    return bool(atom.factor(name)) if isinstance(atom, BoundedSum) else atom.column == name


def _narrow(
    allowed: Allowed,
    column: RuledColumn,
    clause: Clause,
    own: Sequence[BoundedSum | Among | Presence],
    active: np.ndarray,
    rows: RowValues,
) -> None:
    """Narrow the allowed cells of the rows in which a clause depends on this column."""
    sums = [a for a in own if isinstance(a, BoundedSum)]
    among = [a for a in own if isinstance(a, Among)]
    presence = [a for a in own if isinstance(a, Presence)]
    for atom in presence:
        if not atom.missing:
            allowed.present |= active
        elif not sums and not among:
            allowed.absent |= active
    for one in among:
        assert allowed.levels is not None
        codes = np.array(sorted(one.codes), np.int64)
        allowed.levels[active] &= np.isin(np.arange(column.width), codes)
    if not sums:
        return
    lows = [a for a in sums if a.factor(column.name) < 0]
    highs = [a for a in sums if a.factor(column.name) > 0]
    low, high = np.full(len(active), np.inf), np.full(len(active), -np.inf)
    with np.errstate(all="ignore"):
        for bound in lows:
            strict = np.full(len(active), bound.strict)
            low = np.minimum(low, column.lowest(bound.limit(column.name, rows), strict))
        for bound in highs:
            strict = np.full(len(active), bound.strict)
            high = np.maximum(high, column.highest(bound.limit(column.name, rows), strict))
    low, high = np.where(np.isnan(low), -np.inf, low), np.where(np.isnan(high), np.inf, high)
    if lows and highs:
        allowed.holes.append((np.where(active, high, 0.0), np.where(active, low, 0.0)))
        return
    bounds = ("wanted_low", "wanted_high") if clause.soft else ("low", "high")
    if lows:
        before = getattr(allowed, bounds[0])
        setattr(allowed, bounds[0], np.where(active, np.maximum(before, low), before))
    else:
        before = getattr(allowed, bounds[1])
        setattr(allowed, bounds[1], np.where(active, np.minimum(before, high), before))
