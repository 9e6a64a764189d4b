"""Arrow types and arrays as JSON-ready values, for the states of encodings."""

from __future__ import annotations

import re
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from lookalike._core.bounds import whole

__all__ = ["array_from_json", "array_to_json", "type_from_json", "type_to_json"]

_ZONED = re.compile(r"timestamp\[(s|ms|us|ns), tz=(.+)\]")
_DECIMAL = re.compile(r"decimal(32|64|128|256)\((\d+), (-?\d+)\)")
#: A null takes as much memory as a value of fixed width, and costs a file nothing.
_WIDEST = 2**16
_BYTES = re.compile(r"fixed_size_binary\[(\d+)\]")


def type_to_json(arrow_type: pa.DataType) -> str:
    """Return the name of an Arrow type that `type_from_json` understands."""
    return str(arrow_type)


def type_from_json(name: str) -> pa.DataType:
    """Restore an Arrow type from `type_to_json`.

    Examples
    --------
    >>> type_from_json("timestamp[us, tz=Europe/Zurich]")
    TimestampType(timestamp[us, tz=Europe/Zurich])
    """
    if zoned := _ZONED.fullmatch(name):
        return pa.timestamp(zoned[1], tz=zoned[2])
    if decimal := _DECIMAL.fullmatch(name):
        return getattr(pa, f"decimal{decimal[1]}")(int(decimal[2]), int(decimal[3]))
    if fixed := _BYTES.fullmatch(name):
        return pa.binary(whole(int(fixed[1]), 0, _WIDEST, "the width of bytes"))
    return pa.type_for_alias(name)


def array_to_json(array: pa.Array) -> dict[str, Any]:
    """Return an array of scalars as ``{"type": …, "values": […]}``, JSON-ready and lossless."""
    kind = array.type
    if pa.types.is_dictionary(kind):
        array = array.dictionary_decode()
        kind = array.type
    if pa.types.is_temporal(kind):
        array = array.view(pa.int32() if kind.bit_width == 32 else pa.int64())
    elif pa.types.is_decimal(kind):
        array = array.cast(pa.string())
    values = array.to_pylist()
    if pa.types.is_floating(kind):
        values = [None if v is None else float(v).hex() for v in values]
    elif _is_bytes(kind):
        values = [None if v is None else v.hex() for v in values]
    return {"type": type_to_json(kind), "values": values}


def array_from_json(stored: dict[str, Any]) -> pa.Array:
    """Restore an array from `array_to_json`.

    Examples
    --------
    >>> array_from_json(array_to_json(pa.array([1.5, None]))).to_pylist()
    [1.5, None]
    """
    kind = type_from_json(stored["type"])
    values = stored["values"]
    if pa.types.is_temporal(kind):
        return pa.array(values, pa.int32() if kind.bit_width == 32 else pa.int64()).view(kind)
    if pa.types.is_decimal(kind):
        return pc.cast(pa.array(values, pa.string()), kind)
    if pa.types.is_floating(kind):
        values = [None if v is None else float.fromhex(v) for v in values]
        return pa.array(values, pa.float64()).cast(kind)
    if _is_bytes(kind):
        values = [None if v is None else bytes.fromhex(v) for v in values]
    return pa.array(values, kind)


def _is_bytes(kind: pa.DataType) -> bool:
    checks = ("is_binary", "is_large_binary", "is_fixed_size_binary", "is_binary_view")
    return any(getattr(pa.types, check)(kind) for check in checks)
