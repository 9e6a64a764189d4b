"""Files to tables: the one reader, by suffix."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import unquote

import pyarrow as pa

from lookalike._core.errors import FileFormatError, ParameterError, nearest
from lookalike._core.places import Place, fetched, is_address
from lookalike.tables.io._read_csv import CsvSource, read_csv
from lookalike.tables.io._read_parquet import read_parquet
from lookalike.tables.io._suffix import file_kind

__all__ = [
    "MANIFEST",
    "check_alike",
    "check_file",
    "data_files",
    "is_parts",
    "listed_in",
    "local_parts",
    "read_table",
    "with_levels",
]

#: The manifest of a table in parts; names that begin with an underscore are no data.
MANIFEST = "_manifest.json"
#: The value in the name of a folder that stands for a missing cell.
_NO_VALUE = "__HIVE_DEFAULT_PARTITION__"


def read_table(path: str | os.PathLike[str], *, columns: Sequence[str] | None = None) -> pa.Table:
    """Read a data file.

    All columns of a CSV are read as text, whose meaning `infer_columns` finds, so that leading
    zeros, ``NA`` and the like survive. Only an empty cell without quotes is null. The
    first row holds the names; the delimiter is detected among ``, ; tab |``.

    Parameters
    ----------
    path : str or path-like
        A ``.csv`` or ``.csv.gz`` file in UTF-8, a ``.parquet`` file, or ``"-"`` for CSV on standard
        input. Or a folder of such files with the same columns, one after another by name; a folder
        named ``column=value`` adds that column, as partitioned tables have it. Or the address of a
        file or folder: ``s3://``, ``gs://``, ``abfs://``, ``file://``, or one that fsspec knows.
    columns : sequence of str, optional
        The columns to read, in this order; all by default.

    Returns
    -------
    pyarrow.Table
        The rows, at least one.

    Raises
    ------
    FileFormatError
        If there is no such file or it cannot be read; the message names the line, byte or column.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "people.csv"
    >>> _ = path.write_text("zip,age\\n00501,31\\n10001,\\n")
    >>> read_table(path).to_pydict()
    {'zip': ['00501', '10001'], 'age': ['31', None]}
    """
    if columns is not None and (isinstance(columns, str) or not columns):
        raise ParameterError(f"columns must be a sequence of names, at least one; got {columns!r}.")
    if is_address(path):
        return _read_address(str(path), columns)
    if os.path.isdir(path):
        return _read_folder(Path(path), columns)
    kind = file_kind(path, FileFormatError)
    if os.fspath(path) == "-":
        return _select(read_csv(CsvSource.standard_input()), columns, "standard input")
    check_file(Path(path))
    name = repr(os.fspath(path))
    if kind == "parquet":
        return _select(read_parquet(path, columns), columns, name)
    return _select(read_csv(CsvSource(name, path, compressed=kind == "csv.gz")), columns, name)


def is_parts(folder: str | os.PathLike[str]) -> bool:
    """Return whether a folder holds the parts of one table, and not a table in each file.

    Parameters
    ----------
    folder : str or path-like
        A folder with ``_manifest.json``, with files that are all named ``part-…``, or with folders
        named ``column=value``, holds parts.

    Returns
    -------
    bool
        False if there is no such folder.
    """
    path = Path(folder)
    if not path.is_dir():
        return False
    if (path / MANIFEST).is_file():
        return True
    data = [p for p in path.iterdir() if not p.name.startswith((".", "_"))]
    if not data:
        return False
    return all((p.is_dir() and "=" in p.name) or p.name.startswith("part-") for p in data)


def _read_address(address: str, columns: Sequence[str] | None) -> pa.Table:
    place = Place(address)
    if not place.is_folder():
        with fetched(address) as path:
            return read_table(path, columns=columns)
    with TemporaryDirectory(prefix="lookalike-") as folder:
        found = place.files()
        for name in [n for n in found if n == MANIFEST] + data_files(found, str(place)):
            local = Path(folder, name)
            local.parent.mkdir(parents=True, exist_ok=True)
            place.beneath(name).download(local)
        return _read_folder(Path(folder), columns, str(place))


def _read_folder(folder: Path, columns: Sequence[str] | None, name: str = "") -> pa.Table:
    """Read the files of a folder, and of those below, as one table."""
    name = name or repr(str(folder))
    parts = [(part, _read_part(folder, part)) for part in local_parts(folder, name)]
    check_alike([(part, table.schema) for part, table in parts], name)
    columns_of_first = parts[0][1].column_names
    tables = [table.select(columns_of_first) for _, table in parts]
    return _select(pa.concat_tables(tables, promote_options="permissive"), columns, name)


def _read_part(folder: Path, part: str) -> pa.Table:
    """Read a file; each folder ``column=value`` on its way adds a column."""
    return with_levels(read_table(folder / part), part)


def with_levels(table: pa.Table, part: str) -> pa.Table:
    """Return a table with a column for each folder ``column=value`` on the way to its file."""
    for level in Path(part).parts[:-1]:
        column, equals, value = level.partition("=")
        if equals and column not in table.column_names:
            cell = None if value == _NO_VALUE else unquote(value)
            table = table.append_column(column, pa.array([cell] * len(table), pa.string()))
    return table


def check_alike(parts: Sequence[tuple[str, pa.Schema]], name: str) -> None:
    """Check that the files of a table have the same columns, of types that go together.

    Parameters
    ----------
    parts : sequence of (str, pyarrow.Schema)
        The name and the columns of each.
    name : str
        That of the table, for the message.

    Raises
    ------
    FileFormatError
        If they differ: the message names a column and two files.
    """
    if not parts:
        return
    first = parts[0][0]
    fields = {field.name: pa.field(field.name, field.type) for field in parts[0][1]}
    for part, schema in parts[1:]:
        odd = sorted(set(fields) ^ set(schema.names))
        if odd:
            raise FileFormatError(
                f"The files of {name} must have the same columns, but {first!r} and {part!r} "
                f"differ in {odd[0]!r}."
            )
        for field in schema:
            known, other = fields[field.name], pa.field(field.name, field.type)
            if known.type == other.type:
                continue
            try:
                both = [pa.schema([known]), pa.schema([other])]
                fields[field.name] = pa.unify_schemas(both, promote_options="permissive").field(0)
            except pa.ArrowException as error:
                raise FileFormatError(
                    f"The files of {name} must have columns of the same types, but {field.name!r} "
                    f"is {known.type} in {first!r} and {other.type} in {part!r}."
                ) from error


def local_parts(folder: Path, name: str) -> list[str]:
    """Return the data files of a folder: those of its manifest, or all."""
    manifest = folder / MANIFEST
    if not manifest.is_file():
        files = (str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())
        return data_files(sorted(files), name)
    return listed_in(manifest, name)


def listed_in(manifest: Path, name: str) -> list[str]:
    """Return the data files that a manifest lists; FileFormatError if they are not all there."""
    try:
        values = json.loads(manifest.read_text(encoding="utf-8"))
        whole, parts = values["complete"], [str(part["name"]) for part in values["parts"]]
    except (ValueError, TypeError, KeyError) as error:
        raise FileFormatError(f"The manifest in {name} is damaged: {error}.") from error
    if not whole:
        raise FileFormatError(
            f"The parts in {name} are not all there: the run that writes them was interrupted. "
            "The same command goes on with it."
        )
    return data_files(parts, name)


def data_files(names: Sequence[str], folder: str) -> list[str]:
    """Return the names of data files: neither hidden ones, nor those that describe others."""
    found = [n for n in names if not any(p.startswith((".", "_")) for p in Path(n).parts)]
    if not found:
        raise FileFormatError(f"There are no data files in {folder}.")
    return found


def check_file(path: Path) -> None:
    """Raise FileFormatError if there is no such file, or nothing in it."""
    if not path.exists():
        there = os.listdir(path.parent) if path.parent.is_dir() else []
        raise FileFormatError(f"There is no file {str(path)!r}.{nearest(path.name, there)}")
    if path.is_file() and path.stat().st_size == 0:
        raise FileFormatError(f"{str(path)!r} is empty: a table needs a header and rows.")


def _select(table: pa.Table, columns: Sequence[str] | None, name: str) -> pa.Table:
    if columns is None:
        return table
    for column in columns:
        if column not in table.column_names:
            hint = nearest(column, table.column_names)
            raise FileFormatError(f"{name} has no column {column!r}.{hint}")
    return table.select(list(columns))
