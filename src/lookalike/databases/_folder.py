"""Folders of tables, one file for each, and ``schema.json`` with the keys.

A folder is written beside its place and renamed, so that it is whole or absent. ``schema.json``::

    {"orders": {"primary_key": ["id"],
                "foreign_keys": [{"column": "customer", "references": "customers.id"}],
                "columns": {"id": {"type": "BIGINT", "nullable": false, "default": null}}}}

Of several columns, a key is ``{"columns": [...], "references": {"table": ..., "columns": [...]}}``.
"""

from __future__ import annotations

import csv
import gzip
import json
import os
import shutil
import tempfile
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pyarrow as pa

from lookalike._core.errors import DataError, FileFormatError, OutputError
from lookalike._core.files import write_text
from lookalike.databases._contents import SourceContents, WrittenDatabase
from lookalike.databases._declared import DeclaredColumn
from lookalike.databases._keys import ForeignKey
from lookalike.tables import Origin, TableWriter, to_arrow

__all__ = ["check", "read", "write"]

_SUFFIXES = (".csv.gz", ".csv", ".parquet")
_SCHEMA = "schema.json"
_DELIMITERS = (",", ";", "\t", "|")
#: The characters after a header by which a file without rows is told.
_ROOM = 4096
_FORBIDDEN = frozenset('/\\:*?"<>|\0')


def read(place: str, names: list[str] | None) -> SourceContents:
    """Read the tables of a folder, and its ``schema.json`` if there is one."""
    folder = Path(place)
    if not folder.is_dir():
        raise FileFormatError(
            f"A database is a folder or an address such as sqlite:///shop.db; there is no folder "
            f"{place!r}."
        )
    files: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        suffix = next((s for s in _SUFFIXES if path.name.lower().endswith(s)), None)
        if suffix is None or path.name.startswith("."):
            continue
        name = path.name[: -len(suffix)]
        if name in files:
            raise FileFormatError(
                f"A folder must have one file for each table, but {files[name].name} and "
                f"{path.name} are both {name!r}. Remove one of them."
            )
        files[name] = path
    schema = _schema(folder / _SCHEMA)
    wanted = list(files) if names is None else names
    for name in {*wanted, *(schema if schema and names is None else {})} - set(files):
        raise FileFormatError(f"There is no table {name!r} in the folder {place!r}.")
    if not wanted:
        raise FileFormatError(
            f"A folder must have a .csv or .parquet file for each table; {place!r} has none."
        )
    tables, origins = {}, {}
    for name in wanted:
        empty = None if files[name].suffix == ".parquet" else _without_rows(files[name])
        if empty is not None:
            tables[name] = empty
            continue
        tables[name], origins[name] = to_arrow(files[name])
        if files[name].suffix == ".parquet":
            origins[name] = Origin("pyarrow", origins[name].columns)
    if schema is None:
        return SourceContents(tables, origins=origins)
    some = {name: entry for name, entry in schema.items() if name in tables}
    try:
        foreign = [key for name, entry in some.items() for key in _foreign(name, entry)]
        return SourceContents(
            tables,
            {name: tuple(entry.get("primary_key") or ()) for name, entry in some.items()},
            tuple(key for key in foreign if key.parent in tables or names is None),
            {name: _declared(entry) for name, entry in some.items()},
            origins,
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        if isinstance(error, DataError):
            raise
        raise FileFormatError(
            f"{str(folder / _SCHEMA)!r} must give each table its primary_key and foreign_keys, "
            f"but it does not: {error!r}."
        ) from error


def _without_rows(path: Path) -> pa.Table | None:
    """Return the table of a CSV file that has a header alone, as an empty table is written."""
    opened = gzip.open if path.suffix == ".gz" else open
    try:
        with opened(path, "rt", encoding="utf-8-sig", newline="") as file:
            first = file.readline()
            if not first.strip() or file.read(_ROOM).strip():
                return None
            headers = [next(csv.reader([first], delimiter=d), []) for d in _DELIMITERS]
    except (OSError, UnicodeDecodeError, csv.Error):
        return None  # it is read as other files are, whose faults are named
    header = max(headers, key=len)
    if len(set(header)) < len(header) or not all(header):
        return None
    return pa.table({name: pa.array([], pa.string()) for name in header})


def _schema(path: Path) -> dict[str, Any] | None:
    if not path.exists():
        return None
    try:
        schema = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise FileFormatError(f"{str(path)!r} must be JSON: {error}.") from error
    if not isinstance(schema, dict) or not all(isinstance(v, dict) for v in schema.values()):
        raise FileFormatError(f"{str(path)!r} must hold an object for each table.")
    return schema


def _foreign(name: str, entry: Mapping[str, Any]) -> list[ForeignKey]:
    keys = []
    for key in entry.get("foreign_keys") or ():
        columns = tuple(key["columns"]) if "columns" in key else (key["column"],)
        references = key["references"]
        if isinstance(references, str):
            parent, _, column = references.rpartition(".")
            keys.append(ForeignKey(name, columns, parent, (column,)))
        else:
            keys.append(
                ForeignKey(name, columns, references["table"], tuple(references["columns"]))
            )
    return keys


def _declared(entry: Mapping[str, Any]) -> dict[str, DeclaredColumn]:
    return {name: DeclaredColumn(**values) for name, values in (entry.get("columns") or {}).items()}


def check(place: str, overwrite: bool, names: Collection[str] = ()) -> None:  # noqa: ARG001
    """Check that a folder can be written: an empty one, whatever the names of tables."""
    path = Path(place)
    if not place or path.is_file():
        raise OutputError(f"A database is written to a folder or a database; {place!r} is a file.")
    if path.is_dir() and any(path.iterdir()) and not overwrite:
        raise OutputError(
            f"The folder {place!r} is not empty. Choose another one, or allow to overwrite."
        )
    parent = path.resolve().parent
    if not parent.is_dir():
        raise OutputError(f"The folder of an output must exist: there is no {str(parent)!r}.")
    if not os.access(path if path.is_dir() else parent, os.W_OK):
        raise OutputError(f"Cannot write {place!r}: permission denied.")


def write(blocks: Iterable[WrittenDatabase], place: str, overwrite: bool) -> None:
    """Write a folder of CSV files with ``schema.json``."""
    check(place, overwrite)
    path = Path(place).resolve()
    try:
        beside = Path(tempfile.mkdtemp(prefix=".lookalike-", dir=path.parent))
    except OSError as error:
        raise OutputError(f"Cannot write {place!r}: {error.strerror}.") from error
    try:
        _write_files(blocks, beside)
        _put(beside, path)
    except OSError as error:
        if isinstance(error, OutputError):
            raise
        raise OutputError(f"Cannot write {place!r}: {error.strerror or error}.") from error
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _write_files(blocks: Iterable[WrittenDatabase], folder: Path) -> None:
    with ExitStack() as stack:
        writers: dict[str, TableWriter] = {}
        for number, db in enumerate(blocks):
            if not number:
                _check_names(db.names)
                words = json.dumps(_description(db), ensure_ascii=False, indent=1)
                write_text(words, folder / _SCHEMA)
            for name in db.names:
                table = db.arrow(name)
                if name not in writers:
                    writer = TableWriter(folder / f"{name}.csv", table.schema)
                    writers[name] = stack.enter_context(writer)
                writers[name].write(table)


def _check_names(names: Sequence[str]) -> None:
    for name in names:
        if set(name) & _FORBIDDEN or name.startswith("."):
            raise OutputError(f"The name of a table must be possible for a file; got {name!r}.")


def _put(beside: Path, path: Path) -> None:
    """Rename a finished folder, or its files where a folder is there already."""
    if not path.exists():
        beside.chmod(0o777 & ~_umask())
        beside.rename(path)
        return
    for file in sorted(beside.iterdir()):
        for suffix in _SUFFIXES:  # an earlier file of this table in another format
            (path / f"{file.name.removesuffix('.csv')}{suffix}").unlink(missing_ok=True)
        os.replace(file, path / file.name)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _description(db: WrittenDatabase) -> dict[str, Any]:
    return {
        name: {
            "primary_key": list(db.primary_keys[name]),
            "foreign_keys": [key.to_dict() for key in db.foreign_keys if key.table == name],
            "columns": {c: d.to_dict() for c, d in db.declared.get(name, {}).items()},
        }
        for name in db.names
    }
