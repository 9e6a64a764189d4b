"""Object columns of pandas that hold values of several plain types: numbers, or else text."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa

from lookalike._core.errors import DataError

__all__ = ["mixed_to_arrow", "no_unicode", "restored"]

_NUMBERS = (bool, int, float, Decimal, np.bool_, np.integer, np.floating)
_PLAIN = (*_NUMBERS, str, dt.date, dt.time, dt.timedelta, np.datetime64)
#: The parsers of words by the name of their type, used if a value is written the same.
_MAKERS: dict[str, Callable[[str], Any]] = {
    "bool": lambda word: {"True": True, "False": False}[word],
    "int": int,
    "float": float,
    "Decimal": Decimal,
    "date": dt.date.fromisoformat,
    "time": dt.time.fromisoformat,
    "datetime": dt.datetime.fromisoformat,
}


def mixed_to_arrow(series: Any) -> tuple[pa.Array, list[str]] | None:
    """Turn an object column of several plain types into an array.

    Parameters
    ----------
    series : pandas.Series of objects, shape (n,)
        The column.

    Returns
    -------
    array : pyarrow.Array, shape (n,)
        The array: float64 if all values are numbers or booleans, otherwise text as in Python.
    types : list of str
        The names of the types to which words are converted back, which no text looked like.

    None where a value is of no plain type, or all are decimals.
    """
    missing = series.isna().to_numpy()
    values = series.to_numpy()[~missing]
    types = {type(value) for value in values}
    if not types or types == {Decimal} or not all(issubclass(t, _PLAIN) for t in types):
        return None
    cells = np.full(len(series), None, dtype=object)
    if all(issubclass(t, _NUMBERS) for t in types):
        cells[~missing] = [float(value) for value in values]
        return pa.array(cells, pa.float64(), from_pandas=True), []
    cells[~missing] = [str(value) for value in values]
    words = [value for value in values if isinstance(value, str)]
    names = [name for name in _MAKERS if any(_name(t) == name for t in types)]
    kept = [name for name in names if not any(_is_written(word, name) for word in words)]
    return pa.array(cells, pa.string()), kept


def restored(objects: Any, types: list[str]) -> Any:
    """Convert words of a series back to the types in whose format they are written."""
    values = objects.to_numpy().copy()
    for i, word in enumerate(values):
        if isinstance(word, str):
            name = next((name for name in types if _is_written(word, name)), None)
            values[i] = word if name is None else _MAKERS[name](word)
    return type(objects)(values, dtype=object)


def _name(kind: type) -> str:
    """Return the name of the plain type of a type."""
    for name, base in (("bool", (bool, np.bool_)), ("int", (int, np.integer))):
        if issubclass(kind, base):
            return name
    return "float" if issubclass(kind, (float, np.floating)) else kind.__name__


def _is_written(word: str, name: str) -> bool:
    try:
        return str(_MAKERS[name](word)) == word
    except (KeyError, ValueError, ArithmeticError):
        return False


def no_unicode(subject: str, error: UnicodeEncodeError) -> DataError:
    """Return the error for text with a lone surrogate, such as from a damaged file."""
    return DataError(
        f"Text must be valid Unicode: {subject} {str(error.object)[:40]!r}, with a lone surrogate "
        f"at position {error.start + 1}. Replace it, such as "
        "text.encode('utf-8', 'replace').decode('utf-8')."
    )
