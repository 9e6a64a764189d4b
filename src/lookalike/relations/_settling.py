"""Declared rules on the rows of a table: columns are settled one by one so that all rules hold.

A column whose sampled cell is allowed keeps it. Other cells are replaced by allowed ones, which
exist, since the rules on each column have been resolved (see `_clauses`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cached_property
from typing import Self

import numpy as np
import pyarrow as pa

from lookalike._core.learned import Learned
from lookalike._core.rows import Rows
from lookalike.relations._allowed import allowed_cells
from lookalike.relations._atoms import Among, BoundedSum, Computed, Presence, RowValues
from lookalike.relations._cells import Cells
from lookalike.relations._clauses import Clause, ConflictError, Eliminated, eliminate
from lookalike.relations._placement import Placement, placement_of
from lookalike.relations._ruled_column import RuledColumn, row_values
from lookalike.tables import ColumnCondition, Dependency

__all__ = ["Settling"]

_PARTS = ("above", "below", "within", "plain", "shares")
#: The greatest number of kept eliminations, one for each set of known columns.
_MOST_PLANS = 256


class Settling:
    """The rules between the columns of a table, and the order in which columns are settled.

    Parameters
    ----------
    columns : mapping of str to RuledColumn
        The columns of all clauses.
    clauses : sequence of Clause
    dependencies : sequence of Dependency
        The relations of the table, each after those it builds on.
    fixed : collection of str
        Columns that are computed from others exactly, and cannot be settled.

    Raises
    ------
    ConflictError
        If no row can fulfil all clauses.
    DataError
        If clauses cannot be settled by any column.
    """

    def __init__(
        self,
        columns: Mapping[str, RuledColumn],
        clauses: Sequence[Clause],
        dependencies: Sequence[Dependency],
        fixed: Collection[str] = (),
    ) -> None:
        self.columns = dict(columns)
        self.clauses = tuple(clauses)
        self.fixed = frozenset(fixed)
        self._before = _before(self.columns, clauses, dependencies)
        self._plans: dict[frozenset[str], Eliminated] = {}
        self._placements: dict[str, Placement] = {}

    def fit(self, cells: Cells, fewest: int) -> Self:
        """Learn how far the cells of a table are from their bounds.

        Parameters
        ----------
        cells : mapping of str to pyarrow.Array, shape (n,)
            All columns of canonical rows.
        fewest : int
            The least count of a value that may be stored.
        """
        rows = row_values(self.columns, cells)
        for name in self.plan().order:
            column, clauses = self.columns[name], self.plan().clauses[name]
            allowed = allowed_cells(column, clauses, rows, self._void(rows))
            self._placements[name] = Placement.fit(
                column, rows.values[name], rows.missing[name], allowed, fewest
            )
        return self

    # --- the order --------------------------------------------------------------------------------

    def plan(self, first: Collection[str] = ()) -> Eliminated:
        """Return the clauses by column, in the order in which columns are settled.

        Parameters
        ----------
        first : collection of str
            Columns that are settled before all others, since they are known.
        """
        key = frozenset(first).intersection(self.columns)
        if key not in self._plans:
            if len(self._plans) >= _MOST_PLANS:
                self._plans.clear()
            order = self._order(key)
            widths = {name: column.width for name, column in self.columns.items()}
            self._plans[key] = eliminate(self.clauses, order, widths)
        return self._plans[key]

    def _order(self, first: frozenset[str]) -> list[str]:
        """Return all columns: known ones, then each after those it is computed from."""
        waiting = sorted(self.columns, key=lambda name: (name not in first, *self._rank[name]))
        order: list[str] = []
        while waiting:
            done = {*order, *first}
            ready = (n for n in waiting if n in first or self._before[n] <= done)
            chosen = next(ready, waiting[0])
            order.append(chosen)
            waiting.remove(chosen)
        return order

    @cached_property
    def _rank(self) -> dict[str, tuple[bool, float, int]]:
        """The place of each column: categories first, then coarse numbers before finer ones."""
        return {
            name: (column.is_number, -(column.step or 1e-300), k)
            for k, (name, column) in enumerate(self.columns.items())
        }

    def unsettled(self) -> list[tuple[str, Clause]]:
        """Return the clauses that no column can be settled by, each with its last column."""
        plan = self.plan()
        return [
            (name, clause)
            for name in plan.order
            for clause in plan.clauses[name]
            if not clause.soft and (name in self.fixed or not _has_own(clause, name))
        ]

    # --- rows -------------------------------------------------------------------------------------

    def values(self, cells: Cells, names: Iterable[str]) -> RowValues:
        """Return some columns of rows as numbers and codes."""
        return row_values({name: self.columns[name] for name in names}, cells)

    def settle(
        self, name: str, plan: Eliminated, values: RowValues, rows: Rows, at: np.ndarray
    ) -> tuple[pa.Array, np.ndarray] | None:
        """Return new cells of a column, with which all its clauses hold, and their rows.

        Parameters
        ----------
        name : str
        plan : Eliminated
        values : RowValues
            The n rows: the columns before this one are final. The changed column is updated.
        rows : Rows
        at : ndarray of int, shape (n,)
            The positions of the n rows within `rows`.

        Returns
        -------
        tuple of pyarrow.Array, shape (m,), and ndarray of int, shape (m,), or None
            None where all clauses hold already.
        """
        column, clauses = self.columns[name], plan.clauses[name]
        if not clauses or name in self.fixed or not self._can_move(name):
            return None
        void = self._void(values)
        wrong = np.zeros(values.rows, bool)
        for clause in clauses:
            wrong |= ~_holds(clause, values, void)
        chosen = np.flatnonzero(wrong)
        if not len(chosen):
            return None
        some = values.take(chosen)
        allowed = allowed_cells(
            column, clauses, some, {n: mask[chosen] for n, mask in void.items()}
        )
        new, missing = self._placements[name].placed(
            column, some.values[name], some.missing[name], allowed, rows, at[chosen]
        )
        cells = column.cells(new, missing)
        # What is written is read: cells are rounded to the column's own steps.
        values.put(name, chosen, column.numbers(cells), missing)
        return cells, chosen

    def _can_move(self, name: str) -> bool:
        column = self.columns[name]
        return column.is_number or column.levels is not None

    def _void(self, values: RowValues) -> dict[str, np.ndarray]:
        """Return the rows in which guards are missing and may stay so."""
        return {
            name: mask for name, mask in values.missing.items() if name not in self._made_present
        }

    @cached_property
    def _made_present(self) -> frozenset[str]:
        return frozenset(
            atom.column
            for clause in self.clauses
            for atom in clause.atoms
            if isinstance(atom, Presence) and not atom.missing
        )

    def broken(self, cells: Cells) -> dict[str, np.ndarray]:
        """Return masks of the rows that break declared rules, by the text of the rule."""
        values = row_values(self.columns, cells)
        masks: dict[str, np.ndarray] = {}
        for clause in self.clauses:
            if not clause.soft and clause.sources:
                wrong = ~_holds(clause, values, {})
                for text in clause.sources:
                    masks[text] = masks.get(text, np.zeros(values.rows, bool)) | wrong
        return masks

    # --- conditions -------------------------------------------------------------------------------

    def contradicted_by(self, conditions: Sequence[ColumnCondition]) -> frozenset[str]:
        """Return the rules and conditions, as text, that no row can fulfil together."""
        hard = [clause for clause in self.clauses if not clause.soft]
        more = [
            clause
            for condition in conditions
            if condition.column in self.columns
            for clause in _of_condition(condition, self.columns[condition.column])
        ]
        widths = {name: column.width for name, column in self.columns.items()}
        try:
            eliminate([*hard, *more], self.plan().order, widths)
        except ConflictError as conflict:
            return conflict.sources
        return frozenset()

    # --- storage ----------------------------------------------------------------------------------

    def state(self) -> Learned:
        """Return the learned state."""
        names = list(self._placements)
        arrays = {
            f"{part} {k}": getattr(self._placements[name], part)
            for k, name in enumerate(names)
            for part in _PARTS
        }
        return Learned({"columns": names}, arrays)

    def load(self, state: Learned) -> Self:
        """Restore the learned state, which comes from a file."""
        for k, name in enumerate(state.values["columns"]):
            if name not in self.columns:
                raise ValueError("a rule must be on columns of the table")
            arrays = {part: state.arrays[f"{part} {k}"] for part in _PARTS}
            self._placements[name] = placement_of(arrays)
        if self._placements.keys() != self.columns.keys():
            raise ValueError("each column under rules must have stored quantiles")
        return self


def _holds(clause: Clause, values: RowValues, void: Mapping[str, np.ndarray]) -> np.ndarray:
    right = np.zeros(values.rows, bool)
    for guard in clause.guards:
        if guard in void:
            right |= void[guard]
    for atom in clause.atoms:
        right |= atom.holds(values)
    return right


def _has_own(clause: Clause, name: str) -> bool:
    """Return whether a column can make a clause true."""
    return any(
        bool(atom.factor(name)) if isinstance(atom, BoundedSum) else atom.column == name
        for atom in clause.atoms
    )


def _before(
    columns: Mapping[str, RuledColumn],
    clauses: Iterable[Clause],
    dependencies: Sequence[Dependency],
) -> dict[str, set[str]]:
    """Return the columns that must be settled before each one."""
    needs: dict[str, set[str]] = {}
    for spec in dependencies:  # also through columns without rules
        needs[spec.column] = set(spec.needs).union(*(needs.get(n, set()) for n in spec.needs))
    before = {name: (needs.get(name, set()) & columns.keys()) - {name} for name in columns}
    for clause in clauses:
        for atom in clause.atoms:
            if isinstance(atom, BoundedSum):
                inside = {n for t, _ in atom.terms if isinstance(t, Computed) for n in t.columns}
                for term, _ in atom.terms:
                    if isinstance(term, str) and term not in inside:
                        before[term] |= inside
    return before


def _of_condition(condition: ColumnCondition, column: RuledColumn) -> list[Clause]:
    """Return clauses that a condition implies, with the condition as their source."""
    name, text = column.name, frozenset((str(condition),))
    if condition.missing:
        return [Clause(frozenset((Presence(name, True),)), text)]
    present = Clause(frozenset((Presence(name, False),)), text)
    if column.levels is not None:
        fits = np.append(condition.matches(column.levels), False)
        codes = frozenset(np.flatnonzero(fits).tolist())
        return [present, Clause(frozenset((Among(name, codes),)), text)]
    if not column.is_number:
        return [present]
    ends = [condition.low, condition.high]
    if condition.values is not None:
        ends = [condition.values[0], condition.values[-1]]  # sorted
    found = [present]
    for end, sign in zip(ends, (-1.0, 1.0), strict=True):
        if end is not None:
            number = float(column.numbers(pa.array([end.as_py()], end.type))[0])
            found.append(Clause(frozenset((BoundedSum.of({name: sign}, sign * number),)), text))
    return found
