"""Untrusted text made safe to show: escaped line breaks and control characters, bounded length."""

from __future__ import annotations

import re
from unicodedata import category

__all__ = ["presentable", "printable"]

#: The greatest length shown of a quoted value, and of a whole message.
_MOST_QUOTED, _MOST_WORDS = 120, 1_000
#: A longer value in quotes. An apostrophe within or after a word does not begin one.
_LONG = re.compile(
    rf"(?<!\w)(['\"])((?:(?!\1)[^\\]|\\.){{{_MOST_QUOTED}}}(?:(?!\1)[^\\]|\\.)+)\1(?!\w)", re.DOTALL
)


def printable(text: object) -> str:
    r"""Escape characters that would break a line or control a terminal.

    Examples
    --------
    >>> printable("a\nb")
    'a\\nb'
    """
    return "".join(
        c if c.isprintable() else " " if category(c) == "Zs" else _escaped(c) for c in str(text)
    )


def presentable(message: str) -> str:
    r"""Return a message with untrusted content, made safe to show.

    Quoted values and the whole are cut in their middle where they are too long; control characters
    are escaped. Lines stay lines: a value is quoted with its line breaks escaped.

    Examples
    --------
    >>> presentable("There is no column 'a\x1b[31m'.")
    "There is no column 'a\\x1b[31m'."
    >>> len(presentable(f"There is no column {'x' * 10**6!r}."))
    142
    """
    if len(message) > _MOST_QUOTED:
        message = _LONG.sub(_shortened, _cut(message, 100 * _MOST_WORDS))
    return _cut("\n".join(map(printable, _cut(message, _MOST_WORDS).split("\n"))), _MOST_WORDS)


def _shortened(found: re.Match[str]) -> str:
    return found[1] + _cut(found[2], _MOST_QUOTED) + found[1]


def _cut(text: str, most: int) -> str:
    """Cut a text to `most` characters: its beginning and, half as long, its end."""
    if len(text) <= most:
        return text
    end = most // 3
    return f"{text[: most - end - 1]}…{text[-end:]}"


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode()
