"""Tables to files, piece by piece: bounded memory, and a file that is whole or absent."""

from __future__ import annotations

import gzip
import io
import os
import sys
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from types import TracebackType
from typing import BinaryIO, Self

import pyarrow as pa
import pyarrow.types as pt
from pyarrow import parquet

from lookalike._core.errors import DataError, OutputError, ParameterError
from lookalike._core.files import check_writable, is_stream, open_output
from lookalike._core.streams import standard_output
from lookalike.tables._arrow_types import cast_column, check_columns
from lookalike.tables.io._csv_text import csv_header, csv_rows
from lookalike.tables.io._suffix import FileKind, file_kind

__all__ = ["TableWriter", "check_output", "check_safe_csv", "write_table"]

#: The rows in a row group of Parquet: enough to compress well, few enough for memory.
_ROW_GROUP = 131_072
#: The rows of a CSV that are converted to text at once.
_TEXT_ROWS = 32_768

_NO_ROWS = pa.schema([]).empty_table()

_Write = Callable[[pa.Table], None]
_Lines = Callable[[BinaryIO | gzip.GzipFile], _Write]


def check_output(path: str | os.PathLike[str]) -> None:
    """Check, before any long work, that a table can be written to a path.

    Parameters
    ----------
    path : str or path-like
        As for `TableWriter`.

    Raises
    ------
    OutputError
        If the suffix is unknown, or the file cannot be written.

    Examples
    --------
    >>> check_output("-")
    """
    _output_kind(path)
    if os.fspath(path) != "-":
        check_writable(path)


def _output_kind(path: str | os.PathLike[str]) -> FileKind:
    """Return the format of an output; for a device or a pipe, CSV unless its suffix differs."""
    try:
        return file_kind(path, OutputError)
    except OutputError:
        if is_stream(path):
            return "csv"
        raise


def check_safe_csv(path: str | os.PathLike[str], safe_csv: bool) -> None:
    """Check that `safe_csv` is used for a CSV only.

    Parameters
    ----------
    path : str or path-like
        As for `TableWriter`.
    safe_csv : bool
        As for `TableWriter`.

    Raises
    ------
    OutputError
        If the suffix is unknown.
    ParameterError
        If `safe_csv` is used for another file format.

    Examples
    --------
    >>> check_safe_csv("people.csv", True)
    """
    if safe_csv and _output_kind(path) == "parquet":
        raise ParameterError(
            "safe_csv applies to cells of a CSV that a spreadsheet reads as formulas, but "
            f"{os.fspath(path)!r} is Parquet. Leave it out, or write a CSV."
        )


class TableWriter:
    """Write a table to a file, piece after piece.

    A context manager. Memory stays bounded for any number of rows; the file appears under its name
    only when all is written, and nothing remains after a failure. When the reader of standard
    output closes it, writing ends quietly.

    CSV is written in UTF-8, with the fewest digits that identify a number, ISO 8601 dates,
    ``true`` and ``false``, an empty cell for a missing one and ``""`` for an empty text.

    Parameters
    ----------
    path : str or path-like
        A ``.csv``, ``.csv.gz`` or ``.parquet`` file, or ``"-"`` for CSV to standard output.
    schema : pyarrow.Schema
        The columns; pieces are cast to it. Text may come as dictionaries, from which Parquet is
        written faster.
    safe_csv : bool, default False
        Whether text that a spreadsheet would read as a formula gets a quote ``'`` before it: a
        cell or a column name that begins with ``=``, ``+``, ``-``, ``@``, a tab or a carriage
        return and is no plain number such as ``-3.5``. Read back, the text has the quote.

    Raises
    ------
    OutputError
        If the suffix is unknown or the file cannot be written, by a full disk for example.
    DataError
        If names are empty or duplicate, columns nested, or a piece does not fit the schema.
    ParameterError
        If `safe_csv` is used for another format than CSV.

    Examples
    --------
    >>> import pyarrow as pa
    >>> table = pa.table({"name": ["Ada", None], "born": [1815, 1906]})
    >>> with TableWriter("-", table.schema) as writer:  # doctest: +SKIP
    ...     writer.write(table)
    name,born
    Ada,1815
    ,1906
    """

    def __init__(
        self, path: str | os.PathLike[str], schema: pa.Schema, *, safe_csv: bool = False
    ) -> None:
        self.path = path
        self.schema = schema
        self.safe_csv = safe_csv
        self._kind = _output_kind(path)
        check_safe_csv(path, safe_csv)
        check_columns(schema.names, schema.types, "the table to write")
        self._stack = ExitStack()
        self._write: _Write | None = None

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self._write = stack.enter_context(self._open())
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool | None:
        self._write = None
        return self._stack.__exit__(kind, error, trace)

    def write(self, rows: pa.Table | pa.RecordBatch) -> None:
        """Write some rows.

        Parameters
        ----------
        rows : pyarrow.Table or RecordBatch, shape (n, columns)
            The columns of the schema, in order.

        Raises
        ------
        DataError
            If the columns differ, or values do not fit the schema.
        OutputError
            If the writer is not open.
        """
        if self._write is None:
            raise OutputError("A TableWriter writes inside its with block only.")
        if rows.schema.names != self.schema.names:
            raise DataError(
                f"Rows to write must have the columns {self.schema.names}; got {rows.schema.names}."
            )
        if isinstance(rows, pa.RecordBatch):
            rows = pa.Table.from_batches([rows])
        columns = [
            column
            if self._kind == "parquet" and _is_encoded(column.type, field.type)
            else cast_column(column, field.type, field.name)
            for column, field in zip(rows.columns, self.schema, strict=True)
        ]
        if rows.num_rows:
            fields = [f.with_type(c.type) for f, c in zip(self.schema, columns, strict=True)]
            self._write(pa.table(columns, schema=pa.schema(fields, self.schema.metadata)))

    def _open(self) -> AbstractContextManager[_Write]:
        if os.fspath(self.path) == "-":
            return _to_standard_output(self._lines)
        if self._kind == "parquet":
            return _parquet(self.path, self.schema)
        return _csv(self.path, self._lines, compressed=self._kind == "csv.gz")

    def _lines(self, file: BinaryIO | gzip.GzipFile) -> _Write:
        return _csv_lines(file, self.schema.names, self.safe_csv)


def write_table(table: pa.Table, path: str | os.PathLike[str], *, safe_csv: bool = False) -> None:
    """Write a whole table to a file; see `TableWriter`.

    Parameters
    ----------
    table : pyarrow.Table
        The rows.
    path : str or path-like
        A ``.csv``, ``.csv.gz`` or ``.parquet`` file, or ``"-"`` for CSV to standard output.
    safe_csv : bool, default False
        Whether text that a spreadsheet would read as a formula gets a quote before it.

    Raises
    ------
    OutputError
        If the file cannot be written.
    DataError
        If a column cannot be written.
    ParameterError
        If `safe_csv` is used for another format than CSV.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> import pyarrow as pa
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "people.csv"
    >>> write_table(pa.table({"name": ["Ada", None], "height": [1.65, 1.7]}), path)
    >>> print(path.read_text(), end="")
    name,height
    Ada,1.65
    ,1.7
    """
    with TableWriter(path, table.schema, safe_csv=safe_csv) as writer:
        writer.write(table)


# --- CSV ------------------------------------------------------------------------------------------


@contextmanager
def _csv(path: str | os.PathLike[str], lines: _Lines, *, compressed: bool) -> Iterator[_Write]:
    with ExitStack() as stack:
        file: BinaryIO | gzip.GzipFile = stack.enter_context(open_output(path))
        if compressed:
            # Neither a name nor a time goes into the file, so that equal rows are equal bytes.
            file = stack.enter_context(gzip.GzipFile("", "wb", 6, fileobj=file, mtime=0))
        write = lines(file)
        yield write
        write(_NO_ROWS)


@contextmanager
def _to_standard_output(lines: _Lines) -> Iterator[_Write]:
    with suppress(BrokenPipeError), standard_output():  # the reader may close it early
        sys.stdout.flush()
        file: BinaryIO = sys.stdout.buffer
        if isinstance(file, io.RawIOBase):  # unbuffered, as by python -u: it may write less
            file = open(sys.stdout.fileno(), "wb", closefd=False)  # noqa: SIM115 - it stays open
        write = lines(file)
        yield write
        write(_NO_ROWS)
        file.flush()


def _csv_lines(file: BinaryIO | gzip.GzipFile, names: list[str], safe: bool) -> _Write:
    """Return a function that writes rows to a file, and the header before the first of them."""
    header = csv_header(names, safe=safe)

    def write(table: pa.Table) -> None:
        nonlocal header
        file.write(header)
        header = b""
        for start in range(0, table.num_rows, _TEXT_ROWS):
            file.write(csv_rows(table.slice(start, _TEXT_ROWS), safe=safe))

    return write


# --- Parquet --------------------------------------------------------------------------------------


@contextmanager
def _parquet(path: str | os.PathLike[str], schema: pa.Schema) -> Iterator[_Write]:
    with open_output(path) as file, ExitStack() as stack:
        waiting: list[pa.Table] = []
        writer: parquet.ParquetWriter | None = None

        def opened(encoded: pa.Schema) -> parquet.ParquetWriter:
            return stack.enter_context(_parquet_writer(file, schema, encoded))

        def flush() -> None:
            if waiting and writer is not None:
                writer.write_table(pa.concat_tables(waiting).unify_dictionaries(), _ROW_GROUP)
                waiting.clear()

        def write(table: pa.Table) -> None:
            nonlocal writer
            if writer is None:  # the first rows determine the dictionaries
                writer = opened(table.schema)
            table = _like(table, writer.schema)
            for start in range(0, table.num_rows, _ROW_GROUP):
                waiting.append(table.slice(start, _ROW_GROUP))
                if sum(piece.num_rows for piece in waiting) >= _ROW_GROUP:
                    flush()

        yield write
        flush()
        if writer is None:
            opened(schema)


@contextmanager
def _parquet_writer(
    file: BinaryIO, schema: pa.Schema, encoded: pa.Schema
) -> Iterator[parquet.ParquetWriter]:
    """Open a file for rows in which some text is dictionary-encoded.

    Readers get the columns in the types of the schema, which is stored in the file as Arrow does,
    instead of that of the rows.
    """
    # Numbers hardly repeat: a dictionary of them would be wasted work.
    repeating = [field.name for field in schema if not _is_number(field.type)]
    with parquet.ParquetWriter(
        file,
        encoded,
        compression="zstd",
        use_dictionary=repeating or False,
        write_page_checksum=True,
        store_schema=False,
    ) as writer:
        yield writer
        stored = {b"ARROW:schema": b64encode(schema.serialize())}
        writer.add_key_value_metadata({**(schema.metadata or {}), **stored})


def _like(rows: pa.Table, schema: pa.Schema) -> pa.Table:
    """Return rows with the same dictionary-encoded columns as the first ones."""
    columns = [
        cast_column(column, field.type, field.name)
        for column, field in zip(rows.columns, schema, strict=True)
    ]
    return pa.table(columns, schema=schema)


def _is_encoded(came: pa.DataType, wanted: pa.DataType) -> bool:
    """Return whether a column is a dictionary of the target type."""
    return bool(pt.is_dictionary(came) and came.value_type == wanted)


def _is_number(arrow: pa.DataType) -> bool:
    return bool(pt.is_floating(arrow) or pt.is_temporal(arrow) or pt.is_decimal(arrow))
