"""PostgreSQL, through ADBC: rows arrive and leave as Arrow."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from typing import Any
from urllib.parse import parse_qs, urlsplit

from lookalike._core.errors import DatabaseError
from lookalike._core.optional import require
from lookalike.databases._catalogue import plain_table, select_statement
from lookalike.databases._chosen import chosen_tables
from lookalike.databases._contents import SourceContents, WrittenDatabase
from lookalike.databases._declared import DeclaredColumn
from lookalike.databases._keys import ForeignKey
from lookalike.databases._place import refuse_taken, without_password
from lookalike.databases._statements import create_table, foreign_clause, quoted

__all__ = ["check", "read", "write"]

_HERE = "JOIN pg_namespace s ON s.oid = c.relnamespace AND s.nspname = current_schema()"
#: Ordinary and partitioned tables, without the parts of the latter.
_TABLES = (
    f"SELECT c.relname::text FROM pg_class c {_HERE} "
    "WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition ORDER BY c.oid"
)
#: A column of a domain is read as what the domain stands for.
_COLUMNS = (
    "SELECT c.relname::text, a.attname::text, CASE WHEN t.typtype = 'd' "
    "THEN format_type(t.typbasetype, t.typtypmod) ELSE format_type(a.atttypid, a.atttypmod) END, "
    "NOT a.attnotnull, CASE WHEN a.attgenerated = '' THEN pg_get_expr(d.adbin, d.adrelid) END "
    f"FROM pg_class c {_HERE} JOIN pg_attribute a ON a.attrelid = c.oid "
    "JOIN pg_type t ON t.oid = a.atttypid "
    "LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum "
    "WHERE a.attnum > 0 AND NOT a.attisdropped ORDER BY c.oid, a.attnum"
)
#: One row for each column of a key.
_KEYS = (
    "SELECT k.oid::bigint, k.contype::text, c.relname::text, a.attname::text, f.relname::text, "
    f"b.attname::text FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid {_HERE} "
    "CROSS JOIN LATERAL generate_subscripts(k.conkey, 1) AS n "
    "JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = k.conkey[n] "
    "LEFT JOIN pg_class f ON f.oid = k.confrelid AND f.relnamespace = c.relnamespace "
    "LEFT JOIN pg_attribute b ON b.attrelid = k.confrelid AND b.attnum = k.confkey[n] "
    "WHERE k.contype IN ('p', 'f') AND k.conparentid = 0 ORDER BY k.oid, n"
)
_WAIT = "connect_timeout"
_SECONDS = 10


# --- read -----------------------------------------------------------------------------------------


def read(place: str, names: list[str] | None) -> SourceContents:
    """Read the tables and keys of the schema that an address leads to, as of one moment."""
    with _connected(place, "read") as connection, connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        there = [row[0] for row in _rows(cursor, _TABLES)]
        tables = chosen_tables(there, names, f"the database {without_password(place)!r}")
        declared: dict[str, dict[str, DeclaredColumn]] = {name: {} for name in tables}
        for table, column, kind, nullable, default in _rows(cursor, _COLUMNS):
            if table in declared:
                declared[table][column] = DeclaredColumn(kind, bool(nullable), default)
        found = SourceContents({}, dict.fromkeys(tables, ()), (), declared)
        for name in tables:
            cursor.execute(select_statement(name, declared[name]))
            found.tables[name] = cursor.fetch_arrow_table()
        _read_keys(cursor, found)
    return found


def _rows(cursor: Any, query: str) -> list[tuple[Any, ...]]:
    cursor.execute(query)
    return list(cursor.fetchall())


def _read_keys(cursor: Any, found: SourceContents) -> None:
    parts: dict[int, list[tuple[Any, ...]]] = {}
    for number, *part in _rows(cursor, _KEYS):
        parts.setdefault(number, []).append(tuple(part))
    assert found.primary is not None
    foreign = []
    for rows in parts.values():
        kind, name, _, parent, _ = rows[0]
        if name not in found.tables:
            continue
        columns = tuple(row[2] for row in rows)
        if kind == "p":
            found.primary[name] = columns
        elif parent in found.tables:
            foreign.append(ForeignKey(name, columns, parent, tuple(row[4] for row in rows)))
    found.foreign = tuple(foreign)


@contextmanager
def _connected(place: str, doing: str) -> Iterator[Any]:
    """Open a connection; errors of the database become one line, without the password."""
    purpose, instead = "A PostgreSQL database", "It comes with lookalike[sql]."
    require("adbc_driver_manager", purpose, instead)
    require("adbc_driver_postgresql", purpose, instead)
    dbapi: Any = import_module("adbc_driver_postgresql.dbapi")
    after = " Nothing was written." if doing == "write" else ""
    try:
        with dbapi.connect(_patient(place)) as connection:
            yield connection
    except dbapi.Error as error:
        said = _said(error)
        for secret in _secrets(place):
            said = said.replace(secret, "…")
        raise DatabaseError(
            f"PostgreSQL cannot {doing} {without_password(place)!r}: {said}.{after}"
        ) from error


def _patient(place: str) -> str:
    """Return an address with a limit to the wait for a connection."""
    if _WAIT in place:
        return place
    return f"{place}{'&' if '?' in place else '?'}{_WAIT}={_SECONDS}"


def _said(error: Exception) -> str:
    """Return what the server says of a failure, without the statement that failed."""
    said = " ".join(str(error).split())
    said = re.split(r"(?:ERROR|FATAL): ", said, maxsplit=1)[-1]
    return re.split(r" LINE \d+: | SQLSTATE: ", said, maxsplit=1)[0].removesuffix(".")


def _secrets(place: str) -> list[str]:
    """Return the passwords of an address."""
    try:
        parts = urlsplit(place)
    except ValueError:  # a password that is no part of an address
        return [m for m in re.findall(r"://[^/@:]*:(.*)@", place) if m]
    found = [parts.password, *parse_qs(parts.query).get("password", [])]
    return [secret for secret in found if secret]


# --- write ----------------------------------------------------------------------------------------


def check(place: str, overwrite: bool, names: Collection[str] = ()) -> None:
    """Check that a database can be reached, and that it has none of some tables."""
    with _connected(place, "write") as connection, connection.cursor() as cursor:
        if names and not overwrite:
            refuse_taken(without_password(place), _taken(cursor, names))


def write(blocks: Iterable[WrittenDatabase], place: str, overwrite: bool) -> None:
    """Write all tables in one transaction."""
    with _connected(place, "write") as connection, connection.cursor() as cursor:
        keys: Sequence[ForeignKey] = ()
        for block, db in enumerate(blocks):
            if not block:
                _clear(cursor, db, place, overwrite)
                keys = db.foreign_keys
            tables = db.typed()
            for number, name in enumerate(db.order().tables):
                if not block:
                    _create(cursor, db, name)
                table, temporary = plain_table(tables[name]), f"rows to write {number}"
                cursor.adbc_ingest(temporary, table, mode="create", temporary=True)
                _copy(cursor, name, temporary)
        for key in keys:
            cursor.execute(f"ALTER TABLE {quoted(key.table)} ADD {foreign_clause(key)}")
        connection.commit()


def _clear(cursor: Any, db: WrittenDatabase, place: str, overwrite: bool) -> None:
    """Drop tables that are there already, if that is allowed."""
    taken = _taken(cursor, db.names)
    if not overwrite:
        refuse_taken(without_password(place), taken)
    if taken:
        cursor.execute(f"DROP TABLE {', '.join(map(quoted, taken))}")


def _create(cursor: Any, db: WrittenDatabase, name: str) -> None:
    """Create a table; keys to others are added when these have their rows."""
    table, declared = db.typed()[name], db.declared.get(name, {})
    primary, unique = db.primary_keys[name], db.unique_keys(name)
    cursor.execute(create_table(name, table, primary, unique, (), declared, {}))


def _copy(cursor: Any, name: str, temporary: str) -> None:
    """Fill a table from one whose columns have the types of Arrow."""
    cursor.execute(
        "SELECT a.attname::text, format_type(a.atttypid, a.atttypmod) FROM pg_attribute a "
        f"WHERE a.attrelid = {_literal(quoted(name))}::regclass AND a.attnum > 0 ORDER BY a.attnum"
    )
    cells = [f"CAST({quoted(column)} AS {kind})" for column, kind in cursor.fetchall()]
    source = f"pg_temp.{quoted(temporary)}"
    cursor.execute(f"INSERT INTO {quoted(name)} SELECT {', '.join(cells)} FROM {source}")
    cursor.execute(f"DROP TABLE {source}")


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _taken(cursor: Any, names: Collection[str]) -> list[str]:
    """Return those names that tables have already."""
    there = {row[0] for row in _rows(cursor, _TABLES)}
    return [name for name in names if name in there]
