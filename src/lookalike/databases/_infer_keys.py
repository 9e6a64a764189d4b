"""Keys that tables have but nobody has declared, each with the reason for it.

Values alone never make a key: small numbers are among any other table's numbers by chance. Names
must say so too, unless the values are words that no chance brings into two tables.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lookalike.databases._keys import ForeignKey, distinct_rows, matched_rows

__all__ = ["InferredKeys", "infer_keys"]

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_KEY_WORDS = frozenset(
    ["id", "key", "no", "nr", "number", "code", "uuid", "guid", "pk", "fk", "ref"]
)
#: The least number of different words that are a key by their values alone.
_MANY_WORDS = 20
#: The greatest number of columns that are tried in pairs as a composite key.
_MOST_PARTS = 8


@dataclass(frozen=True)
class InferredKeys:
    """Keys that were found.

    Parameters
    ----------
    primary : dict of str to tuple of str
    foreign : tuple of ForeignKey
    why : dict of str to str
        The reason for each, by the table (of a primary key) or the key in words.
    """

    primary: dict[str, tuple[str, ...]]
    foreign: tuple[ForeignKey, ...]
    why: dict[str, str]


def infer_keys(
    tables: Mapping[str, pa.Table], primary: Mapping[str, tuple[str, ...]] | None = None
) -> InferredKeys:
    """Find the keys of tables by names and values.

    Parameters
    ----------
    tables : mapping of str to pyarrow.Table
    primary : mapping, optional
        Primary keys that are known.

    Returns
    -------
    InferredKeys

    Examples
    --------
    >>> shops = pa.table({"shop_id": [1, 2], "city": ["Bonn", "Ulm"]})
    >>> sales = pa.table({"shop_id": [1, 1, 2], "sum": [3.5, 1.5, 2.0]})
    >>> print(*infer_keys({"shops": shops, "sales": sales}).foreign)
    sales.shop_id -> shops.shop_id
    """
    why: dict[str, str] = {}
    known = {name: key for name, key in (primary or {}).items() if key}
    single = {
        name: _single(name, table, why) for name, table in tables.items() if name not in known
    }
    keys = {**{name: (key,) for name, key in single.items() if key}, **known}
    foreign = []
    for name, table in tables.items():
        for column in table.column_names:
            found = _foreign(name, column, tables, keys)
            if found is not None:
                key, reason = found
                foreign.append(key)
                why[str(key)] = reason
    for name, table in tables.items():
        if name not in keys:
            parts = _composite(name, table, foreign)
            if parts is not None:
                keys[name] = parts
                why[name] = "together, these columns have no value twice"
    ordered = {name: keys.get(name, ()) for name in tables}
    return InferredKeys(ordered, tuple(foreign), why)


def _words(name: str) -> list[str]:
    return [word.lower() for word in _WORD.findall(name)]


def _stem(word: str) -> str:
    """Return a word without its plural ending."""
    for ending, instead in (("ies", "y"), ("sses", "ss"), ("s", "")):
        if word.endswith(ending) and len(word) > len(ending) + 1 and not word.endswith("ss"):
            return word[: -len(ending)] + instead
    return word


def _stems(name: str) -> list[str]:
    return [_stem(word) for word in _words(name)]


def _is_unique(column: pa.ChunkedArray) -> bool:
    return column.null_count == 0 and len(pc.unique(column)) == len(column)


def _may_be_key(column: pa.ChunkedArray) -> bool:
    kind = column.type
    return bool(
        pa.types.is_integer(kind) or pa.types.is_string(kind) or pa.types.is_large_string(kind)
    )


def _single(name: str, table: pa.Table, why: dict[str, str]) -> str | None:
    """Return the column that identifies rows: unique, with a name that says so."""
    able = [
        c
        for c in table.column_names
        if len(table) and _may_be_key(table[c]) and _is_unique(table[c])
    ]
    own = _stems(name)

    def rank(column: str) -> int:
        words = _stems(column)
        if words == ["id"] or (words[-1:] and words[-1] in _KEY_WORDS and words[:-1] == own):
            return 0
        if (
            words[-1:]
            and words[-1] in _KEY_WORDS
            and (set(words[:-1]) & set(own) or len(words) == 1)
        ):
            return 1
        first = column == table.column_names[0]
        if first and words[-1:] and words[-1] in _KEY_WORDS:
            return 2
        return 3 if first and _running(table[column]) else 9

    best = min(able, key=rank, default=None)
    if best is None or rank(best) == 9:
        return None
    why[name] = f"{best} has no value twice, none is missing, " + (
        "and it is named like a key" if rank(best) < 3 else "and it numbers the rows"
    )
    return str(best)


def _running(column: pa.ChunkedArray) -> bool:
    """Return whether a first column numbers the rows from 0 or 1 on."""
    try:
        numbers = np.asarray(column.cast(pa.int64()))
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return False
    return bool(len(numbers) > 1 and numbers[0] in (0, 1) and (np.diff(numbers) == 1).all())


def _foreign(
    name: str, column: str, tables: Mapping[str, pa.Table], keys: Mapping[str, tuple[str, ...]]
) -> tuple[ForeignKey, str] | None:
    """Return the best foreign key of a column, and the reason for it."""
    cells, found = tables[name][column], []
    if len(cells) == cells.null_count or not _may_be_key(cells):
        return None
    for parent, key in keys.items():
        if len(key) != 1 or (parent == name and key[0] == column):
            continue
        others = tables[parent][key[0]]
        closeness = _closeness(column, parent, key[0], name)
        by_words = closeness == 0 and not pa.types.is_integer(cells.type)
        if closeness == 0 and not by_words:
            continue
        distinct = pc.unique(cells.drop_null())
        if by_words and (len(distinct) < _MANY_WORDS or _are_numbers(distinct)):
            continue
        if distinct.type != others.type or not _all_within(distinct, others):
            continue
        # A unique column of the same name in two tables: the child's values are among the parent's.
        if keys.get(name) == (column,) and len(others) < len(cells):
            continue
        if keys.get(name) == (column,) and len(others) == len(cells) and name <= parent:
            continue
        found.append((closeness, parent, key[0]))
    if not found:
        return None
    closeness, parent, key_column = max(found, key=lambda each: each[0])
    reason = "every value occurs there" + (", and the names agree" if closeness else "")
    return ForeignKey(name, (column,), parent, (key_column,)), reason


def _are_numbers(words: pa.Array) -> bool:
    if not (pa.types.is_string(words.type) or pa.types.is_large_string(words.type)):
        return False
    return bool(pc.all(pc.match_substring_regex(words, "^-?[0-9.]+$")).as_py())


def _all_within(distinct: pa.Array, others: pa.ChunkedArray) -> bool:
    return bool((matched_rows([distinct], [others]) >= 0).all())


def _closeness(column: str, parent: str, key: str, table: str) -> int:
    """Return how much the names say that a column refers to a table; 0 for not at all."""
    own, of_table, of_key = _stems(column), _stems(parent), _stems(key)
    if own == of_key and own != ["id"]:
        return 4
    bare = [word for word in own if word not in _KEY_WORDS]
    if len(bare) < len(own) and bare and bare == of_table:
        return 3
    if len(bare) < len(own) and of_table and bare[-len(of_table) :] == of_table:
        return 2
    if parent == table and len(bare) < len(own) and bare in (["parent"], ["manager"], ["boss"]):
        return 1
    return 0


def _composite(name: str, table: pa.Table, foreign: list[ForeignKey]) -> tuple[str, ...] | None:
    """Return columns that identify rows together, one of them a foreign key."""
    referring = [key.columns[0] for key in foreign if key.table == name]
    named = [c for c in table.column_names if set(_stems(c)) & _KEY_WORDS and _may_be_key(table[c])]
    able = [c for c in dict.fromkeys((*referring, *named)) if table[c].null_count == 0][
        :_MOST_PARTS
    ]
    for parts in combinations(able, 2):
        if set(parts) & set(referring):
            numbers = distinct_rows([table[c] for c in parts])
            if len(np.unique(numbers)) == len(table) > 0:
                return tuple(c for c in table.column_names if c in parts)
    return None
