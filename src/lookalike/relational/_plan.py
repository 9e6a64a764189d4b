"""The part that each table and each key has in a fit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from lookalike.databases import Database, ForeignKey
from lookalike.relational._new_keys import first_number
from lookalike.tables import Kind, infer_columns

__all__ = ["TablePlan", "plans_of"]

#: The mean size of families that makes a key worth being the one by which rows are made.
_SEVERAL = 1.5


@dataclass(frozen=True)
class TablePlan:
    """The part of a table's columns and keys.

    Parameters
    ----------
    name : str
    columns : tuple of str
        All columns in their order.
    attributes : tuple of str
        The columns that belong to no key.
    family : ForeignKey or None
        The key to the parent of whose rows the rows are made.
    matched : tuple of ForeignKey
        Keys to other parents, which are matched to finished rows.
    later : tuple of ForeignKey
        Keys to the table itself or to one that is made later.
    primary : tuple of str
        The primary key.
    new : tuple of str
        Columns of keys with values of their own, which are new.
    """

    name: str
    columns: tuple[str, ...]
    attributes: tuple[str, ...]
    family: ForeignKey | None
    matched: tuple[ForeignKey, ...]
    later: tuple[ForeignKey, ...]
    primary: tuple[str, ...]
    new: tuple[str, ...]

    @property
    def parents(self) -> tuple[ForeignKey, ...]:
        """The keys to tables that are made before."""
        return (*((self.family,) if self.family is not None else ()), *self.matched)

    @property
    def learned_key(self) -> tuple[str, ...]:
        """The learned columns of a primary key that no new column makes unique."""
        if set(self.primary) & set(self.new):
            return ()
        return tuple(column for column in self.primary if column in self.attributes)


def plans_of(db: Database, kinds: Mapping[str, Mapping[str, Kind | str]]) -> dict[str, TablePlan]:
    """Return the plans of all tables, parents first; `kinds` are the declared ones by table."""
    order = db.order()
    return {name: _plan(db, name, order.later, kinds.get(name, {})) for name in order.tables}


def _plan(
    db: Database,
    name: str,
    put_off: frozenset[ForeignKey],
    kinds: Mapping[str, Kind | str],
) -> TablePlan:
    keys = [key for key in db.foreign_keys if key.table == name]
    direct = [key for key in keys if key not in put_off]
    primary = db.primary_keys[name]
    family = _family(db, direct, primary)
    referring = {column for key in keys for column in key.columns}
    table = db.arrow(name)
    able = {c for c in table.column_names if c not in referring and _can_be_new(table[c].type)}
    own_keys = {c for columns in db.unique_keys(name) for c in columns}
    own_keys |= _new_of_primary(table, primary, [c for c in primary if c in able - own_keys], kinds)
    new = tuple(c for c in table.column_names if c in own_keys & able)
    return TablePlan(
        name,
        tuple(table.column_names),
        tuple(c for c in table.column_names if c not in referring and c not in new),
        family,
        tuple(key for key in direct if key != family),
        tuple(key for key in keys if key in put_off),
        primary,
        new,
    )


def _new_of_primary(
    table: pa.Table, primary: Sequence[str], able: Sequence[str], kinds: Mapping[str, Kind | str]
) -> set[str]:
    """Return the columns of a primary key that are made anew, of those that are `able` to be.

    Of several columns, that is one which makes rows unique by itself, or numbers those that are
    equal in the others; and free text, which is not learned. The others have the learned values.
    """
    if len(primary) == 1 or not able or not len(table):
        return set(able)
    declared = {c: k for c, k in kinds.items() if c in able}
    texts = set(infer_columns(table.select(list(able)), declared).of(Kind.TEXT))
    distinct = {c: len(table[c].unique()) for c in able}
    # A grid of shops and days is numbered both ways: the larger families are meant.
    for column in sorted(able, key=lambda c: -distinct[c]):
        others = [table[other] for other in primary if other != column]
        numbers = not texts and first_number(table[column], others) is not None
        if numbers or distinct[column] == len(table):
            return {*texts, column}
    return texts


def _can_be_new(kind: pa.DataType) -> bool:
    plain = kind.value_type if pa.types.is_dictionary(kind) else kind
    text = pa.types.is_string(plain) or pa.types.is_large_string(plain)
    return bool(text or pa.types.is_integer(plain))


def _family(db: Database, keys: list[ForeignKey], primary: tuple[str, ...]) -> ForeignKey | None:
    """Return the key by which rows are made: that of many families with several members.

    A parent whose key is the whole primary key has at most one child of its own, and is taken; a
    key that may be missing only where there is no other.
    """

    def rank(key: ForeignKey) -> tuple[bool, bool, bool, float]:
        rows = db.rows_of(key)
        families = len(np.unique(rows[rows >= 0]))
        mean = (rows >= 0).sum() / max(families, 1)
        is_whole = bool(primary) and set(primary) <= set(key.columns)
        several = mean >= _SEVERAL
        return is_whole, not db.is_nullable(key), several, families if several else mean

    used = [key for key in keys if (db.rows_of(key) >= 0).any()]
    return max(used, key=rank, default=None)
