"""Differences as text, with one convention of signs for all words, tables and pages."""

from __future__ import annotations

import math

__all__ = ["plain", "signed"]

#: Numbers below this are shown with more than three decimals.
_SMALL = 0.0005


def signed(value: float) -> str:
    """Return a number with its sign and three decimals, or fewer or more where it needs them.

    Examples
    --------
    >>> signed(0.01234), signed(-0.00004), signed(-123.4), signed(0.0)
    ('+0.012', '−0.00004', '−123.4', '+0.000')
    """
    size = abs(value)
    digits = 3 if size < 1 else max(0, 3 - int(math.log10(size)))
    if 0 < size < _SMALL:  # one digit that is not 0
        digits = min(-math.floor(math.log10(size)), 12)
    return f"{round(value, digits) + 0.0:+.{digits}f}".replace("-", "−")


def plain(value: float) -> str:
    """Return a number as `signed` does, with a sign only where it is below 0.

    Examples
    --------
    >>> plain(0.01234)
    '0.012'
    """
    return signed(value).removeprefix("+")
