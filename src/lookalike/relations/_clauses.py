"""Rules as clauses, and their elimination column by column, which finds conflicts.

Columns are settled one after the other, each given those before it. That always succeeds if the
clauses on the last column are resolved: what they demand together of the columns before it becomes
clauses on these (Fourier and Motzkin's elimination for sums, Davis and Putnam's for disjunctions;
compare Stoian et al. 2025, arXiv:2502.18237). Rules that contradict each other leave a clause
without any statement.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from lookalike._core.errors import DataError
from lookalike.relations._atoms import Among, Atom, BoundedSum, Presence, Term, simplified

__all__ = ["Clause", "ConflictError", "Eliminated", "eliminate"]

#: The greatest number of clauses on one column, beyond which rules are too entangled.
_MOST = 800


class ConflictError(DataError):
    """Rules that no row can fulfil together.

    Parameters
    ----------
    sources : frozenset of str
        The rules.
    """

    def __init__(self, sources: frozenset[str]) -> None:
        self.sources = sources
        words = " and ".join(repr(text) for text in sorted(sources))
        super().__init__(f"No row can fulfil {words} together. Change or drop one of these rules.")


@dataclass(frozen=True)
class Clause:
    """A disjunction of statements, of which each row must fulfil one.

    Parameters
    ----------
    atoms : frozenset of Atom
    sources : frozenset of str
        The rules from which it follows.
    soft : bool
        Whether it follows from the range of a column, which any rule may break.
    guards : frozenset of str
        Columns through which it follows: it is void in rows where one of them is missing.
    """

    atoms: frozenset[Atom]
    sources: frozenset[str]
    soft: bool = False
    guards: frozenset[str] = frozenset()

    @property
    def columns(self) -> frozenset[str]:
        """The columns that it is about."""
        return frozenset(name for atom in self.atoms for name in atom.columns)

    def implies(self, other: Clause) -> bool:
        """Return whether another clause says no more than this one."""
        return (
            self.atoms <= other.atoms
            and self.guards <= other.guards
            and (not self.soft or other.soft)
        )


@dataclass(frozen=True)
class Eliminated:
    """Clauses by the column that is settled so that they hold.

    Parameters
    ----------
    order : tuple of str
        The columns in the order in which they are settled.
    clauses : dict of str to tuple of Clause
    """

    order: tuple[str, ...]
    clauses: dict[str, tuple[Clause, ...]]


def eliminate(
    clauses: Iterable[Clause], order: Sequence[str], widths: Mapping[str, int]
) -> Eliminated:
    """Return the clauses by column, with those that follow from them.

    Parameters
    ----------
    clauses : iterable of Clause
    order : sequence of str
        All their columns, in the order in which they are settled.
    widths : mapping of str to int
        The number of codes of each column of levels.

    Raises
    ------
    ConflictError
        If no row can fulfil all clauses.
    DataError
        If too many clauses follow.
    """
    place = {name: k for k, name in enumerate(order)}
    waiting: dict[str, list[Clause]] = {name: [] for name in order}

    def add(clause: Clause) -> None:
        if not clause.atoms:
            if clause.soft:
                return  # a range gives way to rules
            raise ConflictError(clause.sources)
        last = max(clause.columns, key=lambda name: place[name])
        if not any(other.implies(clause) for other in waiting[last]):
            waiting[last] = [c for c in waiting[last] if not clause.implies(c)] + [clause]

    for clause in sorted(clauses, key=lambda clause: clause.soft):
        atoms = simplified(clause.atoms, widths)
        if atoms is not None:
            add(Clause(atoms, clause.sources, clause.soft, clause.guards))
    settled: dict[str, tuple[Clause, ...]] = {}
    for column in reversed(order):
        settled[column] = tuple(waiting[column])
        for clause in _resolved(column, waiting[column], widths):
            add(clause)
    return Eliminated(tuple(order), settled)


def _resolved(column: str, clauses: Sequence[Clause], widths: Mapping[str, int]) -> list[Clause]:
    """Return what clauses on a column demand together of the columns before it."""
    known, free = list(clauses), []
    k = 0
    while k < len(known):
        for j in range(k):
            for clause in _pair(column, known[j], known[k], widths):
                if column not in clause.columns:
                    free.append(clause)
                elif not any(other.implies(clause) for other in known):
                    known.append(clause)
        k += 1
        if len(known) + len(free) > _MOST:
            sources = sorted({text for clause in clauses for text in clause.sources})
            raise DataError(
                f"The rules on {column!r} are too entangled to hold together by construction: "
                f"{', '.join(map(repr, sources[:5]))}{', …' if len(sources) > 5 else ''}. Drop "
                "some, or write fewer alternatives."
            )
    return free


def _pair(column: str, one: Clause, other: Clause, widths: Mapping[str, int]) -> list[Clause]:
    """Return the resolvents of two clauses on a column."""
    found = []
    for a in one.atoms:
        for b in other.atoms:
            if column not in a.columns or column not in b.columns:
                continue
            together = _opposed(column, a, b)
            if together is None:
                continue
            atoms = simplified((*(one.atoms - {a}), *(other.atoms - {b}), *together), widths)
            if atoms is None:
                continue
            # What follows from values holds only where the cell is there.
            guard = frozenset() if isinstance(a, Presence) else frozenset((column,))
            found.append(
                Clause(
                    atoms,
                    one.sources | other.sources,
                    one.soft or other.soft,
                    one.guards | other.guards | guard,
                )
            )
    return found


def _opposed(column: str, a: Atom, b: Atom) -> tuple[Atom, ...] | None:
    """Return what follows for other columns if two statements hold; None where nothing does."""
    if isinstance(a, Presence) and isinstance(b, Presence):
        return () if a.missing != b.missing else None
    if isinstance(a, Among) and isinstance(b, Among):
        both = a.codes & b.codes
        if both in (a.codes, b.codes):
            return None
        return (Among(column, both),) if both else ()
    if isinstance(a, BoundedSum) and isinstance(b, BoundedSum):
        p, q = a.factor(column), b.factor(column)
        if p * q >= 0:
            return None
        terms: dict[Term, float] = {}
        for atom, scale in ((a, abs(q)), (b, abs(p))):
            for term, factor in atom.terms:
                terms[term] = terms.get(term, 0.0) + factor * scale
        size = max(abs(f) for atom in (a, b) for _, f in atom.terms) * max(abs(p), abs(q))
        kept = {t: f for t, f in terms.items() if t != column and abs(f) > 1e-12 * size}
        return (BoundedSum.of(kept, abs(q) * a.bound + abs(p) * b.bound, a.strict or b.strict),)
    return None
