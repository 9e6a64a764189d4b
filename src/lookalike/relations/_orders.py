"""Orders of columns that no row violates, such as a low price and a high one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from lookalike.relations._numeric_column import NumericColumn
from lookalike.tables import Dependency

__all__ = ["with_orders"]

#: The least number of rows in which two columns differ, all in one direction: by chance in 1 of
#: 2^29 tables.
_FEWEST = 30
#: The greatest number of related columns that one is compared with.
_MOST_COMPARED = 16


def with_orders(
    relations: Sequence[Dependency], measures: Mapping[str, NumericColumn]
) -> list[Dependency]:
    """Add to relations the columns that theirs were never below or above.

    Only columns that depend on each other, directly or through others, are compared, each with
    those before it. Columns whose ranges do not overlap, or that differ by a factor, have no order
    worth keeping.

    Parameters
    ----------
    relations : sequence of Dependency
        Of form ``"offset"`` or ``"ratio"``, each after those it builds on.
    measures : mapping of str to NumericColumn
        The columns.

    Returns
    -------
    list of Dependency
        The relations with their orders, in the same order.
    """
    together: dict[str, list[str]] = {}
    ordered = []
    for relation in relations:
        known = list(dict.fromkeys(n for on in relation.on for n in together.setdefault(on, [on])))
        column = measures[relation.column]
        scaled = any(abs(factor) != 1 for factor in relation.coefficients)
        compared = [] if scaled else list(dict.fromkeys((*relation.on, *known)))[:_MOST_COMPARED]
        below = tuple(n for n in compared if _is_ordered(measures[n], column))
        above = tuple(n for n in compared if _is_ordered(column, measures[n]))
        ordered.append(replace(relation, at_least=below, at_most=above))
        known.append(relation.column)
        for name in known:
            together[name] = known
    return ordered


def _is_ordered(low: NumericColumn, high: NumericColumn) -> bool:
    """Return whether one column is never above another, beyond chance, though it could be."""
    both = ~(low.missing | high.missing)
    x, y = low.floats[both], high.floats[both]
    if not len(x) or y.min() > x.max():
        return False
    return bool((x <= y).all() and np.count_nonzero(x < y) >= _FEWEST)
