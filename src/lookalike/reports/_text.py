"""Names as they can be shown: on one line, not too long, nothing invisible in them."""

from __future__ import annotations

import unicodedata

__all__ = ["breadth", "quoted", "shorten"]


def quoted(name: str) -> str:
    """Return a name in quotation marks, shortened."""
    return f"“{shorten(name, 40)}”"


def shorten(text: str, width: int = 24) -> str:
    """Shorten a name to a width, in columns of a fixed-width font, on one line.

    Parameters
    ----------
    text : str
        Any text: line breaks and invisible characters in it are made visible.
    width : int
        The most columns that it may take; wide (East Asian) letters take two.

    Returns
    -------
    str
        The text, its middle replaced by an ellipsis where it is too long.

    Examples
    --------
    >>> shorten("a name that is much too long", 12)
    'a name… long'
    """
    shown = "".join(_visible(letter) for letter in text) or "(empty)"
    if breadth(shown) <= width:
        return shown
    tail = _fit(shown[::-1], (width - 1) // 2)[::-1]
    return _fit(shown, width - 1 - breadth(tail)) + "…" + tail


def _visible(letter: str) -> str:
    if letter in "\n\r":
        return "↵"
    category = unicodedata.category(letter)
    if category in ("Zs", "Zl", "Zp") or letter == "\t":
        return " "
    return "·" if category in ("Cc", "Cs", "Cf") and letter not in "\u200c\u200d" else letter


def breadth(text: str) -> int:
    """Return the width of a text in columns of a fixed-width font."""
    return sum(_letter_columns(letter) for letter in text)


def _letter_columns(letter: str) -> int:
    if unicodedata.combining(letter):
        return 0
    return 2 if unicodedata.east_asian_width(letter) in "WF" else 1


def _fit(text: str, width: int) -> str:
    taken = 0
    for position, letter in enumerate(text):
        taken += _letter_columns(letter)
        if taken > width:
            return text[:position]
    return text
