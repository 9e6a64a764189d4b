"""Durations written as text, in the formats of common programs."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lookalike.tables.text._dates import Dates

__all__ = ["parse_durations", "read_durations", "write_durations"]

#: ISO 8601, as ``PT90.5S``, and that of pandas, as ``-1 days +23:59:59``.
_ISO, _DAYS = "PT%sS", "%d days %H:%M:%S"
#: Hours, possibly beyond 24, with or without a leading zero.
_HOURS, _BARE_HOURS = "%H:%M:%S", "%-H:%M:%S"
_CLOCK = r":(?P<minute>[0-5][0-9]):(?P<second>[0-5][0-9])(?:\.(?P<fraction>[0-9]{1,6}))?$"
_REGEX = {
    _ISO: r"^(?P<sign>-?)PT(?P<second>[0-9]{1,12})(?:\.(?P<fraction>[0-9]{1,6}))?S$",
    _DAYS: (
        r"^(?P<day>-?[0-9]{1,8}) days? \+?(?P<hour>[0-9]{2}):(?P<minute>[0-9]{2}):"
        r"(?P<second>[0-9]{2})(?:\.(?P<fraction>[0-9]{1,6})0*)?$"
    ),
    _HOURS: r"^(?P<sign>-?)(?P<hour>[0-9]{2}|[1-9][0-9]{2,5})" + _CLOCK,
    _BARE_HOURS: r"^(?P<sign>-?)(?P<hour>0|[1-9][0-9]{0,5})" + _CLOCK,
}
_SECOND = 10**6
_DAY = 86_400 * _SECOND


def read_durations(words: pa.Array) -> Dates | None:
    """Parse a column of durations, or return None where the words are not durations.

    Parameters
    ----------
    words : pyarrow.Array of string, shape (n,)
        The distinct words, without nulls or markers of missing cells.

    Returns
    -------
    Dates or None
        Values of type duration[us], and their pattern.

    Examples
    --------
    >>> read_durations(pa.array(["PT90S", "PT0.5S"])).values.to_pylist()
    [datetime.timedelta(seconds=90), datetime.timedelta(microseconds=500000)]
    """
    for pattern, regex in _REGEX.items():
        if pc.all(pc.match_substring_regex(words[:50], regex), min_count=0).as_py():
            values = parse_durations(words, pattern)
            if values.null_count == 0:
                return Dates(values, pattern)
    return None


def parse_durations(words: pa.Array, pattern: str) -> pa.Array:
    """Parse words as duration[us], shape (n,); null where a word has another form."""
    fields = pc.extract_regex(words, _REGEX[pattern])
    names = {field.name for field in fields.type}

    def number(name: str) -> np.ndarray:
        if name not in names:
            return np.zeros(len(words), np.int64)
        digits = pc.replace_substring_regex(pc.struct_field(fields, name), "^$", "0")
        return np.asarray(pc.cast(digits, pa.int64()).fill_null(0))

    seconds = (number("hour") * 60 + number("minute")) * 60 + number("second")
    fraction = pc.utf8_rpad(pc.struct_field(fields, "fraction"), 6, "0")
    ticks = number("day") * _DAY + seconds * _SECOND
    ticks += pc.cast(fraction, pa.int64()).fill_null(0).to_numpy()
    if "sign" in names:
        minus = pc.equal(pc.struct_field(fields, "sign"), "-").fill_null(False)
        ticks = np.where(minus.to_numpy(zero_copy_only=False), -ticks, ticks)
    mask = fields.is_null().to_numpy(zero_copy_only=False)
    return pa.array(ticks, mask=mask).view(pa.duration("us"))


def write_durations(values: pa.Array, pattern: str) -> pa.Array:
    """Write durations by a pattern.

    Parameters
    ----------
    values : pyarrow.Array of duration[us], shape (n,)
        The durations; nulls stay null.
    pattern : str
        The pattern.

    Returns
    -------
    pyarrow.Array of string, shape (n,)
        The words.

    Examples
    --------
    >>> from datetime import timedelta
    >>> write_durations(pa.array([timedelta(seconds=-1)]), "%d days %H:%M:%S").to_pylist()
    ['-1 days +23:59:59']
    """
    missing = values.is_null()
    ticks = values.view(pa.int64()).fill_null(0).to_numpy()
    if pattern == _ISO:
        seconds, rest = np.divmod(np.abs(ticks), _SECOND)
        parts = [pa.array(np.where(ticks < 0, "-PT", "PT")), _text(seconds), _fraction(rest, 0)]
        words = pc.binary_join_element_wise(*parts, "S", "")
    elif pattern in (_HOURS, _BARE_HOURS):
        seconds, rest = np.divmod(np.abs(ticks), _SECOND)
        hours = _text(seconds // 3600, 2 if pattern == _HOURS else 1)
        clock = [hours, _text(seconds // 60 % 60, 2), _text(seconds % 60, 2)]
        sign = pa.array(np.where(ticks < 0, "-", ""))
        time = pc.binary_join_element_wise(*clock, ":")
        words = pc.binary_join_element_wise(sign, time, _fraction(rest, 0), "")
    else:
        days, rest = np.divmod(ticks, _DAY)
        seconds, rest = np.divmod(rest, _SECOND)
        plus = pa.array(np.where(days < 0, " days +", " days "))
        clock = [_text(seconds // 3600, 2), _text(seconds // 60 % 60, 2), _text(seconds % 60, 2)]
        time = pc.binary_join_element_wise(*clock, ":")
        words = pc.binary_join_element_wise(_text(days), plus, time, _fraction(rest, 6), "")
    return pc.if_else(missing, pa.scalar(None, pa.string()), words)


def _text(numbers: np.ndarray, width: int = 1) -> pa.Array:
    return pc.utf8_lpad(pc.cast(pa.array(numbers), pa.string()), width, "0")


def _fraction(microseconds: np.ndarray, digits: int) -> pa.Array:
    """Return fractions such as ``".5"``, or ``""``; `digits` is 0 to drop trailing zeros."""
    words = pc.binary_join_element_wise(".", _text(microseconds, 6), "")
    words = pc.if_else(pa.array(microseconds == 0), "", words)
    return words if digits else pc.replace_substring_regex(words, "0+$", "")
