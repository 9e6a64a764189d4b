"""Arrow arrays as JSON."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lookalike.tables.values.codec import (
    array_from_json,
    array_to_json,
    type_from_json,
    type_to_json,
)

from .columns import TRIED

MOMENT = dt.datetime(2024, 2, 29, 12, 30, 15, 123456)
ARRAYS = [
    pa.array(["a", None, "é\x00🙂"]),
    pa.array(["a"], pa.large_string()),
    pa.array([2**63 - 1, None]),
    pa.array([255], pa.uint8()),
    pa.array([1.5, float("inf"), float("-inf"), 5e-324, None]),
    pa.array([0.1], pa.float32()),
    pa.array([True, None]),
    pa.array([MOMENT.date(), None]),
    pa.array([MOMENT.date()], pa.date64()),
    pa.array([MOMENT.time()], pa.time64("us")),
    pa.array([MOMENT.time().replace(microsecond=0)], pa.time32("s")),
    pa.array([MOMENT, None], pa.timestamp("us", "America/Argentina/Buenos_Aires")),
    pa.array([MOMENT], pa.timestamp("ns")),
    pa.array([dt.timedelta(days=-1, microseconds=1)], pa.duration("us")),
    pa.array([Decimal("1.50"), None], pa.decimal128(10, 2)),
    pa.array([b"\x00\xff", None]),
    pa.array([b"ab"], pa.binary(2)),
    pa.nulls(2),
    pa.array([], pa.int32()),
]


@pytest.mark.parametrize("array", ARRAYS, ids=lambda array: str(array.type))
def test_arrays_come_back(array: pa.Array) -> None:
    stored = json.loads(json.dumps(array_to_json(array), allow_nan=False))
    assert array_from_json(stored).equals(array)
    assert type_from_json(type_to_json(array.type)) == array.type


def test_a_dictionary_is_stored_as_its_values() -> None:
    array = pa.array(["a", "b", "a"]).dictionary_encode()
    assert array_from_json(array_to_json(array)).to_pylist() == ["a", "b", "a"]


@TRIED
@given(st.lists(st.none() | st.floats(allow_nan=False) | st.floats(width=16, allow_nan=False)))
def test_floats_come_back(values: list[Any]) -> None:
    array = pa.array(values, pa.float64())
    assert array_from_json(array_to_json(array)).equals(array)
