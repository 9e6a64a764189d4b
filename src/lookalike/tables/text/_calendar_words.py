"""Calendar words: cells that are names of months or days, or look like dates in any format."""

from __future__ import annotations

import re

import numpy as np
import pyarrow as pa

__all__ = ["are_calendar_names", "look_like_dates", "mostly_dates"]

#: Months and days of the week in English, German, French, Spanish, Italian, Portuguese and Dutch.
_NAMES = frozenset(
    re.findall(
        r"\w+",
        "january february march april may june july august september october november december "
        "jan feb mar apr jun jul aug sep sept oct nov dec "
        "monday tuesday wednesday thursday friday saturday sunday "
        "mon tue tues wed thu thur thurs fri sat sun "
        "januar jänner februar märz mai juni juli oktober dezember mär okt dez "
        "montag dienstag mittwoch donnerstag freitag samstag sonnabend sonntag "
        "janvier février mars avril juin juillet août septembre octobre novembre décembre "
        "janv févr avr juil déc lundi mardi mercredi jeudi vendredi samedi dimanche "
        "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre "
        "ene abr ago dic lunes martes miércoles jueves viernes sábado domingo "
        "gennaio febbraio aprile maggio giugno luglio settembre ottobre novembre dicembre "
        "gen mag giu lug ott lunedì martedì mercoledì giovedì venerdì sabato domenica "
        "janeiro fevereiro março maio junho julho setembro outubro novembro dezembro "
        "segunda terça quarta quinta sexta januari februari maart mei augustus maa "
        "maandag dinsdag woensdag donderdag vrijdag zaterdag zondag",
    )
)
_LETTERS = re.compile(r"[^\W\d_]+")
_SAMPLE = 1000
_MOST = 0.95
#: A year among other digits, all of which could be a day, an hour or a minute.
_YEAR = r"(?:1[6-9]|20)[0-9]{2}"
_PART = r"(?:[0-5]?[0-9]|60)"
_DATED = re.compile(rf"(?:(?:\D*{_PART}\D)+{_YEAR}(?:\D+{_PART})*|{_YEAR}(?:\D+{_PART})+)\D*")
_CLOCK = re.compile(r"(?:^|.*[^0-9:])(?:[01]?[0-9]|2[0-4])[:h][0-5][0-9](?:[:m][0-5][0-9])?\D*$")


def are_calendar_names(words: pa.Array) -> bool:
    """Return whether all cells are names of months or of days of the week.

    Examples
    --------
    >>> are_calendar_names(pa.array(["Mon", "Wednesday", "DI."]))
    False
    >>> are_calendar_names(pa.array(["Mon", "Wednesday", "Jan."]))
    True
    """
    return all(word.strip(" .").lower() in _NAMES for word in words[:_SAMPLE].to_pylist())


def look_like_dates(words: pa.Array) -> np.ndarray:
    """Return a mask of the first cells that look like dates or times, in any format.

    They have digits beside the name of a month or a day of the week, a year beside small numbers,
    or hours and minutes.

    Parameters
    ----------
    words : pyarrow.Array of string, shape (n,)
        The distinct cells.

    Returns
    -------
    ndarray of bool
        The mask of the first thousand cells.

    Examples
    --------
    >>> look_like_dates(pa.array(["10. Mai 1996", "am 3.4.2021", "Wed 20:38", "A-2021-0077"]))
    array([ True,  True,  True, False])
    """
    return np.array([_looks_like_date(word) for word in words[:_SAMPLE].to_pylist()], bool)


def _looks_like_date(word: str) -> bool:
    if len(word) > 64 or not any(letter.isdigit() for letter in word):
        return False
    if any(name.lower() in _NAMES for name in _LETTERS.findall(word)):
        return True
    return bool(_DATED.fullmatch(word) or _CLOCK.fullmatch(word))


def mostly_dates(words: pa.Array) -> bool:
    """Return whether nearly all cells look like dates or times."""
    return float(look_like_dates(words).mean()) >= _MOST
