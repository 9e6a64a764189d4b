"""The rows of an Arrow table as the text of a CSV, column by column, without a Python loop.

Numbers are written with the fewest digits that identify them. Timestamps, dates and times are ISO
8601 (``2013-01-31T23:59:00``, fractions of a second only where there are any, ``+01:00`` or ``Z``
where there is a time zone), durations too (``PT90.5S``). A missing cell is empty, an empty text is
``""``.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

from lookalike._core.errors import DataError

__all__ = ["cell_texts", "csv_header", "csv_rows"]

#: Text that CSV must quote, or that could confuse a reader: other delimiters, spaces at the ends, a
#: byte order mark.
_NEEDS_QUOTES = r'^$|[",;|\t\r\n]|^\s|\s$|^\x{feff}'
#: Text that a spreadsheet reads as a formula, and the numbers among it.
_FORMULA = r"^[=+\-@\t\r]"
_PLAIN_NUMBER = r"^[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)?$"
_PER_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}


def csv_header(names: list[str], *, safe: bool = False) -> bytes:
    """Return the first line of a CSV; `safe` as for `csv_rows`."""
    cells = _no_formulas(pa.array(names, pa.string())) if safe else pa.array(names, pa.string())
    return (",".join(_quoted(cells).to_pylist()) + "\n").encode()


def csv_rows(table: pa.Table, *, safe: bool = False) -> pa.Buffer:
    """Return the lines of some rows; well below 2 GB of text, in one contiguous piece.

    Parameters
    ----------
    table : pyarrow.Table, shape (n, columns)
        At least one row and one column.
    safe : bool
        Whether text that a spreadsheet would read as a formula gets a quote before it.

    Returns
    -------
    pyarrow.Buffer
        The lines in UTF-8, each with its line end.

    Raises
    ------
    DataError
        If a column cannot be written as text.
    """
    fields = [_field(table[i], name, safe) for i, name in enumerate(table.column_names)]
    fields[-1] = pc.binary_join_element_wise(
        fields[-1], "", "\n", null_handling="replace", null_replacement=""
    )
    lines = pc.binary_join_element_wise(*fields, ",", null_handling="replace", null_replacement="")
    return _bytes(lines)


def _bytes(lines: pa.StringArray) -> pa.Buffer:
    """Return the values of a text array, which Arrow stores contiguously."""
    offsets = pa.Array.from_buffers(
        pa.int32(), len(lines) + 1, [None, lines.buffers()[1]], offset=lines.offset
    )
    start, stop = offsets[0].as_py(), offsets[-1].as_py()
    return lines.buffers()[2].slice(start, stop - start)


def _field(column: pa.ChunkedArray, name: str, safe: bool) -> pa.Array:
    """Return a column as quoted text, nulls kept."""
    values = column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)
    if isinstance(values, pa.ChunkedArray):  # the result of older versions of Arrow without chunks
        values = pa.concat_arrays(values.chunks)
    with _as_data_error(values.type, name):
        return _text(values, safe)


@contextmanager
def _as_data_error(kind: pa.DataType, name: str) -> Iterator[None]:
    try:
        yield
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise DataError(
            f"A CSV holds text, and column {name!r} of type {kind} cannot be written as "
            f"such: {error}. Cast it to text, or write Parquet."
        ) from error


def cell_texts(column: pa.ChunkedArray, name: str) -> pa.ChunkedArray:
    """Return the cells of a column as a CSV has them, without quotes; missing cells stay null.

    Parameters
    ----------
    column : pyarrow.ChunkedArray
        A column of any type that can be written to a CSV.
    name : str
        Its name, for messages.

    Returns
    -------
    pyarrow.ChunkedArray
        Text.

    Raises
    ------
    DataError
        If the column cannot be written as text.
    """
    with _as_data_error(column.type, name):
        return pa.chunked_array([_plain(chunk) for chunk in column.chunks], pa.string())


def _text(values: pa.Array, safe: bool) -> pa.Array:
    """Return cells as text in quotes where CSV needs them; numbers and dates never do."""
    if pt.is_dictionary(values.type):
        return _text(values.dictionary, safe).take(values.indices)
    text = _plain(values)
    if not _is_text(values.type):
        return text
    return _quoted(_no_formulas(text) if safe else text)


def _is_text(kind: pa.DataType) -> bool:
    temporal = pt.is_temporal(kind) or pt.is_duration(kind)
    plain = pt.is_floating(kind) or pt.is_integer(kind) or pt.is_boolean(kind)
    return not (temporal or plain or pt.is_decimal(kind))


def _plain(values: pa.Array) -> pa.Array:
    """Return cells as text without quotes."""
    kind = values.type
    if pt.is_dictionary(kind):
        return _plain(values.dictionary).take(values.indices)
    if pt.is_floating(kind):
        values = pc.if_else(pc.is_nan(values), pa.scalar(None, kind), values)
        return values.cast(pa.string())
    if pt.is_timestamp(kind):
        return _moments(values)
    if pt.is_time(kind):
        return _without_empty_fraction(values.cast(pa.string()))
    if pt.is_duration(kind):
        return _durations(values)
    return values.cast(pa.string())


def _moments(values: pa.TimestampArray) -> pa.Array:
    # Arrow writes "2013-01-31 23:59:00.000000+0100".
    text = values.cast(pa.string())
    text = pc.replace_substring(text, " ", "T")
    text = _without_empty_fraction(text)
    if values.type.tz is None:
        return text
    return pc.replace_substring_regex(text, r"([+-]\d\d)(\d\d)$", r"\1:\2")


def _without_empty_fraction(text: pa.Array) -> pa.Array:
    return pc.replace_substring_regex(text, r"\.0+($|[Z+-])", r"\1")


def _durations(values: pa.DurationArray) -> pa.Array:
    per_second = _PER_SECOND[values.type.unit]
    count = values.cast(pa.int64())
    size = pc.abs(count)
    whole = pc.divide(size, per_second)
    fraction = pc.subtract(size, pc.multiply(whole, per_second)).cast(pa.string())
    digits = pc.utf8_lpad(fraction, width=len(str(per_second)) - 1, padding="0")
    point = pc.replace_substring_regex(pc.binary_join_element_wise("", digits, "."), r"\.?0*$", "")
    sign = pc.if_else(pc.less(count, 0), "-PT", "PT")
    return pc.binary_join_element_wise(sign, whole.cast(pa.string()), point, "S", "")


def _quoted(text: pa.Array) -> pa.Array:
    """Put text into quotes where CSV needs them: an empty text, commas, quotes, line breaks."""
    special = pc.match_substring_regex(text, _NEEDS_QUOTES)
    if not pc.any(special).as_py():
        return text
    doubled = pc.replace_substring(text, '"', '""')
    return pc.if_else(special, pc.binary_join_element_wise('"', doubled, '"', ""), text)


def _no_formulas(text: pa.Array) -> pa.Array:
    """Put a quote before text that a spreadsheet would read as a formula."""
    number = pc.match_substring_regex(text, _PLAIN_NUMBER)
    formula = pc.and_(pc.match_substring_regex(text, _FORMULA), pc.invert(number))
    return pc.if_else(formula, pc.binary_join_element_wise("'", text, ""), text)
