"""Rules as clauses: disjunctions of sums that have a bound, levels, and missing cells."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import time
from decimal import Decimal
from itertools import pairwise, product
from typing import Any

import numpy as np
import pyarrow as pa

from lookalike._core.errors import DataError, ParameterError, nearest
from lookalike.relations import (
    Among,
    Atom,
    BoundedSum,
    Presence,
    RowValues,
    RuledColumn,
    rounding_of,
)
from lookalike.rules._arithmetic import Arithmetic, Sum, moment_of
from lookalike.tables import Kind, Schema, parse_conditions

__all__ = ["Equality", "Translator"]

#: A conjunction of disjunctions.
Clauses = list[frozenset[Atom]]
#: The greatest number of disjunctions of one rule.
_MOST = 256
#: Nearly one step: a source that rounds down is less than one step off.
_WHOLE = 1 - 1e-6
_OPPOSITE = {
    ast.Lt: ast.GtE,
    ast.LtE: ast.Gt,
    ast.Gt: ast.LtE,
    ast.GtE: ast.Lt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}
_COMPARED: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
_LOGICAL = {"true": True, "false": False, "True": True, "False": False}


class Equality:
    """An equality that holds in every row.

    Parameters
    ----------
    total : Sum
        The side that is 0: the column less the formula.
    column : str or None
        The column that stands alone on one side.
    """

    def __init__(self, total: Sum, column: str | None) -> None:
        self.total, self.column = total, column


class Translator:
    """The translation of one rule into clauses.

    Parameters
    ----------
    text : str
        The rule.
    quoted : mapping of str to str
        Columns in backquotes.
    schema : Schema
    columns : mapping of str to RuledColumn
        All columns of the schema that rules can be on.
    roundings : dict of str to str
        The rounding of each equality, by its words; learned from `rows` where they are given.
    rows : callable, optional
        Returns the numbers of some columns of the training table.
    strict : bool
        Whether values must occur in the table.
    """

    def __init__(
        self,
        text: str,
        quoted: Mapping[str, str],
        schema: Schema,
        columns: Mapping[str, RuledColumn],
        roundings: dict[str, str],
        rows: Callable[[Sequence[str]], RowValues] | None = None,
        *,
        strict: bool = True,
    ) -> None:
        self.text, self._quoted, self._schema = text, quoted, schema
        self._columns, self._roundings, self._rows = columns, roundings, rows
        self._strict = strict
        self._arithmetic = Arithmetic(text, self.column)

    def column(self, name: str) -> RuledColumn | None:
        """Return the column under a name in the tree; None where there is none."""
        if name in self._quoted:
            return self._columns[self._schema[self._quoted[name]].name]
        return self._columns.get(name)

    def name(self, tree: ast.expr) -> str | None:
        """Return the column that a tree consists of; None where it is more than a column.

        Raises
        ------
        ParameterError
            If there is no such column.
        """
        if not isinstance(tree, ast.Name):
            return None
        column = self.column(tree.id)
        if column is None:
            hint = nearest(tree.id, self._schema.names)
            raise ParameterError(
                f"The rule {self.text!r} cannot be used: there is no column {tree.id!r}.{hint} "
                "Values are written in quotes."
            )
        return column.name

    def error(self, why: str) -> ParameterError:
        """Return the error for a rule that cannot be used."""
        return ParameterError(f"The rule {self.text!r} cannot be used: {why}.")

    # --- logic ------------------------------------------------------------------------------------

    def clauses(self, tree: ast.expr, *, negated: bool = False) -> Clauses:
        """Return the clauses of a statement, or of its negation."""
        match tree:
            case ast.BoolOp(op=op, values=values):
                parts = [self.clauses(value, negated=negated) for value in values]
                if isinstance(op, ast.And) is not negated:
                    return [clause for part in parts for clause in part]
                return self._either(parts)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return self.clauses(operand, negated=not negated)
            case ast.Compare(left=left, ops=ops, comparators=others):
                sides = [left, *others]
                pairs = [
                    self._comparison(a, _OPPOSITE[type(op)]() if negated else op, b)
                    for (a, b), op in zip(pairwise(sides), ops, strict=True)
                ]
                if negated:
                    return self._either(pairs)
                return [clause for pair in pairs for clause in pair]
            case ast.Name() if (column := self.column(tree.id)) is not None:
                if column.levels is not None:
                    wanted = ast.Constant(value=not negated)
                    return self._comparison(tree, ast.Eq(), wanted)
            case ast.Name():
                self.name(tree)  # raises
        raise self.error(
            f"{ast.unparse(tree)!r} is no statement; join comparisons such as a <= b, "
            "x in ['p', 'q'] and y is missing by and, or, not"
        )

    def implication(self, condition: ast.expr, then: ast.expr) -> Clauses:
        """Return the clauses of a statement that holds where a condition does."""
        return self._either([self.clauses(condition, negated=True), self.clauses(then)])

    def _either(self, parts: Sequence[Clauses]) -> Clauses:
        if np.prod([len(part) for part in parts], dtype=float) > _MOST:
            raise self.error("it has too many alternatives; write several shorter rules")
        return [frozenset().union(*atoms) for atoms in product(*parts)]

    # --- comparisons ------------------------------------------------------------------------------

    def _comparison(self, left: ast.expr, op: ast.cmpop, right: ast.expr) -> Clauses:
        if isinstance(op, ast.Is | ast.IsNot):
            name = self.name(left)
            if name is None or not (isinstance(right, ast.Constant) and right.value is None):
                raise self.error("only a column can be missing: write x is missing")
            return [frozenset((Presence(name, isinstance(op, ast.Is)),))]
        if isinstance(op, ast.In | ast.NotIn):
            return self._in(left, op, right)
        if (truth := self._truth(left, op, right)) is not None:
            return [] if truth else [frozenset()]
        for side, other, turned in ((left, right, False), (right, left, True)):
            column = self.column(side.id) if isinstance(side, ast.Name) else None
            if column is not None and column.levels is not None and self._is_value(other):
                return self._level(column, _turned(op) if turned else op, self._value(other))
        if isinstance(op, ast.Eq):
            return [frozenset((atom,)) for atom in self._equal(left, right)]
        if isinstance(op, ast.NotEq):
            return [frozenset(_negated(atom) for atom in self._equal(left, right))]
        if (found := self._absolute(left, op, right)) is not None:
            return found
        return [frozenset((self._at_most(left, op, right),))]

    def _truth(self, left: ast.expr, op: ast.cmpop, right: ast.expr) -> bool | None:
        """Return whether a comparison of constant columns holds; None where it is of others."""
        if not any(c.column.kind is Kind.CONSTANT for c in self._columns_in(left, right)):
            return None
        if isinstance(op, ast.Eq | ast.NotEq) and self._is_of_levels(left, right):
            return None
        total = self._difference(left, right)
        if np.isnan(total.number):  # a comparison with a missing cell breaks no rule
            return True
        if not total.is_constant:
            return None
        if isinstance(op, ast.Eq | ast.NotEq):
            return self._are_equal(left, right) is isinstance(op, ast.Eq)
        return _COMPARED[type(op)](total.number, 0.0)

    def _are_equal(self, left: ast.expr, right: ast.expr) -> bool:
        """Return whether two sides without other columns are equal, but for rounding."""
        ends = [self._arithmetic.sum_of(side) for side in (left, right)]
        if any(end.time or end.dates for end in ends):
            return self._difference(left, right).number == 0
        one, other = (end.number for end in ends)
        if np.isclose(one, other, rtol=1e-12, atol=0):
            return True
        pairs = ((left, one, right, other), (right, other, left, one))
        return any(
            isinstance(side, ast.Name) and not isinstance(far, ast.Name) and _is_rounded(x, y)
            for side, x, far, y in pairs
        )

    def _is_value(self, tree: ast.expr) -> bool:
        if isinstance(tree, ast.Name):
            return self.column(tree.id) is None and tree.id in _LOGICAL
        inner = tree.operand if isinstance(tree, ast.UnaryOp) else tree
        return isinstance(inner, ast.Constant)

    def _value(self, tree: ast.expr) -> Any:
        if isinstance(tree, ast.Name):
            return _LOGICAL[tree.id]
        try:
            return ast.literal_eval(tree)
        except ValueError:
            raise self.error(f"{ast.unparse(tree)} is no value") from None

    def _in(self, left: ast.expr, op: ast.cmpop, right: ast.expr) -> Clauses:
        name = self.name(left)
        if name is None or not isinstance(right, ast.List | ast.Tuple | ast.Set) or not right.elts:
            raise self.error("write a column and values, such as x in ['a', 'b']")
        column, inside = self._columns[name], isinstance(op, ast.In)
        if not all(self._is_value(item) for item in right.elts):
            raise self.error("a list holds values, in quotes where they are words")
        values = [self._value(item) for item in right.elts]
        if column.levels is not None:
            codes = self._codes(column, values)
            return [frozenset((Among(name, codes if inside else self._others(column, codes)),))]
        numbers = sorted({self._constant(column, value) for value in values})
        if not inside:
            return [
                frozenset(
                    (BoundedSum.of({name: 1.0}, v, True), BoundedSum.of({name: -1.0}, -v, True))
                )
                for v in numbers
            ]
        ends = [BoundedSum.of({name: -1.0}, -numbers[0]), BoundedSum.of({name: 1.0}, numbers[-1])]
        return [
            *(frozenset((end,)) for end in ends),
            *(
                frozenset((BoundedSum.of({name: 1.0}, a), BoundedSum.of({name: -1.0}, -b)))
                for a, b in pairwise(numbers)
            ),
        ]

    # --- levels -----------------------------------------------------------------------------------

    def _level(self, column: RuledColumn, op: ast.cmpop, value: Any) -> Clauses:
        """Return the clause that compares a column of levels with one value."""
        if isinstance(op, ast.Eq | ast.NotEq):
            codes = self._codes(column, [value])
            codes = codes if isinstance(op, ast.Eq) else self._others(column, codes)
            return [frozenset((Among(column.name, codes),))]
        assert column.levels is not None
        levels = [_as_number(level) for level in column.levels.to_pylist()]
        number = _as_number(value)
        if number is None or any(level is None for level in levels):
            raise self.error(
                f"{column.name!r} has categories without an order: list them by in [...], or "
                f"declare its kind, such as kinds={{{column.name!r}: 'integer'}}"
            )
        holds = _COMPARED[type(op)]
        codes = frozenset(k for k, level in enumerate(levels) if holds(level, number))
        return [frozenset((Among(column.name, codes),))]

    def _codes(self, column: RuledColumn, values: Sequence[Any]) -> frozenset[int]:
        assert column.levels is not None
        try:
            (condition,) = parse_conditions({column.name: set(values)}, self._schema)
            fits = condition.matches(column.levels)
        except DataError as error:
            raise self.error(str(error).rstrip(".")) from None
        assert condition.values is not None
        absent = condition.values.filter(
            pa.array(~np.isin(condition.values.to_pylist(), column.levels.to_pylist()))
        )
        if len(absent) and self._strict:
            value = absent[0].as_py()
            hint = nearest(str(value), [str(v) for v in column.levels.to_pylist()])
            raise self.error(
                f"{column.name!r} is {value!r} in no row of the table, or too few to be "
                f"learned{hint.rstrip('.')}"
            )
        return frozenset(np.flatnonzero(fits).tolist())

    @staticmethod
    def _others(column: RuledColumn, codes: frozenset[int]) -> frozenset[int]:
        return frozenset(range(column.width)) - codes

    # --- numbers ----------------------------------------------------------------------------------

    def _difference(self, left: ast.expr, right: ast.expr) -> Sum:
        """Return the left side less the right one, in one unit."""
        times = (c for c in self._columns_in(left, right) if c.is_time)
        timed = next((c for c in times if c.column.kind is not Kind.CONSTANT), None)
        sums = []
        for side in (left, right):
            if isinstance(side, ast.Constant) and isinstance(side.value, str):
                moment = moment_of(side.value)
                if timed is not None:
                    moment, dates = self._constant(timed, side.value), self._dated(timed)
                    sums.append(Sum(time=moment, dates=dates))
                elif moment is not None and next(self._columns_in(left, right), None) is not None:
                    sums.append(Sum(time=moment, dates=1.0))
                else:
                    raise self.error(f"{side.value!r} is compared with a number")
            else:
                sums.append(self._arithmetic.sum_of(_without_words(side, self)))
        total = sums[0].plus(sums[1], -1.0)
        total = self._arithmetic.checked(total, dict(self._columns))
        if next(self._columns_in(left, right), None) is None:
            raise self.error("a comparison needs a column")
        return total

    def _columns_in(self, *trees: ast.expr) -> Iterator[RuledColumn]:
        for tree in trees:
            for node in ast.walk(tree):
                if isinstance(node, ast.Name) and (found := self.column(node.id)) is not None:
                    yield found

    @staticmethod
    def _dated(column: RuledColumn) -> float:
        return float(column.column.kind.value in ("date", "datetime"))

    def _constant(self, column: RuledColumn, value: Any) -> float:
        """Return a value of a column of numbers or times as a number."""
        if column.is_time and isinstance(value, str):
            moment = _moment(value, column)
            if moment is not None:
                return moment
        elif not column.is_time and isinstance(value, int | float) and not isinstance(value, bool):
            return float(value)
        try:
            (condition,) = parse_conditions({column.name: {value}}, self._schema)
        except DataError as error:
            raise self.error(str(error).rstrip(".")) from None
        assert condition.values is not None
        return float(column.numbers(condition.values)[0])

    def _at_most(self, left: ast.expr, op: ast.cmpop, right: ast.expr) -> BoundedSum:
        total = self._difference(left, right)
        if isinstance(op, ast.Gt | ast.GtE):
            total = total.times(-1.0)
        return self._stepped(
            BoundedSum.of(total.terms, -total.number, isinstance(op, ast.Lt | ast.Gt))
        )

    def _stepped(self, atom: BoundedSum) -> BoundedSum:
        """Return a strict bound on whole steps as one that is not strict: x < 3 is x <= 2."""
        if not atom.strict or any(not isinstance(term, str) for term, _ in atom.terms):
            return atom
        steps = [self._columns[str(term)].step for term, _ in atom.terms]
        factors = [factor for _, factor in atom.terms]
        finest = min(steps)
        whole = [*(f * s / finest for f, s in zip(factors, steps, strict=True) if finest)]
        if not finest or any(abs(w - round(w)) > 1e-9 for w in whole):
            return atom
        below = np.ceil(atom.bound / finest - 1e-6) - 1
        return BoundedSum.of(dict(atom.terms), float(below * finest))

    def _absolute(self, left: ast.expr, op: ast.cmpop, right: ast.expr) -> Clauses | None:
        """Return the clauses of a bound of an absolute value; None where there is none."""
        match left, right:
            case ast.Call(func=ast.Name(id="abs"), args=[inner], keywords=[]), other:
                turned = op
            case other, ast.Call(func=ast.Name(id="abs"), args=[inner], keywords=[]):
                turned = _turned(op)
            case _:
                return None
        minus = ast.UnaryOp(op=ast.USub(), operand=inner)
        both = [self._at_most(side, turned, other) for side in (inner, minus)]
        if isinstance(turned, ast.Lt | ast.LtE):
            return [frozenset((atom,)) for atom in both]
        return [frozenset(both)]

    def equality(self, left: ast.expr, right: ast.expr) -> Equality | None:
        """Return two equal sides as an equality of numbers; None where they are levels."""
        if self._is_of_levels(left, right) or self._truth(left, ast.Eq(), right) is not None:
            return None
        return self._equality(left, right)

    def _is_of_levels(self, left: ast.expr, right: ast.expr) -> bool:
        """Return whether a column of levels is compared with a value."""
        sides = ((left, right), (right, left))
        return any(
            isinstance(side, ast.Name)
            and (column := self.column(side.id)) is not None
            and column.levels is not None
            and self._is_value(other)
            for side, other in sides
        )

    def _equality(self, left: ast.expr, right: ast.expr) -> Equality:
        total = self._difference(left, right)
        inside = {name for t in total.terms if not isinstance(t, str) for name in t.columns}
        for side in (left, right):
            column = self.column(side.id) if isinstance(side, ast.Name) else None
            if column is None or column.name in inside:
                continue
            weight = total.terms.get(column.name, 0.0)
            if abs(weight) == 1:
                return Equality(total.times(weight), column.name)
        return Equality(total, None)

    def _equal(self, left: ast.expr, right: ast.expr) -> list[BoundedSum]:
        """Return two bounds that make two sides equal, but for the rounding of the source."""
        equality = self._equality(left, right)
        total, name = equality.total, equality.column
        low = high = 0.0
        names = [t for t in total.terms if isinstance(t, str)]
        if name is not None:
            step = self._columns[name].step
            low, high = {
                "nearest": (-step / 2, step / 2),
                "floor": (-step * _WHOLE, 0.0),
                "ceil": (0.0, step * _WHOLE),
                "truncate": (-step * _WHOLE, step * _WHOLE),
            }[self._rounding(name, total)]
        elif len(names) == len(total.terms):  # a sum of steps is exact but for floats
            high = min(self._columns[n].step for n in names) / 1000
            low = -high
        return [
            BoundedSum.of(total.terms, high - total.number),
            BoundedSum.of(total.times(-1.0).terms, total.number - low),
        ]

    def _rounding(self, name: str, total: Sum) -> str:
        """Return how the source rounds a column that equals a formula."""
        key = f"{name}: {self.text}"
        if key not in self._roundings and self._rows is not None:
            names = sorted(BoundedSum.of(total.terms, 0.0).columns)
            rows = self._rows(names)
            formula = np.full(rows.rows, -total.number)
            with np.errstate(all="ignore"):
                for term, weight in total.terms.items():
                    if term != name:
                        formula = formula - weight * rows.term(term)
            known = ~rows.absent(names) & np.isfinite(formula)
            self._roundings[key] = rounding_of(
                self._columns[name], rows.values[name][known], formula[known]
            )
        return self._roundings.get(key, "nearest")


def _turned(op: ast.cmpop) -> ast.cmpop:
    """Return the comparison with its sides exchanged."""
    turned = {ast.Lt: ast.Gt, ast.LtE: ast.GtE, ast.Gt: ast.Lt, ast.GtE: ast.LtE}
    return turned.get(type(op), type(op))()


def _negated(atom: BoundedSum) -> BoundedSum:
    minus = {term: -factor for term, factor in atom.terms}
    return BoundedSum.of(minus, -atom.bound, not atom.strict)


def _as_number(value: Any) -> float | None:
    try:
        return None if value is None else float(value)
    except (TypeError, ValueError):
        return None


def _is_rounded(value: float, formula: float) -> bool:
    """Return whether a value is a formula rounded to its decimals: to the nearest, down or up."""
    exponent = Decimal(repr(value)).as_tuple().exponent
    step = 10.0 ** min(exponent if isinstance(exponent, int) else 0, 0)
    steps = formula / step
    return np.rint(value / step) in (np.floor(steps + 1e-6), np.ceil(steps - 1e-6))


def _moment(text: str, column: RuledColumn) -> float | None:
    """Return a date or a time in ISO format in microseconds; None where it is none."""
    if column.column.kind is not Kind.TIME:
        return moment_of(text)
    try:
        moment = pa.array([time.fromisoformat(text.strip())], pa.time64("us"))
    except ValueError:
        return None
    return float(moment.cast(pa.int64())[0].as_py())


def _without_words(tree: ast.expr, translator: Translator) -> ast.expr:
    """Refuse quoted values within arithmetic."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            raise translator.error(f"{node.value!r} stands within arithmetic; compare it by itself")
    return tree
