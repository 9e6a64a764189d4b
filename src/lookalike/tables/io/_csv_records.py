"""The records of a CSV with their line numbers: slow and exact, for headers and for errors.

The rows themselves are read by Arrow, which is fast but cannot locate a fault where quoted fields
hold line breaks or several threads work. The rules are the same: a quote at the start of a field
opens it, a doubled quote inside is a quote, anything else is plain.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from typing import BinaryIO, NamedTuple

__all__ = ["CsvRecord", "decode", "records"]

_BOM = "\xef\xbb\xbf"


class CsvRecord(NamedTuple):
    """One record of a CSV.

    Parameters
    ----------
    line, last_line : int
        The physical lines on which it begins and ends, counted from 1.
    fields : int
        The number of its fields; 0 for an empty line.
    text : str
        Its bytes as Latin-1 (which can hold any byte), with the line end.
    closed : bool
        Whether its last quoted field ends; False only at the end of a damaged file.
    """

    line: int
    last_line: int
    fields: int
    text: str
    closed: bool


def records(opened: Callable[[], BinaryIO], delimiter: str) -> Iterator[CsvRecord]:
    """Yield the records of a CSV in any encoding that contains ASCII.

    Parameters
    ----------
    opened : callable
        Opens the file from its start, uncompressed.
    delimiter : str
        The delimiter, one character.

    Yields
    ------
    CsvRecord
        The records, header first, in order.
    """
    with opened() as file:
        lines = io.TextIOWrapper(file, encoding="latin-1", newline="")
        first, commas, inside, parts = 1, 0, False, []
        for number, line in enumerate(lines, 1):
            if number == 1:
                line = line.removeprefix(_BOM)
            more, inside = _scan(line, delimiter, inside)
            commas += more
            parts.append(line)
            if inside:
                continue
            text = "".join(parts)
            yield CsvRecord(first, number, commas + 1 if text.strip("\r\n") else 0, text, True)
            first, commas, parts = number + 1, 0, []
        if parts:
            yield CsvRecord(first, first + len(parts) - 1, commas + 1, "".join(parts), False)


def _scan(line: str, delimiter: str, inside: bool) -> tuple[int, bool]:
    """Count the delimiters outside quotes; return also whether the line ends inside quotes."""
    if '"' not in line:
        return (0, True) if inside else (line.count(delimiter), False)
    count, position = 0, 0
    while position < len(line):
        if inside:
            position = line.find('"', position) + 1
            if position == 0:
                return count, True
            if line.startswith('"', position):
                position += 1
                continue
            inside = False
        elif line.startswith('"', position):
            inside, position = True, position + 1
            continue
        # Outside quotes: go on to the start of the next field.
        position = line.find(delimiter, position) + 1
        if position == 0:
            return count, False
        count += 1
    return count, inside


def decode(text: str) -> str:
    """Return the UTF-8 text of a record.

    Raises
    ------
    UnicodeDecodeError
        If its bytes are not UTF-8.
    """
    return text.encode("latin-1").decode("utf-8")
