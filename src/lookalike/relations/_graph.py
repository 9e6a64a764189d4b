"""All relations of a table: inference, feasible values, violations, contradictions."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

import numpy as np
import pyarrow as pa

from lookalike._core.rows import Rows
from lookalike.relations._base import Relation
from lookalike.relations._candidates import Feasible
from lookalike.relations._cells import Cells, cells_of
from lookalike.relations._domains import Domains, LearnedColumn, Order
from lookalike.relations._reconciled import Reconciled
from lookalike.relations._registry import describe
from lookalike.relations._settled_rows import settled_rows
from lookalike.relations._settling import Settling
from lookalike.relations._value_format import ValueFormat
from lookalike.tables import ColumnCondition, Schema
from lookalike.tables.values.arrow import filled, is_null

__all__ = ["RelationGraph"]


class RelationGraph:
    """The fitted relations between the columns of a table.

    Parameters
    ----------
    schema : Schema
        The table's schema.
    relations : sequence of Relation
        The fitted relations, each after those it builds on.
    learned : mapping of str to LearnedColumn
        The encoded columns, and residuals in place of columns.
    settling : Settling, optional
        The declared rules.

    Attributes
    ----------
    relations : tuple of Relation
    residuals : dict of str to Relation
        The relations that learn a residual in place of their column, by that column.
    domains : Domains
        The values that columns can have.
    """

    def __init__(
        self,
        schema: Schema,
        relations: Sequence[Relation],
        learned: Mapping[str, LearnedColumn],
        settling: Settling | None = None,
    ) -> None:
        self.relations = tuple(relations)
        self.settling = settling
        self.residuals = {r.spec.column: r for r in relations if r.learns_residual}
        self.domains = _domains(schema, self.relations, learned)
        self._by_column = {r.spec.column: r for r in relations}
        self._learned = learned
        self._names = schema.names

    @property
    def unrelated(self) -> frozenset[str]:
        """The columns that neither depend on others nor have others depend on them."""
        related = set(self._by_column)
        related |= {name for relation in self.relations for name in relation.spec.needs}
        related |= set() if self.settling is None else self.settling.columns.keys()
        return frozenset(self._names) - related

    # --- rows -------------------------------------------------------------------------------------

    def compute(
        self,
        sampled: Cells,
        residuals: Cells,
        rows: Rows,
        known: Cells | None = None,
        *,
        fixed: Cells | None = None,
        first: Collection[str] = (),
    ) -> dict[str, pa.Array]:
        """Return all columns, computing those that depend on others in order; all rules hold.

        Parameters
        ----------
        sampled : mapping of str to pyarrow.Array, shape (n,)
            The columns that depend on no others.
        residuals : mapping of str to pyarrow.Array, shape (n,)
            The residuals of columns that are learned by one.
        rows : Rows
            The row numbers.
        known : mapping of str to pyarrow.Array, shape (n,), optional
            All columns; cells that are not null replace sampled and computed ones.
        fixed : mapping of str to pyarrow.Array, shape (n,), optional
            The known cells that rules must not change, if not all.
        first : collection of str
            Columns with conditions: rules change others rather than these.
        """
        whole = dict(sampled)
        cells = (
            {name: filled(known[name], array) for name, array in whole.items()}
            if known
            else dict(whole)
        )
        for relation in self.relations:
            name = relation.spec.column
            on = relation.recognised(cells, whole)
            computed = whole[name] = relation.compute(on, residuals.get(name), rows)
            cells[name] = filled(known[name], computed) if known else computed
        if self.settling is None:
            return cells
        return settled_rows(
            self.settling,
            self.relations,
            cells,
            residuals,
            rows,
            known=known if fixed is None else fixed,
            first=first,
        )

    def infer(self, known: pa.Table) -> pa.Table:
        """Fill in the cells that follow exactly from the known cells of rows, in either direction.

        Parameters
        ----------
        known : pyarrow.Table
            Canonical rows with the columns of the schema, null where a cell is not known.

        Returns
        -------
        pyarrow.Table
            The n rows with fewer nulls.
        """
        cells = cells_of(known)
        exact = [relation for relation in self.relations if relation.exact]
        for _ in exact:
            before = _unknown(cells)
            for relation in exact:
                cells[relation.spec.column] = relation.infer_column(cells)
            for relation in reversed(exact):
                cells |= relation.infer_others(cells, self.domains)
            if _unknown(cells) == before:
                break
        return self._table(cells)

    def feasible(self, known: pa.Table) -> Iterator[Feasible]:
        """Yield the feasible values of columns, from which the known cells of others can follow.

        Parameters
        ----------
        known : pyarrow.Table
            The rows from `infer`.
        """
        cells = cells_of(known)
        needed = {name: ~is_null(array) for name, array in cells.items()}
        # Cells that must be present, since a known cell depends on them, though they are unknown.
        settled = dict(needed)
        for relation in reversed(self.relations):
            if relation.shows_presence:
                name = relation.spec.column
                for other in relation.spec.on:
                    needed[other] = needed[other] | needed[name]
                    settled[name] = settled[name] & settled[other]
        for name in cells:
            if len(rows := np.flatnonzero(needed[name] & ~settled[name])):
                yield Feasible(name, rows)
        for relation in reversed(self.relations):
            yield from relation.feasible(cells)

    def reconcile(
        self, known: pa.Table, sampled: Cells, residuals: Cells, rows: Rows
    ) -> Reconciled:
        """Choose and change sampled cells so that known cells follow from them.

        Parameters
        ----------
        known : pyarrow.Table
            The rows from `infer`.
        sampled : mapping of str to pyarrow.Array, shape (n,)
            Whole rows, including the known cells.
        residuals : mapping of str to pyarrow.Array, shape (n,)
            The sampled residuals.
        rows : Rows
            The row numbers.
        """
        count = known.num_rows
        draft = Reconciled(
            cells_of(known), sampled, residuals, np.zeros(count, bool), np.zeros(count)
        )
        for relation in reversed(self.relations):
            relation.reconcile(draft, self.domains, rows)
        return draft

    def violations(self, known: pa.Table, completed: pa.Table) -> dict[str, np.ndarray]:
        """Return masks of the completed rows that violate a column's relation to others, by column.

        Parameters
        ----------
        known : pyarrow.Table
            Canonical rows, null where a cell was not known. Relations all of whose cells were known
            do not count, nor cells that were never learned.
        completed : pyarrow.Table
            The same rows, completed.

        Returns
        -------
        dict of str to ndarray of bool, shape (n,)
        """
        cells, given = cells_of(completed), cells_of(known)
        unknown = {name: is_null(array) for name, array in given.items()}
        masks = {}
        for relation in self.relations:
            name = relation.spec.column
            wrong = relation.violations(cells, ~unknown[name], self.domains)
            if wrong is not None:
                some = [unknown[n] for n in (name, *relation.spec.needs)]
                masks[name] = wrong & np.logical_or.reduce(some)
        return masks

    def broken_rules(self, known: pa.Table, completed: pa.Table) -> dict[str, np.ndarray]:
        """Return masks of the completed rows that break a declared rule, by its text.

        Parameters
        ----------
        known, completed : pyarrow.Table
            As for `violations`.
        """
        if self.settling is None:
            return {}
        given = cells_of(known)
        unknown = np.logical_or.reduce([is_null(given[name]) for name in self.settling.columns])
        broken = self.settling.broken(cells_of(completed))
        return {text: rows & unknown for text, rows in broken.items()}

    def _table(self, cells: Cells) -> pa.Table:
        return pa.Table.from_arrays([cells[n] for n in self._names], names=list(self._names))

    # --- conditions -------------------------------------------------------------------------------

    def condition_on_learned(self, condition: ColumnCondition) -> ColumnCondition | None:
        """Return the equivalent condition on a column that depends on no other.

        Parameters
        ----------
        condition : ColumnCondition

        Returns
        -------
        ColumnCondition or None
            None where the column depends on several others, or on another by chance.

        Raises
        ------
        DataError
            If no row fulfils it.
        """
        while (relation := self._by_column.get(condition.column)) is not None:
            if condition.missing or len(relation.spec.on) != 1:
                return None
            parent = relation.spec.on[0]
            levels = None if parent in self._by_column else self._learned[parent].levels
            on_parent = relation.condition_on_parent(condition, levels)
            if on_parent is None:
                return None
            condition = on_parent
        return condition

    def contradiction(
        self, conditions: Sequence[ColumnCondition]
    ) -> tuple[tuple[ColumnCondition, ...], str] | None:
        """Return conditions that a relation makes contradictory, and that relation in words.

        Parameters
        ----------
        conditions : sequence of ColumnCondition

        Returns
        -------
        tuple of tuple of ColumnCondition and str, or None
            None where the relations allow them.
        """
        by_column = {condition.column: condition for condition in conditions}
        for relation in self.relations:
            spec = relation.spec
            some = tuple(by_column[n] for n in (*spec.on, spec.column) if n in by_column)
            if spec.column not in by_column or len(some) < 2 or any(c.missing for c in some):
                continue
            if relation.contradicts(by_column, self.domains):
                return some, describe(spec, why=False)
        return None

    def contradicted_rules(
        self, conditions: Sequence[ColumnCondition]
    ) -> tuple[tuple[ColumnCondition, ...], str] | None:
        """Return conditions that declared rules make contradictory, and these rules in words."""
        if self.settling is None:
            return None
        sources = self.settling.contradicted_by(conditions)
        some = tuple(c for c in conditions if str(c) in sources)
        rules = sorted(sources - {str(c) for c in some})
        return (some, f"the rule {' and '.join(map(repr, rules))}") if some and rules else None

    def relation_between(self, one: str, other: str) -> str:
        """Return in words the relation between two columns with contradictory conditions."""
        for relation in self.relations:
            if {one, other} <= {relation.spec.column, *relation.spec.on}:
                return describe(relation.spec, why=False)
        return "they follow from the same column"

    def levels(self, name: str) -> pa.Array | None:
        """Return the levels that can be generated for a column; None where it has no levels."""
        relation = self._by_column.get(name)
        if relation is None:
            return self._learned[name].levels
        if len(relation.spec.on) != 1:
            return None
        of = self.levels(relation.spec.on[0])
        return None if of is None else relation.levels(of)


def _unknown(cells: Cells) -> int:
    return sum(array.null_count for array in cells.values())


def _domains(
    schema: Schema, relations: Sequence[Relation], learned: Mapping[str, LearnedColumn]
) -> Domains:
    """Return the values that columns can have, given their encodings and relations."""
    residuals = {r.spec.column: r for r in relations if r.learns_residual}
    ends = {name: column.ends for name, column in learned.items() if name not in residuals}
    ends |= {r.spec.column: limits for r in relations if (limits := r.ends()) is not None}
    # A column may exceed trimmed ends where it is a residual or a residual is added to it.
    loose = set(residuals) | {
        name
        for relation in residuals.values()
        for name in relation.spec.on
        if name in learned and not learned[name].keeps_ends
    }
    formats = {}
    for column in schema.columns:
        if column.kind.is_numeric:
            of = ValueFormat.of(column, ends=ends.get(column.name))
            formats[column.name] = of.widened() if column.name in loose else of
    residual_formats = {}
    for name, relation in residuals.items():
        limits, column = learned[name].ends, relation.residual_column
        if limits is not None:
            of = ValueFormat.of(column, limits.type, limits)
            residual_formats[name] = of if learned[name].keeps_ends else of.widened()
    rigid = {n for n, column in learned.items() if column.levels is not None or column.is_fixed}
    rigid |= {r.spec.column for r in relations if r.is_rigid and not r.learns_residual}
    return Domains(formats, residual_formats, frozenset(rigid), _orders(relations))


def _orders(relations: Sequence[Relation]) -> dict[str, tuple[Order, ...]]:
    """Return the columns that each column was never below or above, in either direction."""
    by_column: dict[str, list[Order]] = {}
    for spec in (relation.spec for relation in relations):
        for other in dict.fromkeys((*spec.at_least, *spec.at_most)):
            least, most = other in spec.at_least, other in spec.at_most
            by_column.setdefault(spec.column, []).append(Order(other, least, most))
            by_column.setdefault(other, []).append(Order(spec.column, most, least))
    return {name: tuple(orders) for name, orders in by_column.items()}
