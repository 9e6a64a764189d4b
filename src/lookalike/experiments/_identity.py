"""Digests of all that a number depends on, as text that is the same in every process.

A record is found again by a digest of the estimator that gave it. The text that Python shows for
an object will not do: it may hold an address, or leave out the middle of an array.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence, Set
from functools import partial
from types import CodeType, FunctionType, MethodType
from typing import Any

import numpy as np
import pyarrow as pa

__all__ = ["digest", "identity", "table_digest"]

_RANDOM = (np.random.RandomState, np.random.Generator)


def digest(*parts: Any) -> str:
    """Return a short digest of plain values.

    Parameters
    ----------
    *parts : object
        Numbers, text, and sequences of them.

    Returns
    -------
    str
        16 hexadecimal digits.
    """
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


def identity(value: Any) -> str:
    """Return the parts of an object as text.

    Parameters
    ----------
    value : object
        An estimator, a search space, a function, an array, or anything plain.

    Returns
    -------
    str
        The same for objects that were built in the same way, in any process; the states of random
        generators are left out.

    Examples
    --------
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> one, other = (identity(DecisionTreeClassifier(max_depth=d)) for d in (2, 3))
    >>> one == other
    False
    """
    return _text(value, ())


def table_digest(table: pa.Table) -> str:
    """Return a digest of a table's names and cells, however it is cut into chunks.

    Parameters
    ----------
    table : pyarrow.Table
        Any table.

    Returns
    -------
    str
        16 hexadecimal digits.
    """
    return digest(
        [
            (name, str(column.type), digest(column.to_pylist()))
            for name, column in zip(table.column_names, table.columns, strict=True)
        ]
    )


def _text(value: Any, around: tuple[int, ...]) -> str:
    """Describe an object that stands within others, whose ids are given."""
    if id(value) in around:
        return "itself"
    parts = _parts(value)
    if parts is None:
        return repr(value)
    return f"{_name(type(value))}({', '.join(_text(part, (*around, id(value))) for part in parts)})"


def _parts(value: Any) -> list[Any] | None:
    """Return the parts of an object in a fixed order; None if its text is complete."""
    if isinstance(value, type):
        return [_name(value)]
    if isinstance(value, _RANDOM):
        return []
    if isinstance(value, np.ndarray) and value.dtype != object:
        return [str(value.dtype), value.shape, digest(value.tobytes())]
    if isinstance(value, Mapping):
        return [list(pair) for pair in sorted(value.items(), key=lambda pair: repr(pair[0]))]
    if isinstance(value, Set):
        return sorted(value, key=repr)
    if isinstance(value, Sequence | np.ndarray) and not isinstance(value, str | bytes | range):
        return list(value)
    if isinstance(value, FunctionType | CodeType | MethodType | partial):
        return _called(value)
    if hasattr(value, "get_params"):
        return [value.get_params(deep=False)]
    if " at 0x" in repr(value) and hasattr(value, "__dict__"):
        # An address identifies nothing: the contents do.
        return [{k: v for k, v in vars(value).items() if not k.startswith("__")}]
    return None


def _called(value: Any) -> list[Any]:
    """Return the parts of a function: code, constants, defaults and the like."""
    if isinstance(value, partial):
        return [value.func, value.args, value.keywords]
    if isinstance(value, MethodType):
        return [value.__func__, value.__self__]
    if isinstance(value, CodeType):
        return [value.co_code, value.co_names, value.co_consts]
    cells = [cell.cell_contents for cell in value.__closure__ or ()]
    return [value.__qualname__, value.__code__, value.__defaults__, value.__kwdefaults__, cells]


def _name(kind: type) -> str:
    return f"{kind.__module__}.{kind.__qualname__}"
