"""Dates and times by pattern: parsing and formatting, a whole column at once.

Patterns are those of ``strftime`` with ``%-d`` for a day that is not padded (``%-m``, ``%-H``,
``%-I`` likewise), ``%e`` for one that is padded with a space, ``%o`` for ``1st`` and ``2nd``,
``%^b`` for capitals and ``%_b`` for small letters, ``%3f`` for three digits of a second, and at the
end ``%z`` for a time zone that differs between cells. Parsing is lenient about padding and
capitals; formatting is exact.
"""

from __future__ import annotations

import re
from functools import cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

__all__ = [
    "TOKEN",
    "ZONE",
    "finest_unit",
    "parse_dates",
    "regex_of",
    "split_days",
    "write_dates",
    "zone_minutes",
]

#: A field of a pattern.
TOKEN = re.compile(r"%(?P<flag>[-^_0-9]?)(?P<letter>[A-Za-z])")
#: A time zone at the end of a word or a pattern.
ZONE = re.compile(r" ?(?:Z|UTC|GMT|[+-][0-9]{2}(?::?[0-9]{2})?)$")
_MONTHS = re.findall(
    "[A-Z][a-z]+", "JanuaryFebruaryMarchAprilMayJuneJulyAugustSeptemberOctoberNovemberDecember"
)
_WEEKDAYS = re.findall("[A-Z][a-z]+", "MondayTuesdayWednesdayThursdayFridaySaturdaySunday")
_FIELDS = {
    "a": r"(?P<weekday>[A-Za-z]{3})",
    "A": r"(?P<weekday>[A-Za-z]{6,9})",
    "Y": r"(?P<year>[0-9]{4})",
    "y": r"(?P<short>[0-9]{2})",
    "m": r"(?P<month>[0-9]{2})",
    "d": r"(?P<day>[0-9]{2})",
    "e": r"(?P<day>[ 0-9]?[0-9])",
    "o": r"(?P<day>[0-9]{1,2})(?:st|nd|rd|th)",
    "j": r"(?P<ordinal>[0-9]{3})",
    "G": r"(?P<year>[0-9]{4})",
    "V": r"(?P<week>[0-9]{2})",
    "b": r"(?P<name>[A-Za-z]{3})",
    "B": f"(?P<name>(?i:{'|'.join(_MONTHS)}))",
    "H": r"(?P<hour>[0-9]{2})",
    "I": r"(?P<half>[0-9]{2})",
    "M": r"(?P<minute>[0-9]{2})",
    "S": r"(?P<second>[0-9]{2})",
    "f": r"(?P<fraction>[0-9]{1,9})",
    "p": r"(?P<noon>[AaPp][Mm])",
    "P": r"(?P<noon>[AaPp][Mm])",
}
#: Fields that may be written with one digit where no other digits touch them.
_LENIENT = frozenset("mdHI")
_NAMED = frozenset("aAbBpP")
#: Two digits of a year from here on are of the 20th century (as in POSIX).
_PIVOT = 69
#: ``1st``, ``2nd`` and so on, at their numbers.
_ORDINALS = pa.array(
    [
        f"{d}{'th' if d in (11, 12, 13) else {1: 'st', 2: 'nd', 3: 'rd'}.get(d % 10, 'th')}"
        for d in range(32)
    ]
)
#: The year of dates without one: it has a 29 February.
_NO_YEAR = 2000
_SECOND = 10**9
_DAY = 86_400 * _SECOND
#: The number of days before and after 1970 that fit in nanoseconds.
_NANOSECOND_DAYS = 106_000
_UNITS = {
    "D": _DAY,
    "h": 3_600 * _SECOND,
    "m": 60 * _SECOND,
    "s": _SECOND,
    "ms": 10**6,
    "us": 10**3,
    "ns": 1,
}


@cache
def regex_of(pattern: str) -> str:
    """Return the regular expression of a pattern, one named group for each field.

    Examples
    --------
    >>> regex_of("%Y-%m")
    '(?P<year>[0-9]{4})\\\\-(?P<month>[0-9]{1,2})'
    """
    tokens = list(TOKEN.finditer(pattern))
    regex, end = "", 0
    for i, token in enumerate(tokens):
        between = pattern[end : token.start()]
        if token["letter"] == "z":
            regex += re.escape(between)
            break
        field = _FIELDS[token["letter"]]
        if token["letter"] == "f":
            # Whole seconds may be written without a fraction.
            regex, end = f"{regex}(?:{re.escape(between)}{field})?", token.end()
            continue
        regex += re.escape(between)
        if token["letter"] in _LENIENT and not (_touch(tokens, i - 1) or _touch(tokens, i)):
            field = field.replace("{2}", "{1,2}")
        regex, end = regex + field, token.end()
    if pattern.endswith("%z"):
        return f"{regex}(?P<zone>{ZONE.pattern})"
    zone = ZONE.search(pattern, end) if tokens else None
    stop = zone.start() if zone else len(pattern)
    return regex + re.escape(pattern[end:stop]) + (f"(?P<zone>{ZONE.pattern})" if zone else "")


def zone_minutes(pattern: str) -> int:
    """Return the offset of a pattern's time zone from UTC, in minutes.

    Examples
    --------
    >>> zone_minutes("%Y-%m-%dT%H:%M:%S-02:30")
    -150
    """
    zone = ZONE.search(pattern)
    return int(_offsets(pa.array([zone.group()]))[0]) if zone else 0


def _offsets(zones: pa.Array) -> np.ndarray:
    """Return the offsets of written time zones from UTC, in minutes."""
    digits = pc.replace_substring_regex(zones, "[^0-9]", "")
    digits = pc.utf8_rpad(pc.replace_substring_regex(digits, "^$", "0000"), 4, "0")
    hours, minutes = np.divmod(pc.cast(digits, pa.int64()).fill_null(0).to_numpy(), 100)
    behind = pc.match_substring(zones, "-").fill_null(False).to_numpy(zero_copy_only=False)
    return np.asarray(np.where(behind, -1, 1) * (hours * 60 + minutes))


def _touch(tokens: list[re.Match[str]], i: int) -> bool:
    """Return whether the digits of token i and of the next are adjacent."""
    if i < 0 or i + 1 >= len(tokens):
        return False
    named = {tokens[i]["letter"], tokens[i + 1]["letter"]} & _NAMED
    return tokens[i].end() == tokens[i + 1].start() and not named


def parse_dates(words: pa.Array, pattern: str) -> pa.Array:
    """Parse words by a pattern.

    Parameters
    ----------
    words : pyarrow.Array of string, shape (n,)
        The words.
    pattern : str
        The pattern; with ``%z``, local time is read, in any time zone.

    Returns
    -------
    pyarrow.Array, shape (n,)
        The values; null where a word does not follow the pattern or the day is impossible. The type
        is date32 for a pattern without a time, time64[us] for one without a date; otherwise
        timestamp[us] or, where seconds have more than six digits, timestamp[ns].

    Examples
    --------
    >>> parse_dates(pa.array(["7.3.2019", "30.2.2019"]), "%d.%m.%Y").to_pylist()
    [datetime.date(2019, 3, 7), None]
    """
    fields = _Fields(words, pattern)
    good = fields.found
    days, nanoseconds = np.zeros(len(words), np.int64), np.zeros(len(words), np.int64)
    dated = any(fields.has(name) for name in ("year", "short", "month", "name"))
    timed = fields.has("hour") or fields.has("half")
    if dated:
        days, valid = _days(fields)
        good = good & valid
    if timed:
        nanoseconds, valid = _time_of_day(fields)
        good = good & valid
    if timed and fields.has("zone") and not pattern.endswith("%z"):
        ahead = _offsets(fields.text("zone")) - zone_minutes(pattern)
        days, nanoseconds = _shifted(days, nanoseconds, -ahead)
    if not timed:
        return pa.array(days.astype(np.int32), mask=~good).view(pa.date32())
    if not dated:
        return pa.array(nanoseconds // 1000, mask=~good).view(pa.time64("us"))
    if (nanoseconds[good] % 1000).any():
        good = good & (days > -_NANOSECOND_DAYS) & (days < _NANOSECOND_DAYS)
        ticks = np.where(good, days, 0) * _DAY + nanoseconds
        return pa.array(ticks, mask=~good).view(pa.timestamp("ns"))
    return pa.array(days * (_DAY // 1000) + nanoseconds // 1000, mask=~good).view(
        pa.timestamp("us")
    )


def write_dates(values: pa.Array, pattern: str) -> pa.Array:
    """Write dates or times by a pattern.

    Parameters
    ----------
    values : pyarrow.Array of date32, timestamp or time64, shape (n,)
        The dates; nulls stay null.
    pattern : str
        The pattern.

    Returns
    -------
    pyarrow.Array of string, shape (n,)
        The words.

    Examples
    --------
    >>> from datetime import date
    >>> write_dates(pa.array([date(2014, 10, 3)]), "%Y%m%dT000000").to_pylist()
    ['20141003T000000']
    """
    days, nanoseconds = split_days(values)
    parts: list[pa.Array | str] = []
    end = 0
    for token in TOKEN.finditer(pattern):
        parts.append(pattern[end : token.start()])
        parts.append(_written(token["letter"], token["flag"], days, nanoseconds))
        end = token.end()
    parts.append(pattern[end:])
    words = pc.binary_join_element_wise(*parts, "")
    return pc.if_else(values.is_null(), pa.scalar(None, pa.string()), words)


def split_days(values: pa.Array) -> tuple[np.ndarray, np.ndarray]:
    """Return days since 1970 and nanoseconds since midnight of dates or times; nulls give 0.

    Parameters
    ----------
    values : pyarrow.Array of date32, timestamp or time64, shape (n,)
        The dates.

    Returns
    -------
    days, nanoseconds : ndarray of int64, shape (n,)
        Their parts.
    """
    ticks = _ticks(values)
    if pa.types.is_date32(values.type):
        return ticks, np.zeros_like(ticks)
    tick = _UNITS[values.type.unit]
    days, rest = np.divmod(ticks, _DAY // tick)
    return days, rest * tick


def finest_unit(values: pa.Array) -> str:
    """Return the finest step of dates, times or durations: ``"D"``, ``"h"``, ``"m"``, … ``"ns"``.

    Parameters
    ----------
    values : pyarrow.Array of date32, timestamp, time64 or duration, shape (n,)
        The values.

    Returns
    -------
    str
        The greatest unit of which all values are multiples.

    Examples
    --------
    >>> finest_unit(pa.array([90, 30], pa.time32("s")).cast(pa.time64("us")))
    's'
    """
    if pa.types.is_date32(values.type):
        return "D"
    tick = _UNITS[values.type.unit]
    ticks = _ticks(values)
    for unit, length in _UNITS.items():
        if length <= tick or not (ticks % (length // tick)).any():
            return unit
    return "ns"


def _ticks(values: pa.Array) -> np.ndarray:
    narrow = values.view(pa.int32() if values.type.bit_width == 32 else pa.int64())
    return np.asarray(pc.cast(narrow, pa.int64()).fill_null(0))


# --- reading --------------------------------------------------------------------------------------


class _Fields:
    """The fields of words that follow a pattern."""

    def __init__(self, words: pa.Array, pattern: str) -> None:
        self._found = pc.extract_regex(words, f"^{regex_of(pattern)}$")
        self._names = {field.name for field in self._found.type}
        self.found: np.ndarray = self._found.is_valid().to_numpy(zero_copy_only=False)

    def has(self, name: str) -> bool:
        return name in self._names

    def text(self, name: str) -> pa.Array:
        return pc.struct_field(self._found, name)

    def number(self, name: str, default: int) -> np.ndarray:
        if not self.has(name):
            return np.full(len(self.found), default, np.int64)
        digits = pc.utf8_ltrim_whitespace(self.text(name))
        return np.asarray(pc.cast(digits, pa.int64()).fill_null(default))


def _days(fields: _Fields) -> tuple[np.ndarray, np.ndarray]:
    """Return days since 1970, and a mask of possible days."""
    year = fields.number("year", _NO_YEAR)
    month, day = fields.number("month", 1), fields.number("day", 1)
    if fields.has("short"):
        short = fields.number("short", _PIVOT)
        year = short + np.where(short >= _PIVOT, 1900, 2000)
    if fields.has("name"):
        known = pa.array([name[:3].lower() for name in _MONTHS])
        written = pc.utf8_lower(pc.utf8_slice_codeunits(fields.text("name"), 0, 3))
        month = pc.index_in(written, known).fill_null(-1).to_numpy() + 1
    valid = (year >= 1) & (month >= 1) & (month <= 12) & (day >= 1) & (day <= 31)
    # A day is valid if it lies in its month.
    months = np.where(valid, (year - 1970) * 12 + month - 1, 0).astype("datetime64[M]")
    days = months.astype("datetime64[D]") + np.where(valid, day - 1, 0)
    valid &= days.astype("datetime64[M]") == months
    if fields.has("ordinal"):
        ordinal = fields.number("ordinal", 1)
        later = days + ordinal - 1
        valid &= (ordinal >= 1) & (later.astype("datetime64[Y]") == days.astype("datetime64[Y]"))
        days = later
    if fields.has("week"):
        # The week with 4 January is the first; weeks begin on Monday (ISO 8601).
        monday = _mondays(days + 3)
        later = monday + 7 * (fields.number("week", 1) - 1)
        valid &= (later >= monday) & (later < _mondays(_next_year(days) + 3))
        days = later
    return days.astype(np.int64), valid


def _mondays(days: np.ndarray) -> np.ndarray:
    """Return the Mondays of the weeks of some days."""
    return np.asarray(days - (days.astype(np.int64) + 3) % 7)


def _next_year(days: np.ndarray) -> np.ndarray:
    return np.asarray((days.astype("datetime64[Y]") + 1).astype("datetime64[D]"))


def _time_of_day(fields: _Fields) -> tuple[np.ndarray, np.ndarray]:
    """Return nanoseconds since midnight, and a mask of possible times."""
    hour, minute, second = (fields.number(name, 0) for name in ("hour", "minute", "second"))
    valid = (hour < 24) & (minute < 60) & (second < 60)
    if fields.has("half"):
        half = fields.number("half", 12)
        valid &= (half >= 1) & (half <= 12)
        evening = pc.equal(pc.utf8_lower(fields.text("noon")), "pm").fill_null(False)
        hour = half % 12 + 12 * evening.to_numpy(zero_copy_only=False)
    nanoseconds = ((hour * 60 + minute) * 60 + second) * _SECOND
    if fields.has("fraction"):
        digits = pc.utf8_rpad(fields.text("fraction"), 9, "0")
        nanoseconds = nanoseconds + pc.cast(digits, pa.int64()).fill_null(0).to_numpy()
    return nanoseconds, valid


def _shifted(
    days: np.ndarray, nanoseconds: np.ndarray, minutes: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    more, nanoseconds = np.divmod(nanoseconds + minutes * 60 * _SECOND, _DAY)
    return days + more, nanoseconds


# --- writing --------------------------------------------------------------------------------------


def _written(letter: str, flag: str, days: np.ndarray, nanoseconds: np.ndarray) -> pa.Array:
    """Return one field of every date as text."""
    if letter in "YymdeojGVbBaA":
        return _written_day(letter, flag, days)
    seconds = nanoseconds // _SECOND
    hour = seconds // 3600
    if letter == "f":
        digits = int(flag or 6)
        return _padded(nanoseconds % _SECOND // 10 ** (9 - digits), digits)
    if letter in "pP":
        names = ["AM", "PM"] if letter == "p" else ["am", "pm"]
        return pa.array(names).take(pa.array(hour // 12))
    number = {"H": hour, "I": (hour - 1) % 12 + 1, "M": seconds // 60 % 60, "S": seconds % 60}
    return _padded(number[letter], 1 if flag == "-" else 2)


def _written_day(letter: str, flag: str, days: np.ndarray) -> pa.Array:
    if letter in "aA":
        names = [name[:3] if letter == "a" else name for name in _WEEKDAYS]
        return pa.array(_in_case(names, flag)).take(
            pa.array((days + 3) % 7)
        )  # 1 January 1970 was a Thursday
    dates = days.astype("datetime64[D]")
    if letter in "GV":
        thursday = _mondays(dates) + 3  # a week belongs to the year of its Thursday
        first = thursday.astype("datetime64[Y]")
        if letter == "V":
            return _padded((thursday - first.astype("datetime64[D]")).astype(np.int64) // 7 + 1, 2)
        return _padded(first.astype(np.int64) + 1970, 4)
    months = dates.astype("datetime64[M]")
    year = months.astype("datetime64[Y]").astype(np.int64) + 1970
    if letter in "Yy":
        return _padded(year, 4) if letter == "Y" else _padded(year % 100, 2)
    if letter == "j":
        first = dates.astype("datetime64[Y]").astype("datetime64[D]")
        return _padded((dates - first).astype(np.int64) + 1, 3)
    day = (dates - months).astype(np.int64) + 1
    if letter == "o":
        return _ORDINALS.take(pa.array(day))
    if letter in "de":
        words = _padded(day, 2 if letter == "d" and flag != "-" else 1)
        return pc.utf8_lpad(words, 2, " ") if letter == "e" else words
    month = months.astype(np.int64) % 12
    if letter == "m":
        return _padded(month + 1, 1 if flag == "-" else 2)
    names = [name[:3] if letter == "b" else name for name in _MONTHS]
    return pa.array(_in_case(names, flag)).take(pa.array(month))


def _in_case(names: list[str], flag: str) -> list[str]:
    """Return names in capitals, in small letters, or unchanged."""
    if flag == "^":
        return [name.upper() for name in names]
    return [name.lower() for name in names] if flag == "_" else names


def _padded(numbers: np.ndarray, width: int) -> pa.Array:
    """Return numbers as text with zeros before them up to a width."""
    if width > 4:
        return pc.utf8_lpad(pc.cast(pa.array(numbers), pa.string()), width, "0")
    return _known(width).take(pa.array(numbers))


@cache
def _known(width: int) -> pa.Array:
    """Return small numbers as text, padded with zeros to a width."""
    return pa.array([f"{i:0{width}d}" for i in range(10 ** max(width, 2))])
