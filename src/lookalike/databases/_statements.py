"""SQL statements that all databases understand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pyarrow as pa

from lookalike.databases._declared import DeclaredColumn, sql_default, sql_type
from lookalike.databases._keys import ForeignKey

__all__ = ["create_table", "foreign_clause", "quoted"]


def quoted(name: str) -> str:
    """Return a name as an SQL identifier.

    Examples
    --------
    >>> quoted('the "order"')
    '"the ""order""\"'
    """
    return '"' + name.replace('"', '""') + '"'


def _listed(names: Sequence[str]) -> str:
    return ", ".join(map(quoted, names))


def foreign_clause(key: ForeignKey, schema: str = "") -> str:
    """Return the clause of a foreign key."""
    return (
        f"FOREIGN KEY ({_listed(key.columns)}) "
        f"REFERENCES {schema}{quoted(key.parent)} ({_listed(key.parent_columns)})"
    )


def create_table(
    name: str,
    table: pa.Table,
    primary: Sequence[str],
    unique: Sequence[Sequence[str]],
    foreign: Sequence[ForeignKey],
    declared: Mapping[str, DeclaredColumn],
    types: Mapping[str, str],
) -> str:
    """Return the statement that creates a table.

    Parameters
    ----------
    name : str
    table : pyarrow.Table
        The rows, whose types decide those of the columns.
    primary : sequence of str
    unique : sequence of sequence of str
        Other columns that keys refer to.
    foreign : sequence of ForeignKey
        The keys that are declared with the table.
    declared : mapping of str to DeclaredColumn
    types : mapping of str to str
        The names of types in this database, where they differ.
    """
    parts = []
    for column in table.column_names:
        own = declared.get(column)
        kind = sql_type(table[column], own)
        words = [quoted(column), types.get(kind, kind)]
        if (own is not None and not own.nullable and not table[column].null_count) or (
            column in primary
        ):
            words.append("NOT NULL")
        default = sql_default(own, kind)
        if default is not None:
            words.append(f"DEFAULT {default}")
        parts.append(" ".join(words))
    if primary:
        parts.append(f"PRIMARY KEY ({_listed(primary)})")
    parts += [f"UNIQUE ({_listed(columns)})" for columns in unique]
    parts += [foreign_clause(key) for key in foreign]
    return f"CREATE TABLE {quoted(name)} ({', '.join(parts)})"
