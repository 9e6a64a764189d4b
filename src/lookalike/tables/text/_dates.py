"""Detection of the pattern of dates and times in a text column."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lookalike.tables.text._calendar_codes import CODES, is_proven
from lookalike.tables.text._date_patterns import (
    TOKEN,
    ZONE,
    parse_dates,
    regex_of,
    split_days,
    write_dates,
)

__all__ = ["Dates", "likely_dates", "read_dates", "read_possible", "zone_shares"]

#: Where day and month could be swapped, the usual order with that separator is first.
_DATES = (
    "%Y-%m-%d",
    "%Y/%m/%d",
    "%Y.%m.%d",
    "%Y_%m_%d",
    "%Y %m %d",
    "%Y. %m. %d",
    "%Y年%m月%d",
    "%m/%d/%Y",
    "%d/%m/%Y",
    "%d-%m-%Y",
    "%m-%d-%Y",
    "%d.%m.%Y",
    "%d_%m_%Y",
    "%d %m %Y",
    "%d. %m. %Y",
    "%m/%d/%y",
    "%d/%m/%y",
    "%d-%m-%y",
    "%m-%d-%y",
    "%d.%m.%y",
    "%y-%m-%d",
    "%y/%m/%d",
    "%y.%m.%d",
    *(
        order.format(day=day, month=month, year=year)
        for year in ("%Y", "%y")
        for month in ("%B", "%b")
        for day in ("%d", "%o")
        for order in (
            "{day} {month} {year}",
            "{day}-{month}-{year}",
            "{day}/{month}/{year}",
            "{day}.{month}.{year}",
            "{day}. {month} {year}",
            "{day} {month}, {year}",
            "{day} of {month} {year}",
            "{day}{month}{year}",
            "{month} {day}, {year}",
            "{month} {day} {year}",
            "{month}-{day}-{year}",
            "{month}/{day}/{year}",
            "{year}-{month}-{day}",
            "{year}/{month}/{day}",
            "{year} {month} {day}",
            "{year}{month}{day}",
        )
    ),
    "%b %e %H:%M:%S %Y",
    "%Y-%j",
    "%Y.%j",
    "%Y/%j",
)
#: Months alone, with nothing around them.
_MONTHS = (
    "%Y-%m",
    "%Y/%m",
    "%Y.%m",
    "%m/%Y",
    "%m.%Y",
    "%m-%Y",
    *(
        order.format(month=month, year=year)
        for year in ("%Y", "%y")
        for month in ("%B", "%b")
        for order in ("{month} {year}", "{month}-{year}", "{month}/{year}", "{month}, {year}")
    ),
    "%G-W%V",
    "%GW%V",
    "%G W%V",
    *(f"%d{seam}{month}" for month in ("%B", "%b") for seam in " -"),
    *(f"%Y{seam}{month}" for month in ("%B", "%b") for seam in " -/"),
)
_TIMES = (
    "%H:%M:%S",
    "%H:%M:%S.%f",
    "%H:%M:%S,%f",
    "%H:%M",
    "%I:%M:%S %p",
    "%I:%M:%S%p",
    "%I:%M %p",
    "%I:%M%p",
    "%I %p",
    "%I%p",
    "%Hh%M",
    "%Hh%Mm%S",
)
#: Beside a date these are times as well.
_TIMES_BESIDE = (*_TIMES, "%H.%M", "%H.%M.%S", "%H-%M", "%H-%M-%S", "%H%M", "%H%M%S", "%H")
_LONGEST = 64
#: Words around a date that are the same in all cells, such as "Day " or " at ".
_AROUND = re.compile(r"[^0-9%]{0,12}")
_DIGITS_AROUND = re.compile(r"([^0-9%]{0,12})([0-9]+)([^0-9%]{0,12})")
_CLOCK = "%H.%M"
_WEEKDAY = re.compile(
    r"(?P<day>(?i:mon|tues|wednes|thurs|fri|satur|sun)day|(?i:mon|tue|wed|thu|fri|sat|sun))"
    r"(?P<joint>[,.]? )"
)
#: The number of digits from which day and month could be swapped.
_FULL = 8
#: The greatest share of impossible days among cells; the least number of possible days.
_IMPOSSIBLE = 0.05
_ENOUGH = 20
#: The number of words tried to describe a mixture.
_TRIED = 5
_SAMPLE = 1000
#: A reading whose years spread this many times as widely as another's is rejected.
_WIDER = 1.5


@dataclass(frozen=True)
class Dates:
    """Dates or times parsed from text.

    Parameters
    ----------
    values : pyarrow.Array of date32, timestamp or time64[us], shape (n,)
        The parsed values.
    pattern : str
        The pattern in which they are written.
    same : float
        The share of words, among the first thousand, that formatting reproduces.
    note : str
        The chosen order of day and month, and why; ``""`` where it is unambiguous.
    """

    values: pa.Array
    pattern: str
    same: float = 1.0
    note: str = ""


def read_dates(words: pa.Array, hinted: bool) -> Dates | None:
    """Parse a column of dates, dates with times, or times of day in one format.

    Parameters
    ----------
    words : pyarrow.Array of string, shape (n,)
        The distinct words, without nulls or markers of missing cells.
    hinted : bool
        Whether the column's name says that it holds dates: then less proof is needed that digits
        alone are dates.

    Returns
    -------
    Dates or None
        The dates, or None where the words follow no pattern.

    Examples
    --------
    >>> read_dates(pa.array(["September 5, 2021", "March 14, 2020"]), False).pattern
    '%B %-d, %Y'
    """
    if len(words) == 0:
        return None
    first = words[0].as_py()
    if len(first) > _LONGEST or not any(letter.isdigit() for letter in first):
        return None
    read = (_read(words, pattern) for pattern in _fitting(first))
    readings = [dates for dates in read if dates is not None]
    return _settled(readings) if readings else _read_digits(words, hinted)


def read_possible(words: pa.Array, counts: np.ndarray) -> Dates | None:
    """Parse dates that include a few impossible days, such as 30 February.

    Parameters
    ----------
    words : pyarrow.Array of string, shape (n,)
        Distinct words.
    counts : ndarray of int64, shape (n,)
        The count of each.

    Returns
    -------
    Dates or None
        The dates, null for impossible days; None where words follow no pattern, or too many days
        are impossible.
    """
    for word in words[:_TRIED].to_pylist():
        for pattern in _fitting(word) if len(word) <= _LONGEST else ():
            alike = pc.match_substring_regex(words, f"^{regex_of(pattern)}$")
            if not pc.all(alike).as_py():
                continue
            real = parse_dates(words, pattern).is_valid().to_numpy(zero_copy_only=False)
            odd = counts[~real].sum()
            if 0 < odd <= _IMPOSSIBLE * counts.sum() and real.sum() >= _ENOUGH:
                dates = _read(words.filter(pa.array(real)), pattern)
                values = parse_dates(words, dates.pattern) if dates else None
                if dates and values is not None:
                    return replace(dates, values=values.cast(dates.values.type, safe=False))
    return None


def zone_shares(
    words: pa.Array, dates: Dates, counts: np.ndarray
) -> tuple[tuple[str, tuple[float, ...]], ...]:
    """Return the time zones of words, each with its share of the cells in every month.

    In months without cells, the shares are those of all cells.

    Examples
    --------
    >>> words = pa.array(["2020-01-07T10:00+01:00", "2020-07-07T10:00+02:00"])
    >>> zones = zone_shares(words, read_dates(words, False), np.array([1, 1]))
    >>> [(zone, shares[0], shares[1]) for zone, shares in zones]
    [('+01:00', 1.0, 0.5), ('+02:00', 0.0, 0.5)]
    """
    zones = _zones(dates.pattern, words).dictionary_encode()
    month = pc.month(dates.values).to_numpy() - 1
    table = np.zeros((len(zones.dictionary), 12))
    np.add.at(table, (zones.indices.to_numpy(), month), counts)
    every = table.sum(axis=1, keepdims=True)
    table = np.where(table.sum(axis=0) > 0, table, every)
    table /= table.sum(axis=0)
    names = zones.dictionary.to_pylist()
    return tuple((zone, tuple(of.tolist())) for zone, of in zip(names, table, strict=True))


def _read_digits(words: pa.Array, hinted: bool) -> Dates | None:
    """Parse dates of digits alone, all of one length, if they are unlikely to be numbers.

    The text around them is the same in all words; a time may have a point, as 09.45.
    """
    around = _DIGITS_AROUND.fullmatch(words[0].as_py())
    if around is None:
        return _read_clock(words, hinted)
    before, first, after = around.groups()
    extracted = pc.extract_regex(
        words, f"^{re.escape(before)}(?P<digits>[0-9]{{{len(first)}}}){re.escape(after)}$"
    )
    if extracted.null_count or len(first) not in CODES.values():
        return None
    numbers = pc.cast(extracted.field("digits"), pa.int64())
    read = []
    for pattern, width in CODES.items():
        dates = _read(words, before + pattern + after) if width == len(first) else None
        if dates is not None and is_proven(numbers, pattern, hinted):
            read.append(dates)
    if read and (len(first) < _FULL or pa.types.is_time(read[0].values.type)):
        return read[0]
    return _settled(read) if read else None


def _read_clock(words: pa.Array, hinted: bool) -> Dates | None:
    """Parse times with a point, some before ten: as numbers these would have no leading zero."""
    dates = _read(words, _CLOCK)
    if dates is None or not pc.any(pc.match_substring_regex(words, "^0[0-9]")).as_py():
        return None
    numbers = pc.cast(pc.replace_substring(words, ".", ""), pa.int64())
    return dates if is_proven(numbers, "%H%M", hinted) else None


def likely_dates(words: pa.Array) -> np.ndarray:
    """Return a mask of the words that follow the most common pattern of dates, shape (n,)."""
    best = np.zeros(len(words), bool)
    for word in words[:_TRIED].to_pylist():
        if len(word) <= _LONGEST and any(letter.isdigit() for letter in word):
            for pattern in _fitting(word):
                found = parse_dates(words, pattern).is_valid().to_numpy(zero_copy_only=False)
                best = found if found.sum() > best.sum() else best
    return best


def _fitting(word: str) -> list[str]:
    """Return the patterns that one word follows."""
    day = _WEEKDAY.match(word)
    head = ""
    if day:
        head = ("%A" if len(day["day"]) > 3 else "%a") + day["joint"]
        word = word[day.end() :]
    found = []
    for date in _DATES:
        for match in _compiled(date).finditer(word):
            before, after = word[: match.start()], word[match.end() :]
            found += [head + start + date + end for start, end in _surroundings(before, after)]
    if not head:
        found += [month for month in _MONTHS if _compiled(month).fullmatch(word)]
        found += [time for time in _TIMES if _compiled(time).fullmatch(word)]
        found += _encode(word)
    return found


def _encode(word: str) -> list[str]:
    """Return the patterns of a date of digits alone with a time after it."""
    digits = re.match("(?:[0-9]{8}|[0-9]{6})(?![0-9])", word)
    if digits is None or digits.end() == len(word):
        return []
    date = "%Y%m%d" if digits.end() == _FULL else "%y%m%d"
    return [date + end for end in _ends(word[digits.end() :]) if "%H" in end or "%I" in end]


def _surroundings(before: str, after: str) -> list[tuple[str, str]]:
    """Return the parts of a pattern around a date: a time on one side, or fixed words."""
    if _AROUND.fullmatch(before):
        return [(before, end) for end in _ends(after)]
    if not _AROUND.fullmatch(after):
        return []
    return [
        (time + before[match.end() :], after)
        for time in _TIMES
        if (match := _compiled(time).match(before))
        and before[match.end() :]
        and _AROUND.fullmatch(before[match.end() :])
    ]


def _ends(word: str) -> list[str]:
    """Return the possible ends of a pattern after the date: words, a time, a time zone."""
    endings = [word] if _AROUND.fullmatch(word) else []
    if not any(letter.isdigit() for letter in word):
        return endings
    joint = re.match("[^0-9%]{1,12}", word)
    if joint is None:
        return endings
    rest = word[joint.end() :]
    zone = ZONE.search(rest)
    for end in ["", zone.group()] if zone else [""]:
        timed = rest[: len(rest) - len(end)]
        for time in _TIMES_BESIDE:
            match = _compiled(time).match(timed)
            if time == "%H" and joint.group() not in ("T", " "):
                continue
            if match and _AROUND.fullmatch(timed[match.end() :]):
                endings.append(joint.group() + time + timed[match.end() :] + end)
    return endings


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    """Return the regular expression of a pattern without adjacent digits or letters."""
    starts = "(?<![0-9A-Za-z])" if re.match("%[bB]", pattern) else "(?<![0-9])"
    ends = "(?![0-9A-Za-z])" if pattern[-1] in "bBpP" else "(?![0-9])"
    return re.compile(starts + regex_of(pattern) + ends)


def _read(words: pa.Array, pattern: str) -> Dates | None:
    if parse_dates(words[:50], pattern).null_count:
        return None
    pattern = _usual_zone(pattern, words)
    values = parse_dates(words, pattern)
    if values.null_count:
        return None
    pattern, same = _as_written(pattern, words[:_SAMPLE], values[:_SAMPLE])
    if pa.types.is_timestamp(values.type) and not split_days(values)[1].any():
        return Dates(pc.cast(values, pa.date32()), _at_midnight(pattern), same)
    return Dates(values, pattern, same)


def _usual_zone(pattern: str, words: pa.Array) -> str:
    """Return the pattern with the time zone of all words, or with ``%z`` if they differ."""
    zone = ZONE.search(pattern)
    if zone is None or "%" not in pattern[: zone.start()]:
        return pattern
    zones = pc.unique(_zones(pattern, words).drop_null())
    return pattern[: zone.start()] + (zones[0].as_py() if len(zones) == 1 else "%z")


def _zones(pattern: str, words: pa.Array) -> pa.Array:
    """Return the time zones of words, as they are written."""
    return pc.extract_regex(words, f"^{regex_of(pattern)}$").field("zone")


def _as_written(pattern: str, words: pa.Array, values: pa.Array) -> tuple[str, float]:
    """Return the pattern with padding and capitals as in most words, and their share."""
    end = "%z" if pattern.endswith("%z") else ""
    if end:
        zones = _zones(pattern, words)
        length = pc.subtract(pc.utf8_length(words), pc.utf8_length(zones))
        words = pa.array(
            [w[:n] for w, n in zip(words.to_pylist(), length.to_pylist(), strict=True)]
        )
        pattern = pattern.removesuffix(end)
    if "%f" in pattern:
        fraction = pc.extract_regex(words, f"^{regex_of(pattern)}$").field("fraction")
        lengths = np.bincount(pc.utf8_length(fraction).to_numpy(), minlength=2)
        pattern = pattern.replace("%f", f"%{lengths[1:].argmax() + 1}f")
    variants = [pattern, re.sub("%([mdHI])", r"%-\1", pattern)]
    variants += [re.sub("%([md])", r"%-\1", pattern), re.sub("%([HI])", r"%-\1", pattern)]
    named = [v for v in variants if re.search("%[bBaA]", v)]
    variants += [re.sub("%([bBaA])", rf"%{case}\1", v) for v in named for case in "^_"]
    variants += [v.replace("%p", "%P") for v in variants if "%p" in v]
    variants += [v.replace("%e", "%d") for v in variants if "%e" in v]
    same = [pc.sum(pc.equal(write_dates(values, v), words)).as_py() for v in variants]
    best = int(np.argmax(same))
    return variants[best] + end, same[best] / len(words)


def _at_midnight(pattern: str) -> str:
    """Return the pattern with its time fields replaced by midnight."""
    midnight = {"H": "00", "I": "12", "M": "00", "S": "00", "p": "AM", "P": "am"}

    def literal(token: re.Match[str]) -> str:
        if token["letter"] == "f":
            return "0" * int(token["flag"] or 6)
        if token["letter"] == "H" and token["flag"]:
            return "0"
        return midnight.get(token["letter"], token.group())

    return TOKEN.sub(literal, pattern)


def _settled(found: list[Dates]) -> Dates:
    """Return the most plausible reading, with a note where day and month could be swapped."""
    found = _narrow(found)
    first = found[0]
    if len({_order(dates.pattern) for dates in found}) == 1:
        words = _ORDERS.get(_order(first.pattern))
        note = f"the {words}, as some days are past the 12th" if words else ""
        return replace(first, note=note)
    # The field that never changes is the day: the first of every month.
    monthly = [d for d in found if _changes(pc.month, d.values) and not _changes(pc.day, d.values)]
    chosen = monthly[0] if monthly else first
    words = _ORDERS.get(_order(chosen.pattern), "year first")
    return replace(chosen, note=f"taken as the {words}, though no cell settles it")


def _narrow(found: list[Dates]) -> list[Dates]:
    """Return the readings with the least spread of years, for two-digit years at an end.

    Days read as years spread over thirty of them, wherever the true years are.
    """
    if len({_order(d.pattern).startswith("y") for d in found}) == 1:
        return found
    spreads = [_years(d.values) for d in found]
    least = min(spreads)
    return [d for d, spread in zip(found, spreads, strict=True) if spread <= _WIDER * least]


def _years(values: pa.Array) -> int:
    limits = pc.min_max(pc.year(values)).as_py()
    return int(limits["max"] - limits["min"]) + 1


_SORTS = {"Y": "y", "y": "y", "m": "m"}
_ORDERS = {"dmy": "day before the month", "mdy": "month before the day"}


def _order(pattern: str) -> str:
    """Return the order of the numbers of day, month and year, such as ``"dmy"``."""
    return "".join(
        _SORTS.get(t["letter"], "d") for t in TOKEN.finditer(pattern) if t["letter"] in "Yymdeo"
    )


def _changes(part: object, values: pa.Array) -> bool:
    return len(pc.unique(part(values))) > 1  # type: ignore[operator]
