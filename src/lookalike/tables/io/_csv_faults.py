"""Errors of CSV files that name the line."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import BinaryIO

from lookalike._core.errors import FileFormatError
from lookalike.tables.io._csv_records import CsvRecord, decode, records

__all__ = ["fault_of", "not_utf8", "unclosed"]


def fault_of(
    name: str, opened: Callable[[], BinaryIO], delimiter: str, fields: int, found: Exception
) -> FileFormatError:
    """Return the error for a CSV that Arrow rejected, with the line of its first fault.

    Parameters
    ----------
    name : str
        The name of the file, for the message.
    opened : callable
        Opens the file from its start, uncompressed.
    delimiter : str
        The delimiter, one character.
    fields : int
        The number of fields in the header.
    found : Exception
        The exception from Arrow.

    Returns
    -------
    FileFormatError
        The error to raise.
    """
    for record in records(opened, delimiter):
        try:
            decode(record.text)
        except UnicodeDecodeError:
            return not_utf8(name, record)
        if not record.closed:
            return unclosed(name, record)
        if record.fields not in (0, fields):
            return _ragged(name, record, delimiter, fields)
    return FileFormatError(f"{name} cannot be read as CSV: {found}.")


def _ragged(name: str, record: CsvRecord, delimiter: str, fields: int) -> FileFormatError:
    words = "a tab" if delimiter == "\t" else repr(delimiter)
    todo = (
        f"Put fields that contain {words} in double quotes"
        if record.fields > fields
        else "Complete it or remove it"
    )
    return FileFormatError(
        f"Every row of a CSV must have as many fields as its header: line {record.line} of {name} "
        f"has {record.fields} fields, the header has {fields}. {todo}."
    )


def unclosed(name: str, record: CsvRecord) -> FileFormatError:
    """Return the error for a quoted field that never ends."""
    return FileFormatError(
        f"A quoted field must end with a quote: a row of {name} opens one on line {record.line} "
        "that is still open at the end of the file. Close it, or double the quotes inside."
    )


def not_utf8(name: str, record: CsvRecord) -> FileFormatError:
    """Return the error for a record that is not UTF-8, naming the line and the byte."""
    if record.text.startswith(("\xff\xfe", "\xfe\xff")):
        return FileFormatError(
            f"A CSV must be UTF-8, but {name} begins as UTF-16 does. Save it as UTF-8 first."
        )
    for number, line in enumerate(_lines(record.text), record.line):
        try:
            decode(line)
        except UnicodeDecodeError as error:
            byte = ord(line[error.start])
            return FileFormatError(
                f"A CSV must be UTF-8, but line {number} of {name} has the byte 0x{byte:02x} at "
                f"position {error.start + 1}. Convert it first, such as: "
                "iconv -f LATIN1 -t UTF-8 old.csv > new.csv"
            )
    raise AssertionError("only for a record that is not UTF-8")


def _lines(text: str) -> Iterator[str]:
    """Split text at line breaks as files have them, not at other Unicode line boundaries."""
    yield from text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
