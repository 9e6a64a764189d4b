"""Files to tables: the one reader, by suffix."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa

from lookalike._core.errors import FileFormatError, ParameterError, nearest
from lookalike.tables.io._read_csv import CsvSource, read_csv
from lookalike.tables.io._read_parquet import read_parquet
from lookalike.tables.io._suffix import file_kind

__all__ = ["read_table"]


def read_table(path: str | os.PathLike[str], *, columns: Sequence[str] | None = None) -> pa.Table:
    """Read a data file.

    All columns of a CSV are read as text, whose meaning `infer_columns` finds, so that leading
    zeros, ``NA`` and the like survive. Only an empty cell without quotes is null. The
    first row holds the names; the delimiter is detected among ``, ; tab |``.

    Parameters
    ----------
    path : str or path-like
        A ``.csv`` or ``.csv.gz`` file in UTF-8, a ``.parquet`` file, or ``"-"`` for CSV on standard
        input.
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
    kind = file_kind(path, FileFormatError)
    if os.fspath(path) == "-":
        return _select(read_csv(CsvSource.standard_input()), columns, "standard input")
    _check_file(Path(path))
    name = repr(os.fspath(path))
    if kind == "parquet":
        return _select(read_parquet(path, columns), columns, name)
    return _select(read_csv(CsvSource(name, path, compressed=kind == "csv.gz")), columns, name)


def _check_file(path: Path) -> None:
    if path.is_dir():
        raise FileFormatError(f"A data file must be a file, but {str(path)!r} is a folder.")
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
