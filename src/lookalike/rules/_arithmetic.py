"""The arithmetic of rules: sums of columns, and formulas that are no sums."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import numpy as np
import pyarrow as pa

from lookalike._core.errors import ParameterError
from lookalike.datasets.functions import Expression
from lookalike.relations import Computed, RuledColumn, Term
from lookalike.tables import Kind
from lookalike.tables.values.grid import raw_of

__all__ = ["DAY", "Arithmetic", "Sum", "formula_of", "moment_of"]

#: Microseconds of the units of time.
DAY = 86_400e6
_UNITS = {"weeks": 7 * DAY, "days": DAY, "hours": 3_600e6, "minutes": 60e6, "seconds": 1e6}
_DATES = (Kind.DATE, Kind.DATETIME)


@dataclass
class Sum:
    """A weighted sum of terms and constants.

    Parameters
    ----------
    terms : dict of Term to float
    number : float
        The constant, as a plain number: of days, beside dates.
    time : float
        The constant in microseconds.
    dates : float
        The number of dates among the constants: a date less a date is a duration.
    """

    terms: dict[Term, float] = field(default_factory=dict)
    number: float = 0.0
    time: float = 0.0
    dates: float = 0.0

    def plus(self, other: Sum, factor: float = 1.0) -> Sum:
        """Return this sum plus another one times a factor."""
        terms = dict(self.terms)
        for term, weight in other.terms.items():
            terms[term] = terms.get(term, 0.0) + factor * weight
        return Sum(
            {term: weight for term, weight in terms.items() if weight},
            self.number + factor * other.number,
            self.time + factor * other.time,
            self.dates + factor * other.dates,
        )

    def times(self, factor: float) -> Sum:
        """Return this sum times a factor."""
        return Sum().plus(self, factor)

    @property
    def is_constant(self) -> bool:
        return not self.terms


class Arithmetic:
    """A reader of the arithmetic of one rule.

    Parameters
    ----------
    text : str
        The rule.
    column : callable
        Returns the column under a name in the tree; None where there is none.
    """

    def __init__(self, text: str, column: Callable[[str], RuledColumn | None]) -> None:
        self.text, self._column = text, column

    def sum_of(self, tree: ast.expr) -> Sum:
        """Return a tree as a sum.

        Raises
        ------
        ParameterError
            If it is no arithmetic.
        """
        match tree:
            case ast.Constant(value=int() | float() as value) if _is_number(value):
                return Sum(number=float(value))
            case ast.Name(id=name) if (column := self._column(name)) is not None:
                return self._of_column(column)
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return self.sum_of(operand).times(-1.0)
            case ast.UnaryOp(op=ast.UAdd(), operand=operand):
                return self.sum_of(operand)
            case ast.BinOp(left=left, op=ast.Add() | ast.Sub() as op, right=right):
                sign = 1.0 if isinstance(op, ast.Add) else -1.0
                return self.sum_of(left).plus(self.sum_of(right), sign)
            case ast.BinOp(left=left, op=ast.Mult() | ast.Div() as op, right=right):
                return self._product(tree, self.sum_of(left), op, self.sum_of(right))
            case ast.Call(func=ast.Name(id=unit), args=[number], keywords=[]) if unit in _UNITS:
                count = self.sum_of(number)
                if not count.is_constant or count.time:
                    raise self._error(f"{unit}() takes a number")
                return Sum(time=count.number * _UNITS[unit])
        return self._computed(tree)

    def _of_column(self, column: RuledColumn) -> Sum:
        if (value := _constant(column)) is not None:
            return value
        if not column.is_number:
            raise self._error(
                f"{column.name!r} is {column.column.kind.value}, not a number: compare it with "
                "values in quotes by ==, != or in"
            )
        return Sum({column.name: 1.0})

    def _product(self, tree: ast.expr, left: Sum, op: ast.operator, right: Sum) -> Sum:
        if right.is_constant and not right.time and not right.dates:
            if isinstance(op, ast.Mult):
                return left.times(right.number)
            if right.number:
                return left.times(1.0 / right.number)
        elif left.is_constant and isinstance(op, ast.Mult) and not left.time and not left.dates:
            return right.times(left.number)
        return self._computed(tree)

    def _computed(self, tree: ast.expr) -> Sum:
        """Return a formula that is no sum, read by the grammar of formulas."""
        names: dict[str, str] = {}
        columns: list[str] = []
        known: list[float] = []

        def renamed(node: ast.AST) -> ast.AST:
            if isinstance(node, ast.Name):
                column = self._column(node.id)
                if column is None:
                    return node
                value = _constant(column)
                if value is not None and not value.time and not value.dates:
                    known.append(value.number)
                    return ast.Constant(value.number)
                if not column.is_number or column.is_time:
                    raise self._error(
                        f"{column.name!r} is {column.column.kind.value}: only numbers have "
                        "products and functions"
                    )
                if column.name not in names:
                    names[column.name] = f"c{len(columns)}"
                    columns.append(column.name)
                return ast.Name(names[column.name])
            values: dict[str, Any] = {}
            for key, value in ast.iter_fields(node):
                # The name of a function is no column.
                if isinstance(node, ast.Call) and key == "func":
                    values[key] = value
                elif isinstance(value, list):
                    values[key] = [renamed(v) if isinstance(v, ast.AST) else v for v in value]
                else:
                    values[key] = renamed(value) if isinstance(value, ast.AST) else value
            return type(node)(**values)

        shown = ast.unparse(renamed(tree))
        if np.isnan(known).any():
            return Sum(number=np.nan)
        try:
            formula = Expression(shown)
        except ParameterError as error:
            raise self._error(str(error).rstrip(".")) from None
        unknown = [name for name in formula.variables if name not in names.values()]
        if unknown:
            raise self._error(f"there is no column {unknown[0]!r}")
        if not columns:
            return Sum(number=float(formula()))
        return Sum({Computed(shown, tuple(columns)): 1.0})

    def _error(self, why: str) -> ParameterError:
        return ParameterError(f"The rule {self.text!r} cannot be used: {why}.")

    def checked(self, total: Sum, columns: dict[str, RuledColumn]) -> Sum:
        """Return a sum in one unit: beside dates and durations, plain numbers are days.

        Raises
        ------
        ParameterError
            If a date is compared with something else than a date.
        """
        if np.isnan(total.number):  # a missing constant
            return Sum(number=np.nan)
        plain = [(t, w) for t, w in total.terms.items() if isinstance(t, str)]
        times = [(name, w) for name, w in plain if columns[name].is_time]
        if not times:
            if total.is_constant and not total.dates:
                return Sum(number=total.number * DAY + total.time)
            if total.time:
                raise self._error("a duration can be compared with dates and durations only")
            return total
        dates = total.dates + sum(w for n, w in times if columns[n].column.kind in _DATES)
        if abs(dates) > 1e-9:
            raise self._error("a date can be compared with dates only; write them in quotes")
        terms = {
            term: weight * (1.0 if (term, weight) in times else DAY)
            for term, weight in total.terms.items()
        }
        return Sum(terms, total.number * DAY + total.time)


def formula_of(total: Sum) -> tuple[str, tuple[str, ...]]:
    """Return a sum in one unit as a formula, and its columns in the order of its variables."""
    columns: list[str] = []

    def variable(name: str) -> str:
        if name not in columns:
            columns.append(name)
        return f"c{columns.index(name)}"

    parts = []
    for term, weight in total.terms.items():
        if isinstance(term, str):
            words = variable(term)
        else:
            tree = ast.parse(term.text, mode="eval")
            for node in ast.walk(tree):
                if isinstance(node, ast.Name) and node.id in {
                    f"c{i}": None for i in range(len(term.columns))
                }:
                    node.id = variable(term.columns[int(node.id[1:])])
            words = f"({ast.unparse(tree)})"
        parts.append(words if weight == 1 else f"{weight!r} * {words}")
    if total.number or not parts:
        parts.append(repr(total.number))
    return " + ".join(parts), tuple(columns)


def moment_of(text: str) -> float | None:
    """Return a date or a datetime in ISO format in microseconds; None where it is none."""
    for reader, kind in ((date.fromisoformat, pa.date32()), (datetime.fromisoformat, None)):
        try:
            moment = pa.array([reader(text.strip())], kind or pa.timestamp("us"))
        except ValueError:
            continue
        return float(raw_of(moment, None)[0]) * (DAY if kind else 1.0)
    return None


def _constant(column: RuledColumn) -> Sum | None:
    """Return the one value of a constant column, NaN where it has none; None where it is no number.

    A comparison with it is of numbers, or of dates and durations.
    """
    if column.column.kind is not Kind.CONSTANT or column.levels is None or len(column.levels) > 1:
        return None
    if not len(column.levels):
        return Sum(number=np.nan)
    value = column.levels[0].as_py()
    if _is_number(value):
        return Sum(number=float(value))
    if isinstance(value, str):
        moment = moment_of(value)
        return None if moment is None else Sum(time=moment, dates=1.0)
    if column.is_time:
        ticks = float(raw_of(column.levels, None)[0])
        return Sum(time=ticks * column.scale, dates=float(isinstance(value, date)))
    return None


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
