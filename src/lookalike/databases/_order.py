"""The order in which tables can be made: parents before their children."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from lookalike._core.errors import DataError
from lookalike.databases._keys import ForeignKey

__all__ = ["TableOrder", "order_of_tables"]


@dataclass(frozen=True)
class TableOrder:
    """An order of tables.

    Parameters
    ----------
    tables : tuple of str
        Each table after those that it refers to, apart from keys in `later`.
    later : frozenset of ForeignKey
        Keys that refer to the table itself, or close a circle: they may be missing, so that rows
        can be made before those that they refer to.
    """

    tables: tuple[str, ...]
    later: frozenset[ForeignKey]


def order_of_tables(
    tables: Sequence[str],
    keys: Iterable[ForeignKey],
    is_nullable: Callable[[ForeignKey], bool],
) -> TableOrder:
    """Return an order of tables; keys that may be missing are put off where keys form a circle.

    Parameters
    ----------
    tables : sequence of str
    keys : iterable of ForeignKey
    is_nullable : callable
        Tells whether a key may be missing.

    Returns
    -------
    TableOrder
        The order.

    Raises
    ------
    DataError
        If keys form a circle, none of which may be missing.

    Examples
    --------
    >>> key = ForeignKey.parse("orders.customer -> customers.id")
    >>> order_of_tables(["orders", "customers"], [key], lambda key: False).tables
    ('customers', 'orders')
    """
    later = {key for key in keys if key.is_own}
    waiting = [key for key in keys if not key.is_own]
    ordered: list[str] = []
    while len(ordered) < len(tables):
        ready = [
            name
            for name in tables
            if name not in ordered and not any(key.table == name for key in waiting)
        ]
        if ready:
            ordered += ready
            waiting = [key for key in waiting if key.parent not in ordered]
            continue
        circle = _circle(waiting)
        optional = [key for key in circle if is_nullable(key)]
        if not optional:
            raise DataError(
                "Keys may form a circle only if one of them may be missing, but none of these may: "
                f"{'; '.join(map(str, circle))}. Leave one of them out of the foreign keys."
            )
        later.add(optional[0])
        waiting.remove(optional[0])
    return TableOrder(tuple(ordered), frozenset(later))


def _circle(keys: Sequence[ForeignKey]) -> list[ForeignKey]:
    """Return keys that lead from a table back to it; every table that refers waits for another."""
    path = [keys[0]]
    while True:
        onward = next((key for key in keys if key.table == path[-1].parent), None)
        if onward is None:  # this path ends: drop its keys and start again
            keys = [key for key in keys if key.parent != path[-1].parent]
            path = [keys[0]]
            continue
        if onward in path:
            return path[path.index(onward) :]
        path.append(onward)
