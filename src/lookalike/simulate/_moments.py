"""The first moment of a simulation."""

from __future__ import annotations

from datetime import date

from lookalike._core.errors import ParameterError

__all__ = ["first_moment"]


def first_moment(start: str | date) -> int:
    """Return the first second of a day in ISO format, since 1970.

    Raises
    ------
    ParameterError
        If it is no day.
    """
    try:
        return (date.fromisoformat(str(start)) - date(1970, 1, 1)).days * 86_400
    except ValueError:
        raise ParameterError(f"start must be a date such as '2026-01-01'; got {start!r}.") from None
