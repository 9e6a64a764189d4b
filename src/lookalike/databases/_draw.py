"""The schema of a database as text: each table below its first parent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lookalike.databases._keys import ForeignKey

__all__ = ["draw"]


def draw(
    rows: Mapping[str, int],
    primary: Mapping[str, Sequence[str]],
    foreign: Sequence[ForeignKey],
) -> str:
    """Return a schema as a tree of lines.

    Parameters
    ----------
    rows : mapping of str to int
        The number of rows of each table.
    primary : mapping of str to sequence of str
        The primary key of each table.
    foreign : sequence of ForeignKey

    Returns
    -------
    str
        One line for each table, below that of the table that it first refers to; further keys
        follow in the line.

    Examples
    --------
    >>> key = ForeignKey("sales", ("shop",), "shops", ("id",))
    >>> print(draw({"shops": 2, "sales": 31}, {"shops": ["id"]}, [key]))
    shops  2 rows  key id
    └─ sales  31 rows  by shop
    """
    first: dict[str, ForeignKey] = {}
    for key in foreign:
        if not key.is_own and not _above(key.table, key.parent, first):
            first.setdefault(key.table, key)
    lines: list[str] = []

    def add(name: str, before: str, last: bool | None) -> None:
        joint = "" if last is None else "└─ " if last else "├─ "
        lines.append(before + joint + _line(name, rows[name], primary, foreign, first.get(name)))
        below = [key.table for key in first.values() if key.parent == name]
        inner = before + ("" if last is None else "   " if last else "│  ")
        for k, child in enumerate(below):
            add(child, inner, k == len(below) - 1)

    for name in rows:
        if name not in first:
            add(name, "", None)
    return "\n".join(lines)


def _above(name: str, other: str, first: Mapping[str, ForeignKey]) -> bool:
    """Return whether a table is another one or stands above it."""
    while other != name and other in first:
        other = first[other].parent
    return other == name


def _line(
    name: str,
    rows: int,
    primary: Mapping[str, Sequence[str]],
    foreign: Sequence[ForeignKey],
    first: ForeignKey | None,
) -> str:
    parts = [name, f"{rows:,} row{'' if rows == 1 else 's'}"]
    if primary.get(name):
        parts.append(f"key {', '.join(primary[name])}")
    if first is not None:
        parts.append(f"by {', '.join(first.columns)}")
    also = [key for key in foreign if key.table == name and key != first]
    parts += [f"{', '.join(key.columns)} → {key.parent}" for key in also]
    return "  ".join(parts)
