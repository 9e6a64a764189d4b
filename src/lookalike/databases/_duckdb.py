"""DuckDB files, through its own package."""

from __future__ import annotations

import warnings
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from lookalike._core.errors import DatabaseError, FileFormatError, LookalikeWarning, OutputError
from lookalike._core.optional import require
from lookalike.databases._catalogue import plain_table, select_statement
from lookalike.databases._chosen import chosen_tables
from lookalike.databases._contents import SourceContents, WrittenDatabase
from lookalike.databases._declared import DeclaredColumn
from lookalike.databases._keys import ForeignKey
from lookalike.databases._place import check_file, refuse_taken
from lookalike.databases._statements import create_table, quoted

__all__ = ["check", "read", "write"]

_TABLES = (
    "SELECT table_name FROM duckdb_tables() WHERE NOT internal AND NOT temporary "
    "AND schema_name = current_schema() AND database_name = current_database() ORDER BY table_oid"
)
_COLUMNS = (
    "SELECT column_name, data_type, is_nullable, column_default FROM duckdb_columns() "
    "WHERE table_name = ? AND schema_name = current_schema() "
    "AND database_name = current_database() ORDER BY column_index"
)
_KEYS = (
    "SELECT constraint_type, constraint_column_names, referenced_table, referenced_column_names "
    "FROM duckdb_constraints() WHERE table_name = ? AND schema_name = current_schema() "
    "AND database_name = current_database() ORDER BY constraint_index"
)
_TYPES = {"DOUBLE PRECISION": "DOUBLE"}
#: The most steps in which rows of a table are written after those that they refer to.
_MOST_WAVES = 1_000


# --- read -----------------------------------------------------------------------------------------


def read(place: str, names: list[str] | None) -> SourceContents:
    """Read the tables and keys of a file."""
    if not Path(place).is_file():
        raise FileFormatError(f"There is no database file {place!r}.")
    with _connected(place, read_only=True) as connection:
        there = [row[0] for row in connection.execute(_TABLES).fetchall()]
        tables = chosen_tables(there, names, f"the database {place!r}")
        found = SourceContents({}, {}, ())
        keys: list[ForeignKey] = []
        for name in tables:
            keys += _read_table(connection, name, found)
        found.foreign = tuple(_spelled(key, found) for key in keys if _parent(key, found))
    return found


def _read_table(connection: Any, name: str, found: SourceContents) -> list[ForeignKey]:
    """Read the rows and the primary key of a table, and return its foreign keys."""
    declared = {
        column: DeclaredColumn(kind, bool(nullable), default)
        for column, kind, nullable, default in connection.execute(_COLUMNS, [name]).fetchall()
    }
    found.declared[name] = declared
    found.tables[name] = connection.sql(select_statement(name, declared)).to_arrow_table()
    assert found.primary is not None
    found.primary[name] = ()
    foreign = []
    for kind, columns, parent, to in connection.execute(_KEYS, [name]).fetchall():
        if kind == "PRIMARY KEY":
            found.primary[name] = tuple(columns)
        elif kind == "FOREIGN KEY":
            foreign.append(ForeignKey(name, tuple(columns), parent, tuple(to)))
    return foreign


def _parent(key: ForeignKey, found: SourceContents) -> str | None:
    """Return the table that a key refers to; DuckDB ignores case."""
    return next((n for n in found.tables if n.casefold() == key.parent.casefold()), None)


def _spelled(key: ForeignKey, found: SourceContents) -> ForeignKey:
    """Return a key with names as the tables spell them."""

    def columns(table: str, names: Sequence[str]) -> tuple[str, ...]:
        own = {column.casefold(): column for column in found.tables[table].column_names}
        return tuple(own.get(name.casefold(), name) for name in names)

    parent = _parent(key, found) or key.parent
    return ForeignKey(
        key.table,
        columns(key.table, key.columns),
        parent,
        columns(parent, key.parent_columns),
    )


@contextmanager
def _connected(place: str, *, read_only: bool) -> Iterator[Any]:
    """Open a file; errors of the database become one line."""
    duckdb = require("duckdb", "A DuckDB file", "It comes with lookalike[sql].")
    doing = "read" if read_only else "write"
    try:
        with duckdb.connect(place, read_only=read_only) as connection:
            # Times with a zone are read alike on every machine.
            connection.execute("SET TimeZone = 'UTC'")
            yield connection
    except duckdb.Error as error:
        said = str(error).strip().splitlines()[0]
        if "not a valid DuckDB database" in said:
            raise FileFormatError(f"{place!r} is not a DuckDB database.") from error
        after = "" if read_only else " Nothing was written."
        raise DatabaseError(f"DuckDB cannot {doing} {place!r}: {said}{after}") from error


# --- write ----------------------------------------------------------------------------------------


def check(place: str, overwrite: bool, names: Collection[str] = ()) -> None:
    """Check that a file can be written, and that it has none of some tables."""
    require("duckdb", "A DuckDB file", "It comes with lookalike[sql].")
    if check_file(place) and names and not overwrite:
        with _connected(place, read_only=True) as connection:
            refuse_taken(place, _taken(connection, names))


def write(blocks: Iterable[WrittenDatabase], place: str, overwrite: bool) -> None:
    """Write all tables in one transaction."""
    check(place, overwrite)
    is_new = not Path(place).exists()
    try:
        with _connected(place, read_only=False) as connection:
            connection.execute("BEGIN TRANSACTION")
            for number, db in enumerate(blocks):
                if not number:
                    _clear(connection, db, place, overwrite)
                _write(connection, db, is_first=not number)
            connection.execute("COMMIT")
    except FileFormatError as error:
        raise OutputError(f"{place!r} is a file of another sort: choose another name.") from error
    except BaseException:
        if is_new:
            Path(place).unlink(missing_ok=True)
        raise


def _clear(connection: Any, db: WrittenDatabase, place: str, overwrite: bool) -> None:
    """Drop tables that are there already, if that is allowed."""
    taken = _taken(connection, db.names)
    if not overwrite:
        refuse_taken(place, taken)
    for name in reversed(db.order().tables):  # children before those that they refer to
        for old in taken:
            if old.casefold() == name.casefold():
                connection.execute(f"DROP TABLE {quoted(old)}")


def _write(connection: Any, db: WrittenDatabase, *, is_first: bool) -> None:
    """Write a block; the first one creates the tables."""
    tables, later = db.typed(), db.order().later
    for name in db.order().tables:
        table = plain_table(tables[name])
        own = [key for key in db.foreign_keys if key.table == name and key.is_own]
        waves = _waves(db, own, len(table))
        keys = [k for k in db.foreign_keys if k.table == name and k not in later]
        if waves is None:
            waves = [np.arange(len(table))]
        else:
            keys += own
        if is_first:
            _create(connection, db, name, table, keys)
        for rows in waves:
            _insert(connection, name, table if len(waves) == 1 else table.take(pa.array(rows)))


def _create(
    connection: Any, db: WrittenDatabase, name: str, table: pa.Table, keys: list[ForeignKey]
) -> None:
    for key in db.foreign_keys:
        if key.table == name and key not in keys:
            _warn_of_left_out(key)
    connection.execute(
        create_table(
            name,
            table,
            db.primary_keys[name],
            db.unique_keys(name),
            keys,
            db.declared.get(name, {}),
            _TYPES,
        )
    )


def _insert(connection: Any, name: str, table: pa.Table) -> None:
    connection.register("rows to write", table)
    connection.execute(f'INSERT INTO {quoted(name)} SELECT * FROM "rows to write"')
    connection.unregister("rows to write")


def _waves(db: WrittenDatabase, own: list[ForeignKey], rows: int) -> list[np.ndarray] | None:
    """Return rows in steps, each after those that it refers to; None if there is no such order.

    DuckDB checks keys with each statement, and takes none that leads to a row of the same one.
    """
    if not own:
        return [np.arange(rows)]
    parents = np.stack([db.rows_of(key) for key in own], axis=1)
    written, waiting = np.zeros(rows + 1, bool), np.arange(rows)
    waves: list[np.ndarray] = []
    written[-1] = True  # a missing key is -1
    while len(waiting):
        ready = written[parents[waiting]].all(axis=1)
        if not ready.any() or len(waves) == _MOST_WAVES:
            return None
        waves.append(waiting[ready])
        written[waiting[ready]] = True
        waiting = waiting[~ready]
    return waves


def _warn_of_left_out(key: ForeignKey) -> None:
    warnings.warn(
        f"DuckDB cannot declare keys that form a circle: {key} is kept in the rows, but is not "
        "declared.",
        LookalikeWarning,
        stacklevel=7,
    )


def _taken(connection: Any, names: Collection[str]) -> list[str]:
    """Return tables with one of these names; DuckDB ignores case."""
    wanted = {name.casefold() for name in names}
    there = (row[0] for row in connection.execute(_TABLES).fetchall())
    return [name for name in there if name.casefold() in wanted]
