"""SQLite, through the standard library."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from lookalike._core.errors import DatabaseError, FileFormatError, OutputError
from lookalike.databases._chosen import chosen_tables, warn_of_bytes
from lookalike.databases._contents import SourceContents, WrittenDatabase
from lookalike.databases._declared import DeclaredColumn
from lookalike.databases._keys import ForeignKey
from lookalike.databases._place import check_file, refuse_taken
from lookalike.databases._statements import create_table, quoted

__all__ = ["check", "read", "write"]

_TABLES = (
    "SELECT name FROM sqlite_master WHERE type = 'table' "
    "AND substr(name, 1, 7) <> 'sqlite_' ORDER BY rowid"
)
_TYPES = {"BIGINT": "INTEGER", "DOUBLE PRECISION": "REAL"}
_ROWS_AT_ONCE = 50_000


# --- read -----------------------------------------------------------------------------------------


def read(place: str, names: list[str] | None) -> SourceContents:
    """Read the tables and keys of a file."""
    if not Path(place).is_file():
        raise FileFormatError(f"There is no database file {place!r}.")
    with _reading(place) as connection:
        tables = chosen_tables(
            [row[0] for row in connection.execute(_TABLES)], names, f"the database {place!r}"
        )
        found = SourceContents({}, {}, ())
        for name in tables:
            _read_table(connection, name, found)
        foreign = [key for name in tables for key in _foreign(connection, name, found)]
        found.foreign = tuple(key for key in foreign if key.parent in found.tables)
    return found


@contextmanager
def _reading(place: str) -> Iterator[sqlite3.Connection]:
    try:
        uri = f"{Path(place).resolve().as_uri()}?mode=ro"
        with closing(sqlite3.connect(uri, uri=True)) as connection:
            connection.text_factory = lambda data: data.decode("utf-8", "replace")
            yield connection
    except sqlite3.DatabaseError as error:
        if "not a database" in str(error):
            raise FileFormatError(f"{place!r} is not an SQLite database.") from error
        raise DatabaseError(f"SQLite cannot read {place!r}: {error}.") from error


def _read_table(connection: sqlite3.Connection, name: str, found: SourceContents) -> None:
    # Generated columns are columns; hidden ones of virtual tables are none.
    listed = connection.execute(f"PRAGMA table_xinfo({quoted(name)})").fetchall()
    columns = [own for own in listed if own[6] != 1]
    selected = ", ".join(quoted(own[1]) for own in columns)
    rows = connection.execute(f"SELECT {selected} FROM {quoted(name)}").fetchall()
    cells = list(zip(*rows, strict=True)) if rows else [()] * len(columns)
    arrays = [
        _column(name, own[1], str(own[2] or ""), values)
        for own, values in zip(columns, cells, strict=True)
    ]
    found.tables[name] = pa.table(arrays, names=[own[1] for own in columns])
    assert found.primary is not None
    parts = sorted((own[5], own[1]) for own in columns if own[5])
    found.primary[name] = tuple(column for _, column in parts)
    found.declared[name] = {
        own[1]: DeclaredColumn(str(own[2] or ""), not own[3] and not own[5], own[4])
        for own in columns
    }


def _foreign(connection: sqlite3.Connection, name: str, found: SourceContents) -> list[ForeignKey]:
    parts: dict[int, list[tuple[Any, ...]]] = {}
    for row in connection.execute(f"PRAGMA foreign_key_list({quoted(name)})"):
        parts.setdefault(row[0], []).append(row)
    keys, known = [], {table.casefold(): table for table in found.tables}
    for rows in (sorted(rows, key=lambda row: row[1]) for _, rows in sorted(parts.items())):
        parent = known.get(rows[0][2].casefold(), rows[0][2])  # SQLite ignores case
        columns = tuple(_spelled(row[3], found.tables[name]) for row in rows)
        to = tuple(row[4] for row in rows)
        if None in to:  # the primary key is meant
            assert found.primary is not None
            to = found.primary.get(parent, ())
        elif parent in found.tables:
            to = tuple(_spelled(column, found.tables[parent]) for column in to)
        if len(to) == len(columns):
            keys.append(ForeignKey(name, columns, parent, to))
    return keys


def _spelled(column: str, table: pa.Table) -> str:
    """Return a column's name as its table spells it."""
    return next((c for c in table.column_names if c.casefold() == column.casefold()), column)


def _column(table: str, column: str, declared: str, values: Sequence[Any]) -> pa.Array:
    """Return cells in the type that is declared, or in that of the values where they differ."""
    word = declared.upper()
    if any(isinstance(value, bytes) for value in values):
        warn_of_bytes(table, column)
        values = [None if isinstance(value, bytes) else value for value in values]
    if not any(value is not None for value in values):
        return pa.nulls(len(values), _kind(word))
    if "BOOL" in word and set(values) <= {0, 1, None}:
        return pa.array([None if v is None else bool(v) for v in values], pa.bool_())
    whole = all(isinstance(value, int) for value in values if value is not None)
    numeric = all(isinstance(value, int | float) for value in values if value is not None)
    try:
        if numeric and whole and not pa.types.is_floating(_kind(word)):
            return pa.array(values, pa.int64())
        if numeric:
            return pa.array([None if v is None else float(v) for v in values], pa.float64())
    except (pa.ArrowInvalid, OverflowError):
        pass
    texts = pa.array([None if value is None else str(value) for value in values], pa.string())
    return _as_times(texts, word)


def _kind(word: str) -> pa.DataType:
    """Return the type that a declaration stands for."""
    if "INT" in word:
        return pa.int64()
    if any(part in word for part in ("REAL", "FLOA", "DOUB", "NUMERIC", "DECIMAL")):
        return pa.float64()
    if "BOOL" in word:
        return pa.bool_()
    if word == "DATE":
        return pa.date32()
    if word.startswith(("DATETIME", "TIMESTAMP")):
        return pa.timestamp("us", "UTC" if "WITH TIME ZONE" in word else None)
    return pa.string()


def _as_times(texts: pa.Array, word: str) -> pa.Array:
    kind = _kind(word)
    if not pa.types.is_temporal(kind):
        return texts
    try:
        times = texts.cast(kind)
    except pa.ArrowInvalid:
        return texts
    return times


# --- write ----------------------------------------------------------------------------------------


def check(place: str, overwrite: bool, names: Collection[str] = ()) -> None:
    """Check that a file can be written, and that it has none of some tables."""
    if check_file(place) and names and not overwrite:
        with _reading(place) as connection:
            refuse_taken(place, _taken(connection, names))


def write(blocks: Iterable[WrittenDatabase], place: str, overwrite: bool) -> None:
    """Write all tables in one transaction."""
    check(place, overwrite)
    is_new = not Path(place).exists()
    try:
        with closing(sqlite3.connect(place, isolation_level=None)) as connection:
            _write(connection, blocks, place, overwrite)
    except sqlite3.DatabaseError as error:
        if is_new:
            Path(place).unlink(missing_ok=True)
        if "not a database" in str(error):
            raise OutputError(
                f"{place!r} is a file of another sort: choose another name."
            ) from error
        raise DatabaseError(
            f"SQLite cannot write {place!r}: {error}. Nothing was written."
        ) from error
    except BaseException:
        if is_new:
            Path(place).unlink(missing_ok=True)
        raise


def _write(
    connection: sqlite3.Connection, blocks: Iterable[WrittenDatabase], place: str, overwrite: bool
) -> None:
    connection.execute("PRAGMA foreign_keys = OFF")  # tables that others refer to are dropped
    connection.execute("BEGIN IMMEDIATE")
    try:
        for number, db in enumerate(blocks):
            tables = db.typed()
            if not number:
                taken = _taken(connection, db.names)
                if not overwrite:
                    refuse_taken(place, taken)
                for name in taken:
                    connection.execute(f"DROP TABLE {quoted(name)}")
            for name in db.order().tables:
                if not number:
                    _create(connection, db, name, tables[name])
                _insert(connection, name, tables[name])
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _create(
    connection: sqlite3.Connection, db: WrittenDatabase, name: str, table: pa.Table
) -> None:
    connection.execute(
        create_table(
            name,
            table,
            db.primary_keys[name],
            db.unique_keys(name),
            [key for key in db.foreign_keys if key.table == name],
            db.declared.get(name, {}),
            _TYPES,
        )
    )


def _insert(connection: sqlite3.Connection, name: str, table: pa.Table) -> None:
    marks = ", ".join("?" * table.num_columns)
    insert = f"INSERT INTO {quoted(name)} VALUES ({marks})"
    for batch in table.to_batches(_ROWS_AT_ONCE):
        connection.executemany(insert, zip(*map(_values, batch.columns), strict=True))


def _taken(connection: sqlite3.Connection, names: Collection[str]) -> list[str]:
    """Return those names that tables have already; SQLite ignores case."""
    there = {row[0].casefold() for row in connection.execute(_TABLES)}
    return [name for name in names if name.casefold() in there]


def _values(column: pa.Array) -> list[Any]:
    """Return cells as SQLite stores them."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        column, kind = column.dictionary_decode(), kind.value_type
    if pa.types.is_boolean(kind):
        column = column.cast(pa.int8())
    elif pa.types.is_decimal(kind):
        column = column.cast(pa.float64())
    elif pa.types.is_duration(kind):
        column = column.cast(pa.int64())
    elif pa.types.is_timestamp(kind):
        whole = pc.all(pc.equal(pc.subsecond(column), 0)).as_py() is not False
        step = pa.timestamp("s" if whole else "us", "UTC" if kind.tz else None)
        zone = "+00:00" if kind.tz else ""
        column = pc.strftime(column.cast(step, safe=False), f"%Y-%m-%d %H:%M:%S{zone}")
    elif pa.types.is_temporal(kind):
        column = column.cast(pa.string())
    values: list[Any] = column.to_pylist()
    return values
