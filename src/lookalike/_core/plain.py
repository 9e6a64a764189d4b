"""Conversion of nested dataclasses to plain JSON values, and back."""

from __future__ import annotations

import math
import types
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

__all__ = ["build", "jsonable"]

_T = TypeVar("_T")


def jsonable(value: Any) -> Any:
    """Return nested values as JSON types: lists, dicts, and None for non-finite numbers."""
    if isinstance(value, Mapping):
        return {str(key): jsonable(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [jsonable(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def build(kind: type[_T], values: Mapping[str, Any]) -> _T:
    """Build a (nested) dataclass from a dict of its fields; absent fields keep their defaults."""
    hints = get_type_hints(kind)
    names = [f.name for f in fields(kind) if f.name in values]  # type: ignore[arg-type]
    return kind(**{name: _value(hints[name], values[name]) for name in names})


def _value(hint: Any, value: Any) -> Any:
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        return None if value is None else _value(inner[0], value)
    if origin is tuple:
        return tuple(_value(inner[0], item) for item in value)
    if origin is dict:
        return {str(key): _value(inner[1], item) for key, item in value.items()}
    if is_dataclass(hint) and isinstance(hint, type):
        return build(hint, value)
    return value
