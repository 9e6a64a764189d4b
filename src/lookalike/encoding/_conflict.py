"""Wishes that exclude each other, as far as relations and what never occurs say so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import combinations

import numpy as np
import pyarrow as pa

from lookalike.encoding._asked import Asked
from lookalike.encoding._ties import Ties
from lookalike.encoding._zeros import StructuralZeros
from lookalike.relations._candidates import Codes
from lookalike.relations.linear import Linear
from lookalike.relations.lookup import Lookup
from lookalike.relations.offset import Offset
from lookalike.tables import ColumnCondition
from lookalike.tables.values.grid import raw_of

__all__ = ["conflict"]

#: Ranges of probability that lie no farther apart could still meet, but for rounding.
_APART = 1e-6
#: So far may a sum be from what is asked of it, relative to its size.
_ROUNDING = 1e-6


def conflict(
    ties: Ties,
    exclusions: StructuralZeros,
    wishes: Sequence[ColumnCondition],
    asked: Sequence[Asked | None],
) -> tuple[tuple[ColumnCondition, ...], str] | None:
    """Return wishes that no row can fulfil together, and why; None where none are known.

    Parameters
    ----------
    ties : Ties
    exclusions : StructuralZeros
    wishes : sequence of ColumnCondition
    asked : sequence of Asked or None
        What each means for the blocks of a row.
    """
    told = [(wish, what) for wish, what in zip(wishes, asked, strict=True) if what is not None]
    for (one, a), (other, b) in combinations(told, 2):
        if _apart(a, b):
            return (one, other), _relation_between(ties, one, other)
        if _never(exclusions, a, b):
            return (one, other), "they never occur together in the training table"
    by_column = {wish.column: wish for wish in wishes}
    for made in ties.relations:
        dependency = made.dependency
        columns = (*dependency.on, dependency.column)
        some = tuple(by_column[name] for name in columns if name in by_column)
        if dependency.column not in by_column or len(some) < 2 or any(w.missing for w in some):
            continue
        out = isinstance(made, Linear | Offset) and _is_out_of_reach(ties, made, by_column)
        if out or (isinstance(made, Lookup) and _is_unknown(made, by_column)):
            return some, replace(dependency, why="").in_words()
    return None


def _relation_between(ties: Ties, one: ColumnCondition, other: ColumnCondition) -> str:
    names = {one.column, other.column}
    for made in ties.relations:
        if names <= {made.dependency.column, *made.dependency.on}:
            return replace(made.dependency, why="").in_words()
    return "they follow from the same column"


def _apart(a: Asked, b: Asked) -> bool:
    """Whether what is asked of a block is asked otherwise of it."""
    for block in a.allowed.keys() & b.allowed.keys():
        if not (a.allowed[block] & b.allowed[block]).any():
            return True
    for block in a.limits.keys() & b.limits.keys():
        low = np.maximum.outer(a.limits[block][:, 0], b.limits[block][:, 0])
        high = np.minimum.outer(a.limits[block][:, 1], b.limits[block][:, 1])
        if (low > high + _APART).all():
            return True
    return False


def _never(exclusions: StructuralZeros, a: Asked, b: Asked) -> bool:
    """Whether all cells of two blocks that are asked for never occur together."""
    for pair in exclusions.pairs:
        for one, other in ((a, b), (b, a)):
            left, right = exclusions.asked(one, pair.left), exclusions.asked(other, pair.right)
            if left is None or right is None or not (left.any() and right.any()):
                continue
            if pair.never[np.ix_(left, right)].all():
                return True
    return False


def _is_out_of_reach(
    ties: Ties, made: Linear | Offset, wishes: Mapping[str, ColumnCondition]
) -> bool:
    """Whether a sum of what is asked of its parts cannot be what is asked of it."""
    dependency = made.dependency
    if any(name not in ties.writings for name in (dependency.column, *dependency.on)):
        return False
    low = high = dependency.constant
    if isinstance(made, Offset):
        if dependency.column not in ties.rests:
            return False
        rest = ties.rests[dependency.column]
        low, high = float(rest.low), float(rest.high)
    size = 0.0
    for name, weight in zip(dependency.on, dependency.coefficients, strict=True):
        ends = [weight * end for end in _ends(ties, name, wishes.get(name))]
        low, high = low + min(ends), high + max(ends)
        size += max(map(abs, ends))
    least, most = _ends(ties, dependency.column, wishes[dependency.column])
    decimals = ties.writings[dependency.column].decimals
    slack = _ROUNDING * size + (0.0 if decimals is None else 10.0**-decimals)
    return bool(least > high + slack or most < low - slack)


def _ends(ties: Ties, name: str, wish: ColumnCondition | None) -> tuple[float, float]:
    """Return between which numbers a column is, as far as is known or asked."""
    low, high = float(ties.writings[name].low), float(ties.writings[name].high)
    if wish is None:
        return low, high
    kind = ties.writings[name].type
    if wish.values is not None:
        numbers = raw_of(wish.values.cast(kind), None)
        return float(numbers.min()), float(numbers.max())
    ends = [
        end if limit is None else float(raw_of(pa.array([limit.as_py()], limit.type), None)[0])
        for limit, end in ((wish.low, low), (wish.high, high))
    ]
    return ends[0], ends[1]


def _is_unknown(made: Lookup, wishes: Mapping[str, ColumnCondition]) -> bool:
    """Whether no combination that there is has what is asked of all columns of a lookup."""
    codes = Codes.of(made)
    if len(codes.names) > 2 and codes.names[0] not in wishes:
        return False  # combinations that were not seen go by the first column
    right = np.ones(len(codes.entries), bool)
    for k, name in enumerate(codes.names):
        if name in wishes:
            known = codes.known[k].values
            fits = np.append(wishes[name].fulfilled(known), False) if len(known) else [False]
            last = right & np.asarray(fits)[codes.entries[:, k]]
            if k < len(codes.names) - 1 and not last.any():
                return False
            right = last
    return not right.any()
