"""One declared rule, bound to the columns of a table."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from lookalike.relations import Among, Atom, BoundedSum, Cells, RowValues, RuledColumn, is_one
from lookalike.rules._read import read_rule, sides
from lookalike.rules._translate import Equality, Translator
from lookalike.tables import Schema
from lookalike.tables.values.arrow import is_null, plain

__all__ = ["DeclaredRule", "bind_rule"]


@dataclass(frozen=True)
class DeclaredRule:
    """A rule of a table.

    Parameters
    ----------
    text : str
    clauses : tuple of frozenset of Atom
        Disjunctions that hold in every row.
    equality : Equality or None
        The equality that the rule consists of.
    on : tuple of str
        The columns that determine others.
    determined : tuple of str
        The columns with one value for each combination of those of `on`.
    unique : tuple of str
        The columns whose combination no two rows share.
    one_hot : tuple of str
        The columns of which exactly one is 1.
    """

    text: str
    clauses: tuple[frozenset[Atom], ...] = ()
    equality: Equality | None = None
    on: tuple[str, ...] = ()
    determined: tuple[str, ...] = ()
    unique: tuple[str, ...] = ()
    one_hot: tuple[str, ...] = ()

    @property
    def columns(self) -> frozenset[str]:
        """All columns of the rule."""
        return frozenset((*self.ruled, *self.on, *self.determined, *self.unique))

    @property
    def ruled(self) -> frozenset[str]:
        """The columns of clauses."""
        return frozenset(n for clause in self.clauses for atom in clause for n in atom.columns)

    def broken(self, cells: Cells, values: RowValues) -> np.ndarray:
        """Return a mask of the rows that break the rule, shape (n,).

        Parameters
        ----------
        cells : mapping of str to pyarrow.Array, shape (n,)
            The columns of canonical rows.
        values : RowValues
            The columns of clauses.
        """
        if self.unique:
            return _repeated(cells, self.unique)
        wrong = np.zeros(len(next(iter(cells.values()))), bool)
        for name in self.determined:
            wrong |= _exceptions(cells, self.on, name)
        for clause in self.clauses:
            right = np.zeros(len(wrong), bool)
            for atom in clause:
                right |= atom.holds(values)
            wrong |= ~right
        return wrong


def bind_rule(
    text: str,
    schema: Schema,
    columns: Mapping[str, RuledColumn],
    roundings: dict[str, str],
    rows: Callable[[Sequence[str]], RowValues] | None = None,
    *,
    strict: bool = True,
) -> DeclaredRule:
    """Read a rule and bind it to the columns of a table.

    Parameters
    ----------
    text : str
    schema : Schema
    columns : mapping of str to RuledColumn
    roundings : dict of str to str
        The rounding of each equality; learned from `rows` where they are given.
    rows : callable, optional
        Returns the numbers of some columns of the table.
    strict : bool
        Whether values must occur in the table.

    Raises
    ------
    ParameterError
        If it is no rule on these columns.
    """
    read = read_rule(text)
    translator = Translator(read.text, read.quoted, schema, columns, roundings, rows, strict=strict)
    if read.then is not None:
        on, determined = (_names(tree, translator) for tree in (read.tree, read.then))
        if on is not None and determined is not None and len(sides(read.text)) > 1:
            both = set(on) & set(determined)
            if both:
                raise translator.error(f"{sorted(both)[0]!r} stands on both sides")
            return DeclaredRule(read.text, on=on, determined=determined)
        return DeclaredRule(read.text, tuple(translator.implication(read.tree, read.then)))
    match read.tree:
        case ast.Call(func=ast.Name(id="unique" | "one_hot" as word), args=args, keywords=[]):
            names = _names(ast.Tuple(args), translator)
            if names is None:
                raise translator.error(f"{word}() takes columns")
            if word == "unique":
                return DeclaredRule(read.text, unique=names)
            return DeclaredRule(read.text, _one_hot(names, columns, translator), one_hot=names)
        case ast.Compare(left=left, ops=[ast.Eq()], comparators=[right]):
            equality = translator.equality(left, right)
            return DeclaredRule(read.text, tuple(translator.clauses(read.tree)), equality)
    return DeclaredRule(read.text, tuple(translator.clauses(read.tree)))


def _names(tree: ast.expr, translator: Translator) -> tuple[str, ...] | None:
    """Return the columns of a list of columns; None where it is more than that."""
    parts = tree.elts if isinstance(tree, ast.Tuple) else [tree]
    if not parts or not all(isinstance(part, ast.Name) for part in parts):
        return None
    names = [translator.name(part) for part in parts]
    return tuple(dict.fromkeys(name for name in names if name is not None))


# --- one-hot --------------------------------------------------------------------------------------


def _one_hot(
    names: Sequence[str], columns: Mapping[str, RuledColumn], translator: Translator
) -> tuple[frozenset[Atom], ...]:
    """Return the clauses under which exactly one of some columns is 1, and the others 0."""
    if len(names) < 2:
        raise translator.error("one_hot() takes two columns or more")
    states = [_one_and_zero(columns[name], translator) for name in names]
    clauses = [frozenset(one for one, _ in states)]
    clauses += [frozenset((one, zero)) for one, zero in states]
    clauses += [
        frozenset((states[i][1], states[j][1])) for j in range(len(states)) for i in range(j)
    ]
    whole = [
        frozenset((BoundedSum.of({name: sign}, end),))
        for name in names
        if columns[name].is_number
        for sign, end in ((1.0, 1.0), (-1.0, 0.0))
    ]
    return (*clauses, *whole)


def _one_and_zero(column: RuledColumn, translator: Translator) -> tuple[Atom, Atom]:
    """Return the statements that a column is 1, and that it is 0."""
    if column.is_number and not column.is_time:
        return BoundedSum.of({column.name: -1.0}, -1.0), BoundedSum.of({column.name: 1.0}, 0.0)
    if column.levels is None or len(column.levels) > 2:
        raise translator.error(f"{column.name!r} must be 0 or 1, or false or true, in every row")
    codes = [k for k, level in enumerate(column.levels.to_pylist()) if is_one(level)]
    # A flag may be 0, or 1, in every row.
    if len(codes) != 1 and len(column.levels) > 1:
        raise translator.error(f"it is not clear which value of {column.name!r} means 1")
    other = frozenset(range(column.width)) - set(codes)
    return Among(column.name, frozenset(codes)), Among(column.name, other)


# --- keys -----------------------------------------------------------------------------------------


def _coded(cells: Cells, names: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Return a code of the combination of some columns, and the rows in which none is missing."""
    codes = np.zeros(len(cells[names[0]]), np.int64)
    known = np.ones(len(codes), bool)
    for name in names:
        column = plain(cells[name])
        encoded = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
        own = encoded.indices.fill_null(len(encoded.dictionary)).to_numpy(zero_copy_only=False)
        known &= ~is_null(cells[name])
        both = codes * (len(encoded.dictionary) + 1) + own
        codes = np.unique(both, return_inverse=True)[1].astype(np.int64)
    return codes, known


def _repeated(cells: Cells, names: Sequence[str]) -> np.ndarray:
    """Return a mask of the rows that repeat the combination of an earlier row."""
    codes, known = _coded(cells, names)
    first = np.full(int(codes.max(initial=0)) + 1, len(codes))
    rows = np.flatnonzero(known)
    np.minimum.at(first, codes[rows], rows)
    return np.asarray(known & (first[codes] != np.arange(len(codes))))


def _exceptions(cells: Cells, on: Sequence[str], name: str) -> np.ndarray:
    """Return a mask of the rows without the most common cell of their combination."""
    keys, known = _coded(cells, on)
    targets, present = _coded(cells, [name])
    known &= present
    pairs, which, counts = np.unique(
        keys[known] * (int(targets.max(initial=0)) + 1) + targets[known],
        return_inverse=True,
        return_counts=True,
    )
    key = pairs // (int(targets.max(initial=0)) + 1)
    best = np.zeros(int(keys.max(initial=0)) + 1, np.int64)
    order = np.lexsort([np.arange(len(pairs)), counts])
    best[key[order]] = order  # the last one is the most common
    wrong = np.zeros(len(keys), bool)
    wrong[known] = best[keys[known]] != which.ravel()
    return wrong
