"""The numbers that formulas can reach, given the ranges of their columns (interval arithmetic)."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping

import numpy as np

from lookalike.relations import Atom, BoundedSum, Clause, Term

__all__ = ["is_implied", "narrowed"]

#: A range of numbers, with its ends.
ReachedRange = tuple[float, float]
_ALL: ReachedRange = (-np.inf, np.inf)
#: A sum may exceed its bound by this, relative to its size: floats are rounded.
_ROUNDING = 1e-9
_RISING = {"exp": np.exp, "sqrt": np.sqrt, "log": np.log}


def narrowed(
    ranges: Mapping[str, ReachedRange], clauses: Iterable[frozenset[Atom]]
) -> dict[str, ReachedRange]:
    """Return the ranges of columns, narrowed by clauses that bound a single column."""
    found = dict(ranges)
    for atoms in clauses:
        atom = next(iter(atoms), None)
        if len(atoms) != 1 or not isinstance(atom, BoundedSum) or len(atom.terms) != 1:
            continue
        ((name, factor),) = atom.terms
        if isinstance(name, str):
            low, high = found.get(name, _ALL)
            end = atom.bound / factor
            found[name] = (low, min(high, end)) if factor > 0 else (max(low, end), high)
    return found


def is_implied(clause: Clause, ranges: Mapping[str, ReachedRange]) -> bool:
    """Return whether a clause holds for all numbers within the ranges of its columns."""
    return any(_is_bounded(a, ranges) for a in clause.atoms if isinstance(a, BoundedSum))


def _is_bounded(atom: BoundedSum, ranges: Mapping[str, ReachedRange]) -> bool:
    total, size = 0.0, abs(atom.bound)
    for term, factor in atom.terms:
        low, high = _of_term(term, ranges)
        most = max(low * factor, high * factor)
        total, size = total + most, max(size, abs(most))
    if not np.isfinite(total):
        return False
    return total < atom.bound if atom.strict else total <= atom.bound + _ROUNDING * size


def _of_term(term: Term, ranges: Mapping[str, ReachedRange]) -> ReachedRange:
    if isinstance(term, str):
        return ranges.get(term, _ALL)
    named = {f"c{i}": ranges.get(name, _ALL) for i, name in enumerate(term.columns)}
    with np.errstate(all="ignore"):
        low, high = _of_tree(ast.parse(term.text, mode="eval").body, named)
    return _ALL if np.isnan(low) or np.isnan(high) else (low, high)


def _of_tree(tree: ast.expr, named: Mapping[str, ReachedRange]) -> ReachedRange:
    """Return the reach of a formula; all numbers where it is not known."""
    match tree:
        case ast.Constant(value=int() | float() as value):
            return float(value), float(value)
        case ast.Name(id=name):
            return named.get(name, _ALL)
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            low, high = _of_tree(inner, named)
            return -high, -low
        case ast.BinOp(left=left, op=op, right=right):
            return _of_pair(_of_tree(left, named), op, _of_tree(right, named))
        case ast.Call(func=ast.Name(id="abs"), args=[inner]):
            low, high = _of_tree(inner, named)
            return (0.0 if low <= 0 <= high else min(abs(low), abs(high))), max(-low, high)
        case ast.Call(func=ast.Name(id=word), args=[inner]) if word in _RISING:
            low, high = _of_tree(inner, named)
            return float(_RISING[word](low)), float(_RISING[word](high))
    return _ALL


def _of_pair(left: ReachedRange, op: ast.operator, right: ReachedRange) -> ReachedRange:
    (a, b), (c, d) = left, right
    match op:
        case ast.Add():
            return a + c, b + d
        case ast.Sub():
            return a - d, b - c
        case ast.Mult():
            ends = [a * c, a * d, b * c, b * d]
        case ast.Div() if c > 0 or d < 0:
            ends = [a / c, a / d, b / c, b / d]
        case ast.Pow() if c == d and c == int(c) and c > 0:
            ends = [a**c, b**c]
            if c % 2 == 0 and a <= 0 <= b:
                ends.append(0.0)
        case _:
            return _ALL
    return (np.nan, np.nan) if np.isnan(ends).any() else (min(ends), max(ends))
