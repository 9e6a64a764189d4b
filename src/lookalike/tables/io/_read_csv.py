"""CSV to an Arrow table of text: cells are not interpreted, so that nothing is lost."""

from __future__ import annotations

import csv
import gzip
import io
import os
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from typing import BinaryIO, NamedTuple

import pyarrow as pa
from pyarrow import csv as arrow_csv

from lookalike._core.errors import FileFormatError
from lookalike.tables._arrow_types import check_names
from lookalike.tables.io._csv_faults import fault_of, not_utf8, unclosed
from lookalike.tables.io._csv_records import CsvRecord, decode, records

__all__ = ["CsvSource", "csv_pieces", "read_csv"]

_DELIMITERS = (",", ";", "\t", "|")
_SNIFFED_RECORDS = 100
#: Arrow needs a whole row, and here the header too, in one block.
_BLOCK_BYTES = 16 << 20


class CsvSource(NamedTuple):
    """The source of a CSV's bytes.

    Parameters
    ----------
    name : str
        Its name in messages.
    path : str or path-like or None
        The file.
    compressed : bool
        Whether the file is gzip.
    data : bytes
        The content where there is no file (standard input can be read once only).
    """

    name: str
    path: str | os.PathLike[str] | None = None
    compressed: bool = False
    data: bytes = b""

    @classmethod
    def standard_input(cls) -> CsvSource:
        """Read standard input.

        Raises
        ------
        FileFormatError
            If it cannot be read.
        """
        try:
            return cls("standard input", data=sys.stdin.buffer.read())
        except (AttributeError, OSError) as error:  # closed by the caller
            raise FileFormatError(
                "Standard input cannot be read: it is closed. Name a file, or pipe one in."
            ) from error

    def open(self) -> BinaryIO:
        """Open the source from its start, uncompressed."""
        if self.path is None:
            return io.BytesIO(self.data)
        if self.compressed:
            return io.BufferedReader(gzip.GzipFile(self.path, "rb"))
        return open(self.path, "rb")

    def arrow(self) -> pa.NativeFile:
        """Open the source from its start, uncompressed, for Arrow."""
        if self.path is None:
            return pa.BufferReader(self.data)
        return pa.input_stream(os.fspath(self.path), "gzip" if self.compressed else None)


def read_csv(source: CsvSource) -> pa.Table:
    """Read a CSV as text; an empty cell without quotes is null.

    Parameters
    ----------
    source : CsvSource
        The file.

    Returns
    -------
    pyarrow.Table
        The table, all of type string.

    Raises
    ------
    FileFormatError
        If it cannot be read, naming the line where there is one.
    """
    with _readable(source):
        form = _CsvForm.of(source)
        with form.named_faults(source):
            table = arrow_csv.read_csv(source.arrow(), *form.options)
        _check_end(source, table, form.delimiter)
        return table


def csv_pieces(source: CsvSource) -> Iterator[tuple[pa.Table, int]]:
    """Read the rows of a CSV as `read_csv` does, piece by piece, in constant memory.

    Parameters
    ----------
    source : CsvSource
        The file.

    Yields
    ------
    pyarrow.Table
        Some rows, all of type string.
    int
        The bytes of the file that have been read.

    Raises
    ------
    FileFormatError
        If it cannot be read, naming the line where there is one.
    """
    assert source.path is not None
    with _readable(source), open(source.path, "rb") as file:
        form, last = _CsvForm.of(source), None
        with form.named_faults(source):
            stream = pa.input_stream(file, "gzip" if source.compressed else None)
            with arrow_csv.open_csv(stream, *form.options) as reader:
                for batch in reader:
                    if len(batch):
                        last = pa.Table.from_batches([batch])
                        yield last, file.tell()
        if last is not None:
            _check_end(source, last, form.delimiter)


@contextmanager
def _readable(source: CsvSource) -> Iterator[None]:
    try:
        yield
    except FileFormatError:
        raise
    except (OSError, EOFError, zlib.error) as error:
        damage = "is not gzip, or damaged" if source.compressed else "cannot be read"
        raise FileFormatError(f"{source.name} {damage}: {error}.") from error


class _CsvForm(NamedTuple):
    """The form of a CSV: its delimiter, its header, and the names in it."""

    delimiter: str
    header: CsvRecord
    names: list[str]

    @classmethod
    def of(cls, source: CsvSource) -> _CsvForm:
        delimiter = _delimiter(source)
        header = _header(source, delimiter)
        return cls(delimiter, header, _names(source, header, delimiter))

    @property
    def options(
        self,
    ) -> tuple[arrow_csv.ReadOptions, arrow_csv.ParseOptions, arrow_csv.ConvertOptions]:
        """The options with which Arrow reads the rows."""
        return (
            arrow_csv.ReadOptions(
                column_names=self.names, skip_rows=self.header.last_line, block_size=_BLOCK_BYTES
            ),
            arrow_csv.ParseOptions(
                delimiter=self.delimiter,
                newlines_in_values=True,
                # An empty line is a missing cell in a table of one column, otherwise it is ignored.
                ignore_empty_lines=len(self.names) > 1,
            ),
            arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(self.names, pa.string()),
                null_values=[""],
                strings_can_be_null=True,
                quoted_strings_can_be_null=False,
            ),
        )

    @contextmanager
    def named_faults(self, source: CsvSource) -> Iterator[None]:
        """Name the line of what Arrow cannot read."""
        try:
            yield
        except pa.ArrowInvalid as error:
            fields = len(self.names)
            raise fault_of(source.name, source.open, self.delimiter, fields, error) from error


def _delimiter(source: CsvSource) -> str:
    """Return the delimiter that gives most of the first records as many fields as the header.

    A comma is preferred where counts are equal or unclear.
    """
    shares = {}
    for delimiter in _DELIMITERS:
        first = islice(records(source.open, delimiter), _SNIFFED_RECORDS)
        counts = [record.fields for record in first if record.fields]
        if counts and counts[0] > 1:
            shares[delimiter] = counts.count(counts[0]) / len(counts)
    best = max(shares, key=lambda delimiter: shares[delimiter], default=",")
    return best if shares.get(best, 0) > 0.5 else ","


def _header(source: CsvSource, delimiter: str) -> CsvRecord:
    """Return the first record that is not an empty line, and check that rows follow it."""
    header = None
    for record in records(source.open, delimiter):
        if not record.closed:
            raise unclosed(source.name, record)
        if header is not None and (record.fields or header.fields == 1):
            return header
        if header is None and record.fields:
            header = record
    if header is None:
        raise FileFormatError(f"{source.name} is empty: a table needs a header and rows.")
    raise FileFormatError(f"{source.name} has a header but no rows: a table needs some.")


def _names(source: CsvSource, header: CsvRecord, delimiter: str) -> list[str]:
    try:
        names = next(csv.reader([decode(header.text)], delimiter=delimiter))
    except UnicodeDecodeError as error:
        raise not_utf8(source.name, header) from error
    except csv.Error as error:
        raise FileFormatError(f"The header of {source.name} cannot be read: {error}.") from error
    check_names(names, source.name, FileFormatError)
    return names


def _check_end(source: CsvSource, table: pa.Table, delimiter: str) -> None:
    """Reject a quote that is never closed: Arrow reads all that follows it as one cell."""
    last = table.column(table.num_columns - 1)
    if len(last) and "\n" in (last[-1].as_py() or ""):
        for record in records(source.open, delimiter):
            if not record.closed:
                raise unclosed(source.name, record)
