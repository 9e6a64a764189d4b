"""Numbers that come from a file, checked before memory or time is taken for them."""

from __future__ import annotations

import math
from typing import Any

__all__ = ["finite", "whole"]


def whole(value: Any, low: int, high: int, name: str) -> int:
    """Return a value that must be a whole number within bounds.

    Parameters
    ----------
    value : object
        The value read from a file.
    low, high : int
        The bounds, both included.
    name : str
        The name of the number, for the message.

    Raises
    ------
    ValueError
        If it breaks this rule.

    Examples
    --------
    >>> whole(3, 0, 8, "width")
    3
    """
    if isinstance(value, int) and not isinstance(value, bool) and low <= value <= high:
        return value
    raise ValueError(f"{name} must be a whole number from {low} to {high}; got {value!r}")


def finite(value: Any, name: str) -> float:
    """Return a value that must be a number, neither infinite nor NaN.

    Raises
    ------
    ValueError
        If it breaks this rule.
    """
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        return value
    raise ValueError(f"{name} must be a finite number; got {value!r}")
