"""The part that each table and each key has in a fit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from lookalike.databases import Database, ForeignKey

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


def plans_of(db: Database) -> dict[str, TablePlan]:
    """Return the plans of all tables, parents first."""
    order = db.order()
    return {name: _plan(db, name, order.later) for name in order.tables}


def _plan(db: Database, name: str, put_off: frozenset[ForeignKey]) -> TablePlan:
    keys = [key for key in db.foreign_keys if key.table == name]
    direct = [key for key in keys if key not in put_off]
    primary = db.primary_keys[name]
    family = _family(db, direct, primary)
    referring = {column for key in keys for column in key.columns}
    own_keys = {*primary, *(c for columns in db.unique_keys(name) for c in columns)} - referring
    table = db.arrow(name)
    new = tuple(c for c in table.column_names if c in own_keys and _can_be_new(table[c].type))
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

    return max(keys, key=rank, default=None)
