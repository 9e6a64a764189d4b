"""Hints from a column's name; a name alone never decides."""

from __future__ import annotations

import re

__all__ = ["hints_at_code", "hints_at_date", "hints_at_key"]

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^\W\d_A-Za-z]+")


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_KEYS = _set("id ids key uuid guid ssn pk identifier barcode isbn ean iban vin")
_LAST_KEYS = _set("number nr nbr no serial")
_WHOLE_KEYS = frozenset(("index", "unnamed: 0", "row", "rownames", "rowid", "rownum", "recno"))
#: Things before "id" in names without a seam, such as ``customerid``.
_THINGS = _set(
    "customer user order product account person patient client session transaction row "
    "passenger student employee member device item case record"
)
_CODES = _set("zip zipcode postcode postal postalcode plz")
_LAST_CODES = _set(
    "code codes type category cat class subclass label group cluster region district ward "
    "sector segment zone status"
)
_DATES = _set(
    "date day dob birth birthday birthdate time timestamp datetime issued dt month period hour "
    "yearmonth yyyymm yyyymmdd yyyyddd hhmm hhmmss ymd ym"
)


def hints_at_key(name: str) -> bool:
    """Return whether a name says that the column identifies rows, people or things.

    Examples
    --------
    >>> [hints_at_key(name) for name in ("PassengerId", "patient_nbr", "paid", "number_of_rooms")]
    [True, True, False, False]
    """
    words = _words(name)
    last = words[-1] if words else ""
    return (
        not _KEYS.isdisjoint(words)
        or (last in _LAST_KEYS and len(words) > 1)
        or name.strip().lower() in _WHOLE_KEYS
        or (len(last) > 4 and last.endswith("id") and last[:-2] in _THINGS)
    )


def hints_at_code(name: str) -> bool:
    """Return whether a name says that whole numbers in the column are codes.

    Examples
    --------
    >>> [hints_at_code(name) for name in ("zipcode", "TrafficType", "unzipped", "type_count")]
    [True, True, False, False]
    """
    words = _words(name)
    return not _CODES.isdisjoint(words) or (bool(words) and words[-1] in _LAST_CODES)


def hints_at_date(name: str) -> bool:
    """Return whether a name says that the column holds dates.

    Examples
    --------
    >>> [hints_at_date(name) for name in ("birth_date", "updated")]
    [True, False]
    """
    return not _DATES.isdisjoint(_words(name))


def _words(name: str) -> list[str]:
    """Return the words of a name in small letters, cut at seams such as in ``CustomerId``."""
    return [word.lower() for word in _WORD.findall(name)]
