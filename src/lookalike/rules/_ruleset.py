"""All rules of a table: what they say of its rows, and how they join its relations."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lookalike._core.errors import DataError, ParameterError
from lookalike.relations import (
    BoundedSum,
    Cells,
    Clause,
    Found,
    RowValues,
    RuledColumn,
    Settling,
    Term,
    row_values,
)
from lookalike.rules._arithmetic import formula_of
from lookalike.rules._reach import is_implied, narrowed
from lookalike.rules._rule import DeclaredRule, bind_rule
from lookalike.tables import Column, Dependency, Kind, Schema
from lookalike.tables.values.arrow import is_null, plain
from lookalike.tables.values.codec import array_from_json, array_to_json
from lookalike.tables.values.shared import ends

__all__ = ["Ruleset"]

_LEVELLED = (Kind.CATEGORICAL, Kind.BOOLEAN, Kind.CONSTANT)
_NUMBERS = (Kind.CONTINUOUS, Kind.INTEGER)


@dataclass(frozen=True)
class Ruleset:
    """The rules of a table, bound to its columns.

    Parameters
    ----------
    rules : tuple of DeclaredRule
    columns : dict of str to RuledColumn
        All columns of the table.
    ranges : dict of str to (float, float)
        The ranges of columns of numbers under rules, which give way to rules.
    roundings : dict of str to str
        The rounding of each equality.
    """

    rules: tuple[DeclaredRule, ...]
    columns: dict[str, RuledColumn]
    ranges: dict[str, tuple[float, float]]
    roundings: dict[str, str]

    @classmethod
    def read(
        cls,
        texts: Sequence[str],
        schema: Schema,
        cells: Cells,
        least: Callable[[Column], int] | None = None,
        *,
        strict: bool = True,
    ) -> Self:
        """Read rules, and learn the levels, ranges and roundings of a table.

        Parameters
        ----------
        texts : sequence of str
        schema : Schema
        cells : mapping of str to pyarrow.Array
            The columns of the canonical table.
        least : callable, optional
            Returns the least count of a value of a column that may be stored; 1 if not given.
        strict : bool
            Whether values in rules must occur in the table.

        Raises
        ------
        ParameterError
            If a rule cannot be read, or is not on columns of this table.
        """
        fewest = _any if least is None else least
        columns = {
            c.name: RuledColumn(
                c, _levels(cells[c.name], fewest(c)) if c.kind in _LEVELLED else None
            )
            for c in schema.columns
        }
        roundings: dict[str, str] = {}

        def rows(names: Sequence[str]) -> RowValues:
            return row_values({name: columns[name] for name in names}, cells)

        rules = tuple(
            bind_rule(text, schema, columns, roundings, rows, strict=strict) for text in texts
        )
        if strict:
            _check_learned(rules, columns)
        ruled = frozenset().union(*(rule.ruled for rule in rules))
        ranges = {
            name: limits
            for name in sorted(ruled)
            if columns[name].is_number
            and (limits := _range(columns[name], cells[name], fewest(columns[name].column)))
        }
        return cls(rules, columns, ranges, roundings)

    @cached_property
    def ruled(self) -> tuple[str, ...]:
        """The columns of clauses, in the order of the table."""
        found = {
            n for rule in self.rules for clause in rule.clauses for a in clause for n in a.columns
        }
        return tuple(name for name in self.columns if name in found)

    def broken(self, cells: Cells) -> dict[str, np.ndarray]:
        """Return a mask of the rows that break each rule, by its text."""
        values = row_values({name: self.columns[name] for name in self.ruled}, cells)
        return {rule.text: rule.broken(cells, values) for rule in self.rules}

    # --- relations --------------------------------------------------------------------------------

    def with_dependencies(self, schema: Schema, cells: Cells) -> Schema:
        """Return a schema in which rules are dependencies, where there is a form for them.

        Parameters
        ----------
        schema : Schema
        cells : mapping of str to pyarrow.Array
            The columns of the canonical table.

        Raises
        ------
        DataError
            If rules determine a column in several ways, or constant columns break one.
        """
        found = Found()
        for rule in self.rules:
            if frozenset() in rule.clauses:
                raise DataError(
                    f"No row can fulfil {rule.text!r}: its columns have one value in all rows, "
                    "which breaks it. Correct the values, or leave the rule out."
                )
            for name in rule.determined:
                self._check_determined(rule, name, found)
                found.add([Dependency(name, rule.on, rule=rule.text)], exact=True)
            found.add(_flags(rule))
        for rule in self.rules:
            if rule.equality is not None:
                found.add(self._derived(rule, cells), exact=True)
        binding = self._binding(schema, found)
        found.add(d for d in schema.dependencies if d.column not in binding)
        for rule in self.rules:
            found.add(_gaps(rule, self.columns))
        given_way = tuple(
            replace(d, against="a declared rule settles the column")
            for d in schema.dependencies
            if d.column in binding
        )
        rejected = (*schema.rejected, *given_way)
        return replace(schema, dependencies=found.in_order(), rejected=rejected)

    def _check_determined(self, rule: DeclaredRule, name: str, found: Found) -> None:
        other = next((d for d in found.in_order() if d.column == name), None)
        if other is not None and set(other.on) != set(rule.on):
            raise DataError(
                f"One rule may determine a column, but both {other.rule!r} and {rule.text!r} "
                f"determine {name!r}. Keep the one with the most specific columns."
            )

    def _derived(self, rule: DeclaredRule, cells: Cells) -> list[Dependency]:
        """Return the dependency of an equality in which one column follows from others."""
        assert rule.equality is not None
        total, name = rule.equality.total, rule.equality.column
        if name is None:
            inside = {n for t in total.terms if not isinstance(t, str) for n in t.columns}
            plain_terms = [t for t, w in total.terms.items() if isinstance(t, str) and abs(w) == 1]
            able = [t for t in plain_terms if t not in inside]
            if not able:
                return []
            name = able[-1]
            total = total.times(total.terms[name])
        rest = replace(total, terms={t: w for t, w in total.terms.items() if t != name}).times(-1.0)
        text, on = formula_of(rest)
        if not on or not _is_missing_with(cells, name, on):
            return []
        numbers = all(self.columns[n].column.kind in _NUMBERS for n in (name, *on))
        if numbers and all(isinstance(term, str) for term in rest.terms):
            weights = tuple(rest.terms[n] for n in on)
            return [Dependency(name, on, "linear", weights, rest.number, rule=rule.text)]
        return [Dependency(name, on, "formula", formula=text, rule=rule.text)]

    def _binding(self, schema: Schema, found: Found) -> frozenset[str]:
        """Return the columns whose inferred relation gives way, since rules must settle them."""
        lost: set[str] = set()
        while True:
            kept = Found()
            kept.add(found.in_order(), exact=True)
            kept.add(d for d in schema.dependencies if d.column not in lost)
            dependencies = kept.in_order()
            fixed = {d.column: d for d in dependencies if d.form == "lookup"}
            columns = {name: self.columns[name] for name in self.ruled}
            clauses = [clause for rule in self.rules for clause in _clauses_of(rule)]
            more = {
                d.column
                for d in dependencies
                if d.form == "linear"
                and not d.rule
                and not self._is_plain(d)
                and {d.column, *d.on} & columns.keys()
            }
            settling = Settling(columns, clauses, dependencies, fixed)
            for name, clause in settling.unsettled():
                if clause.columns == {name} and name in fixed and fixed[name].rule:
                    continue  # its values come from the table, which fulfils the rule
                if is_implied(clause, self._reaches(dependencies)):
                    continue
                if name in fixed and not fixed[name].rule:
                    more.add(name)
                    continue
                inferred = {d.column for d in dependencies if not d.rule}
                if inferred & (clause.columns | clause.guards):
                    # They may have put the columns into an order in which the rule cannot hold.
                    more |= inferred & (clause.columns | clause.guards)
                    continue
                texts = " and ".join(repr(text) for text in sorted(clause.sources))
                if name in fixed:
                    raise DataError(
                        f"The rule {fixed[name].rule!r} determines {name!r}, which {texts} would "
                        f"have to change. Write {texts} with {' and '.join(fixed[name].on)}."
                    )
                raise DataError(
                    f"{texts} cannot hold by construction: none of its columns stands by itself, "
                    "and the ranges of the columns do not imply it. Bound the columns of the "
                    "formula instead, or add its result as a column."
                )
            if not more:
                return frozenset(lost)
            lost |= more

    def _reaches(self, dependencies: Sequence[Dependency]) -> dict[str, tuple[float, float]]:
        """Return the ranges that the columns of rows are certainly settled within."""
        computed = {d.column for d in dependencies if d.form in ("linear", "formula")}
        ranges = {name: ends for name, ends in self.ranges.items() if name not in computed}
        return narrowed(ranges, (clause for rule in self.rules for clause in rule.clauses))

    def _is_plain(self, dependency: Dependency) -> bool:
        names = (dependency.column, *dependency.on)
        return all(self.columns[name].column.kind in _NUMBERS for name in names)

    # --- rows -------------------------------------------------------------------------------------

    def settling(self, dependencies: Sequence[Dependency]) -> Settling | None:
        """Return the rules as clauses to be settled, not yet fitted; None where there are none.

        Parameters
        ----------
        dependencies : sequence of Dependency
            The relations of the table, each after those it builds on.

        Raises
        ------
        DataError
            If no row can fulfil all rules.
        """
        if not self.ruled:
            return None
        clauses = [clause for rule in self.rules for clause in _clauses_of(rule)]
        ruled = set(self.ruled)
        # An exact sum of columns under rules is a rule itself.
        sums = [d for d in dependencies if d.form == "linear" and not d.rule and self._is_plain(d)]
        while joined := [d for d in sums if {d.column, *d.on} & ruled]:
            for dependency in joined:
                clauses += self._of_sum(dependency)
                ruled |= {dependency.column, *dependency.on}
            sums = [d for d in sums if d not in joined]
        for name, (low, high) in self.ranges.items():
            for sign, end in ((-1.0, -low), (1.0, high)):
                atom = BoundedSum.of({name: sign}, end)
                clauses.append(Clause(frozenset((atom,)), frozenset(), soft=True))
        columns = {name: column for name, column in self.columns.items() if name in ruled}
        fixed = {d.column for d in dependencies if d.form == "lookup"}
        return Settling(columns, clauses, dependencies, fixed)

    def _of_sum(self, dependency: Dependency) -> list[Clause]:
        half = self.columns[dependency.column].step / 2
        terms: dict[Term, float] = {
            name: -w for name, w in zip(dependency.on, dependency.coefficients, strict=True)
        }
        terms[dependency.column] = 1.0
        minus: dict[Term, float] = {name: -weight for name, weight in terms.items()}
        bounds = (
            BoundedSum.of(terms, dependency.constant + half),
            BoundedSum.of(minus, half - dependency.constant),
        )
        # It is no declared rule: it has no text.
        return [Clause(frozenset((bound,)), frozenset()) for bound in bounds]

    # --- storage ----------------------------------------------------------------------------------

    def facts(self) -> dict[str, Any]:
        """Return what was learned of the table, as JSON values."""
        levels = {
            name: array_to_json(column.levels)
            for name, column in self.columns.items()
            if column.levels is not None
            and (
                column.column.kind is Kind.CONSTANT
                or any(name in rule.columns for rule in self.rules)
            )
        }
        return {
            "levels": levels,
            "ranges": {name: list(limits) for name, limits in self.ranges.items()},
            "roundings": self.roundings,
        }

    @classmethod
    def restored(cls, texts: Sequence[str], schema: Schema, facts: Mapping[str, Any]) -> Self:
        """Restore rules from their texts and `facts`, which come from a file."""
        levels = {name: array_from_json(values) for name, values in facts["levels"].items()}
        columns = {c.name: RuledColumn(c, levels.get(c.name)) for c in schema.columns}
        roundings = {str(key): str(how) for key, how in facts["roundings"].items()}
        rules = tuple(bind_rule(text, schema, columns, roundings, strict=False) for text in texts)
        ranges = {
            schema[name].name: (float(low), float(high))
            for name, (low, high) in facts["ranges"].items()
        }
        return cls(rules, columns, ranges, roundings)


def _check_learned(rules: Sequence[DeclaredRule], columns: Mapping[str, RuledColumn]) -> None:
    """Refuse rules on columns that are not learned."""
    for rule in rules:
        for name in sorted(rule.columns - set(rule.unique)):
            kind = columns[name].column.kind
            if kind in (Kind.TEXT, Kind.IDENTIFIER):
                raise ParameterError(
                    f"A rule must be on columns that are learned, but in {rule.text!r} {name!r} is "
                    f"{kind.value}. Declare another kind, such as "
                    f"kinds={{{name!r}: 'categorical'}}, or leave the rule out."
                )
        if rule.unique and all(columns[n].column.kind is not Kind.IDENTIFIER for n in rule.unique):
            raise ParameterError(
                f"{rule.text!r} can hold by construction only if one of its columns is numbered "
                f"anew in each row. Declare one, such as kinds={{{rule.unique[-1]!r}: "
                "'identifier'}, or leave the rule out."
            )


def _any(column: Column) -> int:  # noqa: ARG001 - as a `Least`
    return 1


def _clauses_of(rule: DeclaredRule) -> list[Clause]:
    return [Clause(atoms, frozenset((rule.text,))) for atoms in rule.clauses]


def _levels(cells: pa.Array, fewest: int) -> pa.Array:
    """Return the levels of a column that occur often enough to be stored, sorted."""
    counted = plain(cells).drop_null().value_counts()
    common = pc.greater_equal(counted.field("counts"), fewest)
    levels = counted.field("values").filter(common)
    return levels if pa.types.is_boolean(levels.type) else levels.sort()


def _range(column: RuledColumn, cells: pa.Array, fewest: int) -> tuple[float, float] | None:
    numbers = column.numbers(cells)[~is_null(cells)]
    if not len(numbers):
        return None
    distinct, counts = np.unique(numbers, return_counts=True)
    low, high = ends(distinct, counts, fewest)
    return float(low), float(high)


def _is_missing_with(cells: Cells, name: str, on: Sequence[str]) -> bool:
    """Return whether a column is missing exactly where one of others is."""
    others = np.logical_or.reduce([is_null(cells[n]) for n in on])
    return bool((is_null(cells[name]) == others).all())


def _flags(rule: DeclaredRule) -> list[Dependency]:
    """Return the dependencies of flags of which one is 1: each on those before it."""
    flags = rule.one_hot
    if not flags:
        return []
    forms = ["flag"] * (len(flags) - 2) + ["last_flag"]
    return [
        Dependency(name, flags[:k], form, rule=rule.text)
        for k, (name, form) in enumerate(zip(flags[1:], forms, strict=True), start=1)
    ]


def _gaps(rule: DeclaredRule, columns: Mapping[str, RuledColumn]) -> list[Dependency]:
    """Return the offsets by which an order of columns may be learned: the higher by its distance.

    Held-out rows show whether it is learned better so.
    """
    found = []
    for clause in rule.clauses if rule.equality is None else ():
        (atom, *others) = clause
        if others or not isinstance(atom, BoundedSum) or len(atom.terms) != 2:
            continue
        names = {factor: term for term, factor in atom.terms if isinstance(term, str)}
        if names.keys() != {1.0, -1.0}:
            continue
        low, high = names[1.0], names[-1.0]
        if columns[low].is_time == columns[high].is_time:
            found.append(
                Dependency(
                    high, (low,), "offset", (1.0,), why=f"declared: {rule.text}", at_least=()
                )
            )
    return found
