"""Which pattern the dates and times of a text column follow."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lookalike.tables._date_patterns import (
    TOKEN,
    ZONE,
    parse_dates,
    regex_of,
    split_days,
    write_dates,
)

__all__ = ["Dates", "likely_dates", "read_dates"]

#: Where day and month can be taken for each other, the usual order with that separator is first.
_DATES = (
    "%Y-%m-%d",
    "%Y/%m/%d",
    "%Y.%m.%d",
    "%Y%m%d",
    "%m/%d/%Y",
    "%d/%m/%Y",
    "%d-%m-%Y",
    "%m-%d-%Y",
    "%d.%m.%Y",
    "%m/%d/%y",
    "%d/%m/%y",
    "%d-%m-%y",
    "%m-%d-%y",
    "%d.%m.%y",
    "%d %B %Y",
    "%d. %B %Y",
    "%B %d, %Y",
    "%B %d %Y",
    "%d %b %Y",
    "%d-%b-%Y",
    "%d/%b/%Y",
    "%d%b%Y",
    "%b %d, %Y",
    "%b %d %Y",
    "%d-%b-%y",
    "%d %b %y",
    "%Y-%b-%d",
    "%A, %d %B %Y",
    "%A, %B %d, %Y",
    "%a, %d %b %Y",
    "%a %b %d %Y",
    "%y%m%d",
    "%Y-%m",
    "%Y/%m",
    "%m/%Y",
    "%b %Y",
    "%b-%Y",
    "%B %Y",
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
)
_JOINED_TIMES = tuple(joint + time for joint in (" ", "T", ", ", ":") for time in _TIMES)
_BARE_TIME = "T%H%M%S"
_LONGEST = 48
#: Eight digits are dates only in these years, if no name says that they are.
_YEARS = ("19000101", "21001231")
_ENOUGH = 20
#: Patterns of digits alone.
_BARE = ("%Y%m%d", "%y%m%d")
#: So many words are tried when a mixture is described.
_TRIED = 5
_SAMPLE = 1000


@dataclass(frozen=True)
class Dates:
    """Dates or times that were read from text.

    Parameters
    ----------
    values : pyarrow.Array of date32, timestamp or time64[us], shape (n,)
        What was meant.
    pattern : str
        How they are written.
    same : float
        The share of words, among the first thousand, that writing gives back as they were.
    note : str
        Which order of day and month was chosen, and why; ``""`` where there was no choice.
    """

    values: pa.Array
    pattern: str
    same: float = 1.0
    note: str = ""


def read_dates(words: pa.Array, hinted: bool) -> Dates | None:
    """Read a column of dates, dates with times, or times of day that are written one way.

    Parameters
    ----------
    words : pyarrow.Array of string, shape (n,)
        Distinct words, none of them null or a marker of missing cells.
    hinted : bool
        Whether the column's name says that it holds dates: needed for six digits alone.

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
    found = []
    for pattern in _fitting(first):
        dates = _read(words, pattern) if _is_plausible(pattern, words, hinted) else None
        if dates is not None:
            found.append(dates)
    return _settled(found) if found else None


def likely_dates(words: pa.Array) -> np.ndarray:
    """Return which words follow the commonest pattern of dates, a mask of shape (n,)."""
    best = np.zeros(len(words), bool)
    for word in words[:_TRIED].to_pylist():
        if len(word) <= _LONGEST and any(letter.isdigit() for letter in word):
            for pattern in _fitting(word):
                if pattern not in _BARE:
                    found = parse_dates(words, pattern).is_valid().to_numpy(zero_copy_only=False)
                    best = found if found.sum() > best.sum() else best
    return best


def _fitting(word: str) -> list[str]:
    """Return the patterns that one word follows."""
    found = []
    for date in _DATES:
        match = _compiled(date).match(word)
        if match:
            found += [date + rest for rest in _rests(word[match.end() :])]
    return found + [time for time in _TIMES if _compiled(time).fullmatch(word)]


def _rests(word: str) -> list[str]:
    """Return what a pattern can go on with after the date: nothing, a time, a time with a zone."""
    if word == "":
        return [""]
    zone = ZONE.search(word)
    ends = ["", zone.group()] if zone else [""]
    return [
        time + end
        for end in ends
        for time in (*_JOINED_TIMES, _BARE_TIME)
        if _compiled(time).fullmatch(word[: len(word) - len(end)])
    ]


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(regex_of(pattern))


def _is_plausible(pattern: str, words: pa.Array, hinted: bool) -> bool:
    """Whether digits alone may be dates: years near ours, or a name that says so."""
    if pattern == "%y%m%d":
        return hinted
    if pattern != "%Y%m%d":
        return True
    near = _YEARS[0] <= pc.min(words).as_py() and pc.max(words).as_py() <= _YEARS[1]
    return near and (hinted or len(words) >= _ENOUGH)


def _read(words: pa.Array, pattern: str) -> Dates | None:
    if parse_dates(words[:50], pattern).null_count:
        return None
    pattern = _usual_zone(pattern, words[:_SAMPLE])
    values = parse_dates(words, pattern)
    if values.null_count:
        return None
    pattern, same = _as_written(pattern, words[:_SAMPLE], values[:_SAMPLE])
    if pa.types.is_timestamp(values.type) and not split_days(values)[1].any():
        return Dates(pc.cast(values, pa.date32()), _at_midnight(pattern), same)
    return Dates(values, pattern, same)


def _usual_zone(pattern: str, words: pa.Array) -> str:
    """Return the pattern with the commonest time zone of some words, if it has one."""
    zone = ZONE.search(pattern)
    if zone is None:
        return pattern
    zones = pc.extract_regex(words, f"^{regex_of(pattern)}$").field("zone")
    counted = pc.value_counts(zones)
    commonest = int(counted.field("counts").to_numpy().argmax())
    return f"{pattern[: zone.start()]}{counted.field('values')[commonest]}"


def _as_written(pattern: str, words: pa.Array, values: pa.Array) -> tuple[str, float]:
    """Return the pattern with padding and capitals as in most words, and the share of these."""
    if "%f" in pattern:
        fraction = pc.extract_regex(words, f"^{regex_of(pattern)}$").field("fraction")
        lengths = np.bincount(pc.utf8_length(fraction).to_numpy(), minlength=2)
        pattern = pattern.replace("%f", f"%{lengths[1:].argmax() + 1}f")
    variants = [pattern, re.sub("%([mdHI])", r"%-\1", pattern)]
    variants += [re.sub("%([md])", r"%-\1", pattern), re.sub("%([HI])", r"%-\1", pattern)]
    variants += [re.sub("%([bB])", r"%^\1", v) for v in variants if "%b" in v.lower()]
    variants += [v.replace("%p", "%P") for v in variants if "%p" in v]
    same = [pc.sum(pc.equal(write_dates(values, v), words)).as_py() for v in variants]
    best = int(np.argmax(same))
    return variants[best], same[best] / len(words)


def _at_midnight(pattern: str) -> str:
    """Return the pattern with the midnight that every time is in place of its fields."""
    midnight = {"H": "00", "I": "12", "M": "00", "S": "00", "p": "AM", "P": "am"}

    def literal(token: re.Match[str]) -> str:
        if token["letter"] == "f":
            return "0" * int(token["flag"] or 6)
        if token["letter"] == "H" and token["flag"]:
            return "0"
        return midnight.get(token["letter"], token.group())

    return TOKEN.sub(literal, pattern)


def _settled(found: list[Dates]) -> Dates:
    """Return the one reading that is meant, with a note where day and month could be swapped."""
    first = found[0]
    if len({_order(dates.pattern) for dates in found}) == 1:
        words = _ORDERS.get(_order(first.pattern))
        note = f"the {words}, as some days are past the 12th" if words else ""
        return replace(first, note=note)
    # the field that never changes is the day: the first of every month
    monthly = [d for d in found if _changes(pc.month, d.values) and not _changes(pc.day, d.values)]
    chosen = monthly[0] if monthly else first
    words = _ORDERS.get(_order(chosen.pattern), "year first")
    return replace(chosen, note=f"taken as the {words}, though no cell settles it")


_ORDERS = {"dmy": "day before the month", "mdy": "month before the day"}


def _order(pattern: str) -> str:
    """Return the order of the numbers of day, month and year, such as ``"dmy"``."""
    return "".join(t["letter"].lower() for t in TOKEN.finditer(pattern) if t["letter"] in "Yymd")


def _changes(part: object, values: pa.Array) -> bool:
    return len(pc.unique(part(values))) > 1  # type: ignore[operator]
