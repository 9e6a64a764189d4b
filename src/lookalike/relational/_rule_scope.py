"""Rules of a database: the table whose rows obey one, and what it reaches in other tables.

Columns are written ``table.column``. A rule becomes one on a single table, its *home*: columns of
tables that keys lead to, and sums, means, least and greatest values and numbers of rows that lead
to it, become columns with a name of their own.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from lookalike._core.errors import ParameterError, nearest
from lookalike.databases import ForeignKey
from lookalike.rules import backquoted, read_rule, sides, value_text

__all__ = ["AGGREGATES", "Reached", "ScopedRule", "scope_rule"]

AGGREGATES = ("sum", "mean", "min", "max", "count")
#: The greatest number of keys from a row to one of another table.
_STEPS = 4
#: The starts of the names that stand for columns, and for quoted values, in a tree.
_PLACEHOLDER, _VALUE = "reached_column_", "reached_value_"


@dataclass(frozen=True)
class Reached:
    """A column beside those of the home table.

    Parameters
    ----------
    name : str
        Such as ``"customers.since"`` or ``"sum(lines.amount)"``.
    how : str
        ``"parent"``, or one of `AGGREGATES`.
    table : str
    column : str
        Empty for ``count``.
    path : tuple of ForeignKey
        From the home table to `table`; for an aggregate, from `table` to the home table.
    """

    name: str
    how: str
    table: str
    column: str
    path: tuple[ForeignKey, ...]


@dataclass(frozen=True)
class ScopedRule:
    """A rule on one table.

    Parameters
    ----------
    text : str
        As it was written.
    home : str
        The table whose rows obey it, and whose cells are changed so that they do.
    local : str
        The rule on the columns of the home table and on those that it reaches.
    columns : tuple of str
        The columns of the home table.
    reached : tuple of Reached
    """

    text: str
    home: str
    local: str
    columns: tuple[str, ...]
    reached: tuple[Reached, ...]


@dataclass(frozen=True)
class _RuleTerm:
    """A part of a rule: a column, or an aggregate of one."""

    how: str
    table: str
    column: str

    @property
    def name(self) -> str:
        if self.how == "count":
            return f"count({self.table})"
        own = f"{self.table}.{self.column}"
        return own if self.how == "parent" else f"{self.how}({own})"


def scope_rule(
    text: str, columns: Mapping[str, Sequence[str]], keys: Sequence[ForeignKey]
) -> ScopedRule:
    """Find the home of a rule, and write it on the columns of one table.

    Parameters
    ----------
    text : str
        Such as ``"orders.date >= customers.since"`` or ``"orders.total == sum(lines.amount)"``.
    columns : mapping of str to sequence of str
        The columns of each table.
    keys : sequence of ForeignKey

    Raises
    ------
    ParameterError
        If it is no rule on these tables, or no key leads from one to the other.

    Examples
    --------
    >>> key = ForeignKey.parse("orders.customer -> customers.id")
    >>> columns = {"customers": ["id", "since"], "orders": ["customer", "date"]}
    >>> scope_rule("orders.date >= customers.since", columns, [key]).local
    '`date` >= `customers.since`'
    """
    read = read_rule(text)
    reader = _RuleReader(read.text, read.quoted, columns)
    trees = [None if tree is None else reader.visit(tree) for tree in (read.tree, read.then)]
    outer = dict.fromkeys(term.table for term in reader.terms if term.how == "parent")
    inner = dict.fromkeys(term.table for term in reader.terms if term.how != "parent")
    home = _home(read.text, list(outer), list(inner), keys)
    reached = []
    for term in reader.terms:
        if term.how == "parent" and term.table == home:
            continue
        ends = (home, term.table) if term.how == "parent" else (term.table, home)
        path = _path(read.text, *ends, keys)
        if term.name in columns[home]:
            raise reader.error(f"{home!r} has a column with the name {term.name!r}")
        reached.append(Reached(term.name, term.how, term.table, term.column, path))
    own = [t.column for t in reader.terms if t.how == "parent" and t.table == home]
    tree, then = trees
    assert tree is not None
    if then is None and reached:
        tree = _determining(tree, reader, home)
    local = reader.written(tree, home)
    if then is not None:
        arrow = len(sides(read.text)) > 1
        other = reader.written(then, home)
        local = f"{local} -> {other}" if arrow else f"{other} if {local}"
    return ScopedRule(read.text, home, local, tuple(dict.fromkeys(own)), tuple(reached))


def _determining(tree: ast.expr, reader: _RuleReader, home: str) -> ast.expr:
    """Return an equality with the column that it determines, one of the home table, on the left."""
    match tree:
        case ast.Compare(left=left, ops=[ast.Eq()], comparators=[right]):
            if reader.is_of(left, home):
                return tree
            if reader.is_of(right, home):
                return ast.Compare(right, [ast.Eq()], [left])
            raise reader.error(
                f"in an equality with other tables, a column of {home!r} must stand alone on one "
                "side: it is computed"
            )
    return tree


class _RuleReader(ast.NodeTransformer):
    """Replaces columns, aggregates and quoted values of a tree by names, and lists them."""

    def __init__(
        self, text: str, quoted: Mapping[str, str], columns: Mapping[str, Sequence[str]]
    ) -> None:
        self.text, self._quoted, self._columns = text, quoted, columns
        self.terms: list[_RuleTerm] = []
        self._values: list[str] = []

    def error(self, why: str) -> ParameterError:
        return ParameterError(f"The rule {self.text!r} cannot be used: {why}.")

    def visit_Call(self, node: ast.Call) -> ast.expr:
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        whole = len(node.args) == 1 and not node.keywords
        if name == "count" and whole and isinstance(node.args[0], ast.Name):
            return self._placed(_RuleTerm("count", self._table(node.args[0]), ""))
        if name in AGGREGATES:
            if not whole or not isinstance(node.args[0], ast.Attribute):
                example = "count(lines)" if name == "count" else f"{name}(lines.amount)"
                raise self.error(f"{name} is written like {example}")
            return self._placed(replace(self._term(node.args[0]), how=name))
        node.args = [self.visit(argument) for argument in node.args]
        return node

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        return self._placed(self._term(node))

    def visit_Constant(self, node: ast.Constant) -> ast.expr:
        if not isinstance(node.value, str):
            return node
        self._values.append(node.value)
        return ast.Name(f"{_VALUE}{len(self._values) - 1}")

    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.expr:
        raise self.error(f"{ast.unparse(node)} is no value")

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id in ("true", "false"):
            return ast.Constant(node.id == "true")
        raise self.error(
            f"in a database, columns are written table.column; got "
            f"{self._quoted.get(node.id, node.id)!r}"
        )

    def is_of(self, tree: ast.expr, home: str) -> bool:
        """Return whether a tree is a column of the home table."""
        term = self._of(tree)
        return term is not None and term.how == "parent" and term.table == home

    def written(self, tree: ast.expr, home: str) -> str:
        """Return a tree as a rule on the home table."""

        def meant(found: re.Match[str]) -> str:
            if found[1] == _VALUE:
                return value_text(self._values[int(found[2])])
            term = self.terms[int(found[2])]
            own = term.how == "parent" and term.table == home
            return backquoted(term.column if own else term.name)

        # Strings and names are put in by the grammar of rules, which escapes otherwise than Python.
        text = ast.unparse(tree)
        if isinstance(tree, ast.Tuple):
            text = text.strip("()")
        return re.sub(rf"\b({_PLACEHOLDER}|{_VALUE})(\d+)\b", meant, text)

    def _of(self, tree: ast.expr) -> _RuleTerm | None:
        if isinstance(tree, ast.Name) and tree.id.startswith(_PLACEHOLDER):
            return self.terms[int(tree.id.removeprefix(_PLACEHOLDER))]
        return None

    def _term(self, node: ast.Attribute) -> _RuleTerm:
        if not isinstance(node.value, ast.Name):
            raise self.error(f"{ast.unparse(node)!r} is no column; write table.column")
        table = self._table(node.value)
        column = self._quoted.get(node.attr, node.attr)
        if column not in self._columns[table]:
            hint = nearest(column, self._columns[table])
            raise self.error(f"{table!r} has no column {column!r}.{hint}".rstrip("."))
        return _RuleTerm("parent", table, column)

    def _table(self, node: ast.Name) -> str:
        table = self._quoted.get(node.id, node.id)
        if table not in self._columns:
            hint = nearest(table, self._columns)
            raise self.error(f"there is no table {table!r}.{hint}".rstrip("."))
        return table

    def _placed(self, term: _RuleTerm) -> ast.Name:
        if term not in self.terms:
            self.terms.append(term)
        return ast.Name(f"{_PLACEHOLDER}{self.terms.index(term)}")


def _home(text: str, outer: Sequence[str], inner: Sequence[str], keys: Sequence[ForeignKey]) -> str:
    """Return the table from which all others are reached."""
    for table in outer:
        above = all(t == table or _paths(t_from, t, keys) for t in outer for t_from in [table])
        if above and all(_paths(t, table, keys) for t in inner):
            return table
    if not outer:
        raise ParameterError(
            f"The rule {text!r} cannot be used: it must have a column of the table whose rows are "
            "summed up, which is changed so that the rule holds."
        )
    listed = " and ".join(map(repr, dict.fromkeys((*outer, *inner))))
    raise ParameterError(f"The rule {text!r} cannot be used: no keys lead between {listed}.")


def _path(text: str, table: str, parent: str, keys: Sequence[ForeignKey]) -> tuple[ForeignKey, ...]:
    paths = _paths(table, parent, keys)
    shortest = [path for path in paths if len(path) == min(map(len, paths))]
    if len(shortest) > 1:
        ways = " or ".join(str(path[0]) for path in shortest)
        raise ParameterError(
            f"The rule {text!r} cannot be used: several keys lead from {table!r} to {parent!r} "
            f"({ways}), and it does not say which."
        )
    return shortest[0]


def _paths(
    table: str, parent: str, keys: Sequence[ForeignKey], steps: int = _STEPS
) -> list[tuple[ForeignKey, ...]]:
    """Return the sequences of keys from one table to another one."""
    found: list[tuple[ForeignKey, ...]] = []
    for key in keys if steps else ():
        if key.table != table or key.is_own:
            continue
        if key.parent == parent:
            found.append((key,))
        else:
            found += [(key, *more) for more in _paths(key.parent, parent, keys, steps - 1)]
    return found
