"""Names and values as they are written in a rule, where backslashes are as any other sign."""

from __future__ import annotations

import keyword

__all__ = ["backquoted", "quoted", "value_text"]

_NO_NAMES = {"missing", "true", "false", "pi", "e", "tau", *keyword.kwlist}


def quoted(name: str) -> str:
    """Return a column's name as it is written in a rule, in backquotes where it needs them.

    Parameters
    ----------
    name : str

    Returns
    -------
    str

    Examples
    --------
    >>> quoted("price"), quoted("unit price")
    ('price', '`unit price`')
    """
    if name.isidentifier() and name.isascii() and name not in _NO_NAMES:
        return name
    return backquoted(name)


def backquoted(name: str) -> str:
    """Return a column's name in backquotes; one within it is doubled.

    Parameters
    ----------
    name : str

    Returns
    -------
    str

    Examples
    --------
    >>> backquoted("price")
    '`price`'
    """
    return f"`{name.replace('`', '``')}`"


def value_text(value: object) -> str:
    r"""Return a value as it is written in a rule.

    Parameters
    ----------
    value : str, bool, int or float

    Returns
    -------
    str

    Examples
    --------
    >>> print(value_text(r'a\b "1" c'), value_text(True), value_text(1.5))
    "a\b ""1"" c" true 1.5
    """
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return '"' + value.replace('"', '""') + '"'
    return repr(value)
