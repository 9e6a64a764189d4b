"""Canonical columns of each kind, ugly ones among them, without missing cells."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from lookalike.tables import Column, Kind

__all__ = ["ALONE", "Example", "alone", "examples"]

_ROWS = 300
#: The number of floats that occur once.
ALONE = 200
_DAY = 86_400 * 10**6


@dataclass(frozen=True)
class Example:
    """A column for an encoding to try.

    Parameters
    ----------
    what : str
        Its special property in words.
    column : Column
        The column's kind and storage.
    values : pyarrow.Array
        Its canonical cells, none missing.
    """

    what: str
    column: Column
    values: pa.Array


def examples(kind: Kind) -> list[Example]:
    """Return columns of a kind: plain, one value, two values, one row, and its ugly cases."""
    made = {Kind.CATEGORICAL: _categories, Kind.BOOLEAN: _booleans, Kind.CONTINUOUS: _floats}
    arrays = made[kind]() if kind in made else _whole(kind)
    some = next(iter(arrays.values()))
    arrays = {**arrays, "one row": some[:1], "one value": pa.concat_arrays([some[:1]] * 3)}
    return [
        Example(f"a {kind.value} column ({what})", _column(kind, values), values)
        for what, values in arrays.items()
    ]


def alone(kind: Kind) -> dict[str, pa.Array]:
    """Return columns of numbers whose last value is far from all others.

    Of floats, the last `ALONE` values occur once.
    """
    rng = np.random.default_rng(34)
    if kind is Kind.CONTINUOUS:
        unlike = np.append(rng.normal(50, 9, ALONE - 1), 987_654.321)
        return {
            "all differ": pa.array(unlike),
            "many zeros": pa.array(np.concatenate([np.zeros(_ROWS), unlike])),
            "one beside zeros": pa.array(np.concatenate([np.zeros(ALONE), unlike])),
        }
    usual = next(iter(_whole(kind).values()))
    ticks = usual.view(pa.int32() if usual.type.bit_width == 32 else pa.int64()).to_numpy()
    # times of day end at midnight
    far = ticks.max() * (1 if kind is Kind.TIME else 40) + 60 * 10**6 * (kind is Kind.TIME) + 1
    few = np.append(np.repeat(ticks[:4], 20), far)
    return {
        "all differ": _moments(np.append(ticks, far), usual.type),
        "few values": _moments(few, usual.type),
    }


def _column(kind: Kind, values: pa.Array) -> Column:
    stored = values.type.value_type if pa.types.is_dictionary(values.type) else values.type
    return Column("x", kind, str(stored), distinct=len(values.unique()))


def _floats() -> dict[str, pa.Array]:
    rng = np.random.default_rng(30)
    normal = rng.normal(50, 9, _ROWS)
    return {
        "normal": pa.array(normal),
        "half zeros": pa.array(np.where(rng.random(_ROWS) < 0.5, 0.0, normal)),
        "a heavy tail": pa.array(rng.pareto(1.0, _ROWS)),
        "negative and huge": pa.array(-normal * 1e200),
        "tiny differences": pa.array(1e6 + normal * 1e-6),
        "two values": pa.array([0.1, 0.3] * 9),
    }


def _whole(kind: Kind) -> dict[str, pa.Array]:
    """Return columns of whole numbers, as they are or as ticks of a moment."""
    rng = np.random.default_rng(31)
    tick = {Kind.DATETIME: 60 * 10**6, Kind.TIME: 60 * 10**6, Kind.DURATION: 10**6}.get(kind, 1)
    top = 1440 if kind is Kind.TIME else 20_000
    spread = rng.integers(0, top, _ROWS) * tick
    types = {
        Kind.INTEGER: pa.int64(),
        Kind.DATE: pa.date32(),
        Kind.TIME: pa.time64("us"),
        Kind.DATETIME: pa.timestamp("us"),
        Kind.DURATION: pa.duration("us"),
    }
    raw = {
        "spread": spread,
        "few values": rng.integers(1, 5, _ROWS) * tick,
        "mostly one value": np.where(rng.random(_ROWS) < 0.9, tick, spread),
    }
    if kind is not Kind.TIME:
        raw["negative"] = -spread
    return {what: _moments(ticks, types[kind]) for what, ticks in raw.items()}


def _moments(ticks: np.ndarray, kind: pa.DataType) -> pa.Array:
    return pa.array(ticks.astype(np.int32 if kind.bit_width == 32 else np.int64)).view(kind)


def _booleans() -> dict[str, pa.Array]:
    rng = np.random.default_rng(32)
    return {"plain": pa.array(rng.random(_ROWS) < 0.3), "all true": pa.array([True] * 5)}


def _categories() -> dict[str, pa.Array]:
    rng = np.random.default_rng(33)
    columns = {
        "plain": rng.choice(["red", "green", "blue"], _ROWS, p=[0.6, 0.3, 0.1]),
        "unicode": rng.choice(["是", "🙂", "é", "e\u0301", "", " ", "<b>"], _ROWS),
        "whole numbers": rng.integers(-1, 3, _ROWS),
        "many levels": np.array([f"level {i}" for i in np.arange(_ROWS) // 2]),
    }
    return {what: pa.array(values).dictionary_encode() for what, values in columns.items()}
