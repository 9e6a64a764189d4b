"""Dates and times."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lookalike.encoding import Datetime, SampledRows
from lookalike.tables import Kind

from .columns import INT64, TRIED, column, lists, stored, there_and_back

MOMENT = column(Kind.DATETIME)
DAY = 86_400 * 10**6
TYPES = [pa.timestamp("us"), pa.timestamp("ns", "Europe/Zurich"), pa.timestamp("s"), pa.date64()]


@TRIED
@given(lists(INT64), st.sampled_from([pa.timestamp("us", "UTC"), pa.duration("us")]))
def test_any_moment_comes_back(ticks: list[int], kind: pa.DataType) -> None:
    cells = pa.array(ticks, pa.int64()).view(kind)
    encoding = Datetime(1).fit(cells, MOMENT)
    assert there_and_back(encoding, cells).equals(cells)


@TRIED
@given(st.lists(st.integers(-(10**12), 10**12), min_size=4, max_size=60), st.sampled_from(TYPES))
def test_moments_that_are_split_come_back(seconds: list[int], kind: pa.DataType) -> None:
    per_second = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}[getattr(kind, "unit", "ms")]
    scale = 1 if per_second == 10**9 else 100
    cells = pa.array([s // scale * per_second // 1000 for s in seconds], pa.int64()).view(kind)
    encoding = Datetime(1).fit(cells, MOMENT)
    assert there_and_back(encoding, cells).equals(cells)
    assert there_and_back(stored(encoding, MOMENT), cells).equals(cells)


def moments(days: np.ndarray, minutes: np.ndarray) -> pa.Array:
    return pa.array(days * DAY + minutes * 60 * 10**6).view(pa.timestamp("us"))


def made(encoding: Datetime, rows: int = 20_000) -> pa.Array:
    width = len(encoding.blocks)
    z = np.random.default_rng(9).normal(size=(rows, width)).astype(np.float32)
    return encoding.decode(SampledRows(z, np.zeros((rows, 0), np.int32)))


def test_the_day_and_the_time_of_day_keep_their_patterns() -> None:
    rng = np.random.default_rng(0)
    days = 18_000 + rng.integers(0, 90, 5000)
    minutes = rng.choice([8, 12, 18], 5000) * 60 + rng.integers(0, 30, 5000)
    cells = moments(days, minutes)
    encoding = Datetime(1).fit(cells, MOMENT)
    assert [block.part for block in encoding.blocks] == ["day", "time"]
    assert there_and_back(encoding, cells).equals(cells)
    new = made(encoding)
    assert set(pc.hour(new).to_pylist()) == {8, 12, 18}
    assert set(pc.second(new).to_pylist()) == {0}
    assert pc.min(new).as_py() >= pc.min(cells).as_py()
    assert pc.max(new).as_py() <= pc.max(cells).as_py()


@pytest.mark.parametrize("hour", [0, 7])
def test_uneven_weekdays_are_kept_over_many_days(hour: int) -> None:
    rng = np.random.default_rng(1)
    days = 11_000 + rng.integers(0, 4000, 8000)
    days = days[(days + 3) % 7 < 5]
    cells = moments(days, np.full(len(days), 60 * hour))
    encoding = Datetime(1).fit(cells, MOMENT)
    assert [block.part for block in encoding.blocks] == ["week", "weekday"]
    assert there_and_back(encoding, cells).equals(cells)
    new = made(encoding)
    assert set(pc.day_of_week(new).to_pylist()) == set(range(5))
    assert set(pc.hour(new).to_pylist()) == {hour}


def test_even_weekdays_are_one_number() -> None:
    days = pa.array(np.random.default_rng(2).integers(0, 5000, 9000).astype(np.int32))
    cells = days.view(pa.date32())
    encoding = Datetime(1).fit(cells, column(Kind.DATE, unit="D"))
    assert [block.part for block in encoding.blocks] == ["value"]
    assert there_and_back(encoding, cells).equals(cells)
    assert made(encoding).type == pa.date32()


def test_times_on_uneven_weekdays_are_three_numbers() -> None:
    rng = np.random.default_rng(3)
    days = rng.integers(0, 1500, 9000) * 7 + rng.choice([0, 1, 4], 9000)
    cells = moments(days, rng.integers(0, 1440, 9000))
    encoding = Datetime(1).fit(cells, MOMENT)
    assert [block.part for block in encoding.blocks] == ["week", "weekday", "time"]
    assert there_and_back(encoding, cells).equals(cells)
    assert there_and_back(stored(encoding, MOMENT), cells).equals(cells)
