"""Statements about the cells of one row, of which rules between columns consist."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from lookalike.datasets.functions import Expression

__all__ = ["Among", "Atom", "BoundedSum", "Computed", "Presence", "RowValues", "Term", "simplified"]

#: Numbers that differ by less than this, relative to their size, are equal up to rounding.
_ROUNDING = 1e-12


@dataclass(frozen=True)
class Computed:
    """A formula of columns that is no sum of them, such as a product.

    Parameters
    ----------
    text : str
        The formula, in the variables ``c0``, ``c1``, … for the columns.
    columns : tuple of str
    """

    text: str
    columns: tuple[str, ...]


#: A number of a row: a column, or a formula of columns.
Term = str | Computed


@dataclass(frozen=True)
class RowValues:
    """The cells of n rows as numbers or as codes of levels.

    Parameters
    ----------
    values : dict of str to ndarray, shape (n,)
        Numbers and times as float64, levels as int64 codes; anything where missing.
    missing : dict of str to ndarray of bool, shape (n,)
    """

    values: dict[str, np.ndarray]
    missing: dict[str, np.ndarray]

    @property
    def rows(self) -> int:
        """The number of rows."""
        return len(next(iter(self.missing.values())))

    def take(self, rows: np.ndarray) -> RowValues:
        """Return some of the rows."""
        values, missing = (
            {name: array[rows] for name, array in arrays.items()}
            for arrays in (self.values, self.missing)
        )
        return RowValues(values, missing)

    def put(self, name: str, rows: np.ndarray, values: np.ndarray, missing: np.ndarray) -> None:
        """Replace the cells of some rows in one column."""
        for arrays, new in ((self.values, values), (self.missing, missing)):
            arrays[name] = arrays[name].copy()
            arrays[name][rows] = new

    def term(self, term: Term) -> np.ndarray:
        """Return a term as float64, shape (n,)."""
        if isinstance(term, str):
            return self.values[term]
        named = {f"c{i}": self.values[name] for i, name in enumerate(term.columns)}
        return Expression(term.text)(**named)

    def absent(self, columns: Iterable[str]) -> np.ndarray:
        """Return a mask of the rows in which any of some columns is missing."""
        gone = np.zeros(self.rows, bool)
        for name in columns:
            gone |= self.missing[name]
        return gone


@dataclass(frozen=True)
class BoundedSum:
    """The statement that a weighted sum is at most a bound; it is true beside a missing cell.

    Parameters
    ----------
    terms : tuple of (Term, float)
        The terms with their factors, none of them 0, in a fixed order.
    bound : float
    strict : bool
        Whether the sum must be below the bound.
    """

    terms: tuple[tuple[Term, float], ...]
    bound: float
    strict: bool = False

    @classmethod
    def of(cls, terms: Mapping[Term, float], bound: float, strict: bool = False) -> BoundedSum:
        """Build the statement, scaled so that its first factor is 1 or -1."""
        kept = sorted(((t, f) for t, f in terms.items() if f), key=lambda pair: repr(pair[0]))
        scale = abs(kept[0][1]) if kept else 1.0
        scaled = tuple((term, factor / scale) for term, factor in kept)
        return cls(scaled, bound / scale, strict)

    @property
    def columns(self) -> frozenset[str]:
        """The columns that it is about."""
        return frozenset(
            name
            for term, _ in self.terms
            for name in ((term,) if isinstance(term, str) else term.columns)
        )

    def factor(self, column: str) -> float:
        """Return the factor of a column; 0 where it does not stand by itself."""
        if any(not isinstance(t, str) and column in t.columns for t, _ in self.terms):
            return 0.0
        return next((factor for term, factor in self.terms if term == column), 0.0)

    def holds(self, rows: RowValues) -> np.ndarray:
        """Return a mask of the rows in which the statement is true."""
        total, size = np.zeros(rows.rows), np.full(rows.rows, abs(self.bound))
        with np.errstate(all="ignore"):
            for term, factor in self.terms:
                part = rows.term(term) * factor
                total, size = total + part, np.maximum(size, np.abs(part))
            # The order of two columns, or of one and a number, is exact: only sums are rounded.
            exact = len(self.terms) == 1 or (
                len(self.terms) == 2 and self.bound == 0 and abs(self.terms[1][1]) == 1
            )
            if self.strict:
                right = total < self.bound
            else:
                right = total <= self.bound + (0.0 if exact else _ROUNDING * size)
        return np.asarray(right | rows.absent(self.columns))

    def limit(self, column: str, rows: RowValues) -> np.ndarray:
        """Return the bound of one column, given the others: upper if its factor is positive."""
        rest = np.full(rows.rows, self.bound)
        for term, factor in self.terms:
            if term != column:
                rest = rest - rows.term(term) * factor
        return np.asarray(rest / self.factor(column))


@dataclass(frozen=True)
class Among:
    """The statement that a cell has one of some levels; it is true of a missing cell.

    Parameters
    ----------
    column : str
    codes : frozenset of int
        The codes of the levels; the last code stands for all other levels.
    """

    column: str
    codes: frozenset[int]

    @property
    def columns(self) -> frozenset[str]:
        """The columns that it is about."""
        return frozenset((self.column,))

    def holds(self, rows: RowValues) -> np.ndarray:
        """Return a mask of the rows in which the statement is true."""
        codes = np.array(sorted(self.codes), np.int64)
        found = np.isin(rows.values[self.column], codes, kind="table")
        return np.asarray(found | rows.missing[self.column])


@dataclass(frozen=True)
class Presence:
    """The statement that a cell is missing, or that it is not.

    Parameters
    ----------
    column : str
    missing : bool
        True if it is missing.
    """

    column: str
    missing: bool

    @property
    def columns(self) -> frozenset[str]:
        """The columns that it is about."""
        return frozenset((self.column,))

    def holds(self, rows: RowValues) -> np.ndarray:
        """Return a mask of the rows in which the statement is true."""
        return np.asarray(rows.missing[self.column] == self.missing)


Atom = BoundedSum | Among | Presence


def simplified(atoms: Iterable[Atom], widths: Mapping[str, int]) -> frozenset[Atom] | None:
    """Return an equivalent shorter disjunction; None where it is always true.

    Parameters
    ----------
    atoms : iterable of Atom
    widths : mapping of str to int
        The number of codes of each column of levels.
    """
    levels: dict[str, frozenset[int]] = {}
    sums: dict[tuple[tuple[Term, float], ...], BoundedSum] = {}
    presence: set[Presence] = set()
    for atom in atoms:
        if isinstance(atom, Among):
            levels[atom.column] = levels.get(atom.column, frozenset()) | atom.codes
        elif isinstance(atom, Presence):
            presence.add(atom)
        elif not atom.terms:
            tolerance = _ROUNDING * (1 + abs(atom.bound))
            if (atom.bound - tolerance > 0) if atom.strict else (atom.bound + tolerance >= 0):
                return None
        else:
            other = sums.get(atom.terms)
            if other is None or (other.bound, other.strict) < (atom.bound, not atom.strict):
                sums[atom.terms] = atom
    if any(len(codes) >= widths[name] for name, codes in levels.items()):
        return None
    if any(Presence(p.column, not p.missing) in presence for p in presence):
        return None
    for terms, atom in sums.items():
        opposite = sums.get(tuple((term, -factor) for term, factor in terms))
        if opposite is None or -opposite.bound > atom.bound:
            continue
        if not (atom.strict and opposite.strict and -opposite.bound == atom.bound):
            return None
    kept = [Among(name, codes) for name, codes in levels.items() if codes]
    return frozenset((*kept, *sums.values(), *presence))
