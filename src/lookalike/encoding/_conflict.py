"""Conditions that contradict each other, by relations or by structural zeros."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from lookalike.encoding._condition import RowCondition
from lookalike.encoding._zeros import StructuralZeros
from lookalike.relations import RelationGraph
from lookalike.tables import ColumnCondition

__all__ = ["contradiction"]

#: The tolerance, in probability, below which ranges may still overlap but for rounding.
_APART = 1e-6


def contradiction(
    graph: RelationGraph,
    exclusions: StructuralZeros,
    conditions: Sequence[ColumnCondition],
    encoded: Sequence[RowCondition | None],
) -> tuple[tuple[ColumnCondition, ...], str] | None:
    """Return conditions that no row can fulfil together, and the reason; None where none are known.

    Parameters
    ----------
    graph : RelationGraph
    exclusions : StructuralZeros
    conditions : sequence of ColumnCondition
    encoded : sequence of RowCondition or None
        The conditions on blocks, where there are such.
    """
    if (broken := graph.contradicted_rules(conditions)) is not None:
        return broken
    of_blocks = [(c, a) for c, a in zip(conditions, encoded, strict=True) if a is not None]
    for (one, a), (other, b) in combinations(of_blocks, 2):
        if _apart(a, b):
            return (one, other), graph.relation_between(one.column, other.column)
        if _never(exclusions, a, b):
            return (one, other), "they never occur together in the training table"
    return graph.contradiction(conditions)


def _apart(a: RowCondition, b: RowCondition) -> bool:
    """Return whether two conditions are disjoint on some block."""
    for block in a.allowed.keys() & b.allowed.keys():
        if not (a.allowed[block] & b.allowed[block]).any():
            return True
    for block in a.bounds.keys() & b.bounds.keys():
        low = np.maximum.outer(a.bounds[block][:, 0], b.bounds[block][:, 0])
        high = np.minimum.outer(a.bounds[block][:, 1], b.bounds[block][:, 1])
        if (low > high + _APART).all():
            return True
    return False


def _never(exclusions: StructuralZeros, a: RowCondition, b: RowCondition) -> bool:
    """Return whether all pairs of cells that two conditions allow are structural zeros."""
    for pair in exclusions.pairs:
        for one, other in ((a, b), (b, a)):
            left, right = (
                exclusions.cells_within(one, pair.left),
                exclusions.cells_within(other, pair.right),
            )
            if left is None or right is None or not (left.any() and right.any()):
                continue
            if pair.never[np.ix_(left, right)].all():
                return True
    return False
