"""Parquet to an Arrow table of flat columns."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pyarrow as pa
from pyarrow import parquet

from lookalike._core.errors import FileFormatError
from lookalike.tables._arrow_types import check_columns, check_names
from lookalike.tables._storage import is_text

__all__ = [
    "parquet_groups",
    "parquet_pieces",
    "parquet_schema",
    "parquet_width",
    "read_parquet",
    "repeated_texts",
]

#: The name that pandas writes for an unnamed row index, which is not a column of the table.
_INDEX = re.compile(r"__index_level_\d+__")

#: The rows of a piece, those by which a row's bytes are estimated, and the bytes of a column that
#: are read at a time.
_PIECE_ROWS, _WEIGHED_ROWS = 131_072, 4_096
_BUFFER_BYTES = 1 << 20


def read_parquet(path: str | os.PathLike[str], columns: Sequence[str] | None) -> pa.Table:
    """Read a Parquet file.

    A row index without a name, which pandas writes beside the columns, is left out unless
    `columns` names it.

    Parameters
    ----------
    path : str or path-like
        The file.
    columns : sequence of str or None
        The columns to read; None for all. Names that the file does not have are ignored.

    Returns
    -------
    pyarrow.Table
        The table, with the file's types and order.

    Raises
    ------
    FileFormatError
        If it is not a valid Parquet file, or has nested columns or no rows.
    """
    with _opened(path, columns) as (file, names):
        table = file.read(names).select(names)
    if table.num_rows == 0:
        raise FileFormatError(f"{os.fspath(path)!r} has columns but no rows: a table needs some.")
    return _plain(table)


def parquet_pieces(
    path: str | os.PathLike[str],
    groups: Sequence[int] | None = None,
    columns: Sequence[str] | None = None,
    coded: Sequence[str] = (),
) -> Iterator[pa.Table]:
    """Read the rows of a Parquet file as `read_parquet` does, piece by piece, in constant memory.

    Parameters
    ----------
    path : str or path-like
        The file.
    groups : sequence of int, optional
        The groups of rows to read; all by default.
    columns : sequence of str, optional
        The columns to read, as for `read_parquet`.
    coded : sequence of str
        Columns of text that come as dictionaries: where cells repeat, this takes half the time.

    Yields
    ------
    pyarrow.Table
        Some rows; none of a file without rows.

    Raises
    ------
    FileFormatError
        If it is not a valid Parquet file, or has nested columns.
    """
    # Pages are read one by one: a file may be a single group of rows.
    options: dict[str, Any] = {"buffer_size": _BUFFER_BYTES, "pre_buffer": False}
    if coded:  # Arrow wants to know them before the file is open
        with _opened(path, columns) as (file, names):
            options["read_dictionary"] = [name for name in coded if name in names]
    with _opened(path, columns, **options) as (file, names):
        for batch in file.iter_batches(_PIECE_ROWS, row_groups=groups, columns=names):
            if len(batch):
                yield _plain(pa.Table.from_batches([batch]).select(names))


def parquet_groups(path: str | os.PathLike[str]) -> list[tuple[int, int]]:
    """Return, for each group of rows of a Parquet file, its rows and the bytes of its pages.

    Pages are uncompressed, but encoded: repeated values take much less than in memory.

    Parameters
    ----------
    path : str or path-like

    Raises
    ------
    FileFormatError
        If it is not a valid Parquet file, or has nested columns.
    """
    with _opened(path) as (file, _):
        groups = (file.metadata.row_group(i) for i in range(file.metadata.num_row_groups))
        return [(group.num_rows, group.total_byte_size) for group in groups]


def parquet_schema(path: str | os.PathLike[str]) -> pa.Schema:
    """Return the columns of a Parquet file as `read_parquet` reads them.

    Parameters
    ----------
    path : str or path-like

    Raises
    ------
    FileFormatError
        If it is not a valid Parquet file, or has nested columns.
    """
    with _opened(path) as (file, names):
        return pa.schema([(name, file.schema_arrow.field(name).type) for name in names])


def repeated_texts(path: str | os.PathLike[str]) -> dict[str, pa.DataType]:
    """Return the types of text that a Parquet file keeps as dictionaries, since cells repeat.

    Columns that come as dictionaries in any case are not among them.

    Parameters
    ----------
    path : str or path-like

    Raises
    ------
    FileFormatError
        If it is not a valid Parquet file, or has nested columns.
    """
    with _opened(path) as (file, names):
        if not file.metadata.num_row_groups:
            return {}
        group = file.metadata.row_group(0)
        kept = (group.column(i) for i in range(group.num_columns))
        # A cell that is written out takes four bytes for its length alone.
        small = {c.path_in_schema for c in kept if c.total_uncompressed_size < 4 * c.num_values}
        texts = {field.name: field.type for field in file.schema_arrow if is_text(field.type)}
        return {name: texts[name] for name in names if name in small and name in texts}


def parquet_width(path: str | os.PathLike[str]) -> float:
    """Return about how many bytes a row of a Parquet file takes in memory; 0 without rows.

    The first rows are read. Dictionaries are not counted.

    Parameters
    ----------
    path : str or path-like

    Raises
    ------
    FileFormatError
        If it is not a valid Parquet file, or has nested columns.
    """
    with _opened(path, buffer_size=_BUFFER_BYTES, pre_buffer=False) as (file, names):
        for batch in file.iter_batches(_WEIGHED_ROWS, columns=names):
            if len(batch):
                cells = (c.indices if pa.types.is_dictionary(c.type) else c for c in batch.columns)
                return float(sum(c.nbytes for c in cells) / len(batch))
    return 0.0


@contextmanager
def _opened(
    path: str | os.PathLike[str], columns: Sequence[str] | None = None, **options: Any
) -> Iterator[tuple[parquet.ParquetFile, list[str]]]:
    """Open a file, and give the names of the columns to read."""
    name = repr(os.fspath(path))
    try:
        with parquet.ParquetFile(path, page_checksum_verification=True, **options) as file:
            schema = file.schema_arrow
            check_names(schema.names, name, FileFormatError)
            wanted = [
                field
                for field in schema
                if (field.name in columns if columns else not _INDEX.fullmatch(field.name))
            ]
            names = [field.name for field in wanted]
            check_columns(names, [field.type for field in wanted], name, FileFormatError)
            yield file, names
    except FileFormatError:
        raise
    except (pa.ArrowException, OSError) as error:
        # Arrow adds lines on its own code.
        reason = str(error).splitlines()[0].rstrip(".") if str(error) else type(error).__name__
        raise FileFormatError(f"{name} is not Parquet, or damaged: {reason}.") from error


def _plain(table: pa.Table) -> pa.Table:
    """Return a table without the notes that other libraries keep in a file."""
    plain = [pa.field(field.name, field.type, field.nullable) for field in table.schema]
    return pa.table(table.columns, schema=pa.schema(plain))
