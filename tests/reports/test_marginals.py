"""Shares and bins of single columns."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lookalike.reports import Marginal
from lookalike.reports._marginals import COMMON, FEW_NUMBERS, MOST_LEVELS, marginal, say
from lookalike.tables import Column, Kind


def drawn(kind: Kind, real: Any, synthetic: Any, type_: pa.DataType, **more: Any) -> Marginal:
    columns = [pa.chunked_array([pa.array(values, type_)]) for values in (real, synthetic)]
    return marginal(Column("x", kind, str(type_), **more), columns[0], columns[1])


def shares(found: Marginal) -> tuple[float, float]:
    inside = found.histogram
    real = sum(bar.real for bar in found.bars) + (sum(inside.real) if inside else 0)
    synthetic = sum(bar.synthetic for bar in found.bars) + (sum(inside.synthetic) if inside else 0)
    return real, synthetic


numbers = st.lists(
    st.none() | st.floats(-1e12, 1e12) | st.sampled_from([0.0, 1.0, -5.5]), min_size=1, max_size=60
)


@given(numbers, numbers)
def test_every_row_of_numbers_is_counted_once(
    real: list[float | None], synthetic: list[float | None]
) -> None:
    found = drawn(Kind.CONTINUOUS, real, synthetic, pa.float64())
    assert shares(found) == pytest.approx((1, 1), abs=1e-4)


@given(st.lists(st.none() | st.integers(-(10**15), 10**15), min_size=1, max_size=60))
def test_every_row_of_integers_is_counted_once(values: list[int | None]) -> None:
    found = drawn(Kind.INTEGER, values, values[::-1], pa.int64())
    assert shares(found) == pytest.approx((1, 1), abs=1e-4)


@given(st.lists(st.none() | st.text(max_size=2), min_size=1, max_size=60))
def test_every_row_of_levels_is_counted_once(values: list[str | None]) -> None:
    type_ = pa.dictionary(pa.int32(), pa.string())
    found = drawn(Kind.CATEGORICAL, values, values[:1], type_)
    assert shares(found) == pytest.approx((1, 1))
    assert len(found.bars) <= MOST_LEVELS + 2


def test_rare_levels_are_one_bar() -> None:
    values = [str(place) for place in range(50) for _ in range(60 - place)]
    found = drawn(Kind.CATEGORICAL, values, values, pa.string())
    assert [bar.label for bar in found.bars[:3]] == ["0", "1", "2"]
    assert found.bars[-1].label == f"{50 - MOST_LEVELS} other categories"


def test_an_invented_level_is_shown() -> None:
    values = [str(place) for place in range(50)]
    found = drawn(Kind.CATEGORICAL, values, ["new"] * 50, pa.string())
    assert ("new", 0.0, 1.0) in [(bar.label, bar.real, bar.synthetic) for bar in found.bars]


def test_ordered_levels_keep_their_order() -> None:
    order = ("low", "middle", "high")
    values = ["high", "high", "low", "middle"]
    found = drawn(Kind.CATEGORICAL, values, values, pa.string(), categories=order, ordered=True)
    assert [bar.label for bar in found.bars] == list(order)


def test_levels_that_are_numbers_stand_in_their_order() -> None:
    values = [10, 9, 9, 2, 2, 2]
    found = drawn(Kind.CATEGORICAL, values, values, pa.dictionary(pa.int32(), pa.int64()))
    assert [bar.label for bar in found.bars] == ["2", "9", "10"]


def test_a_spike_stands_beside_the_histogram() -> None:
    rng = np.random.default_rng(0)
    values = np.where(rng.random(500) < 0.6, 0.0, rng.lognormal(size=500))
    found = drawn(Kind.CONTINUOUS, values, values, pa.float64())
    spike = next(bar for bar in found.bars if bar.role == "value")
    assert spike.label == "0"
    assert spike.real > COMMON
    assert found.histogram is not None
    assert found.histogram.edges[0] > 0


def test_few_numbers_are_levels() -> None:
    values = [1, 2, 3] * 5
    found = drawn(Kind.INTEGER, values, values, pa.int64())
    assert found.histogram is None
    assert [bar.label for bar in found.bars] == ["1", "2", "3"]
    many = list(range(FEW_NUMBERS + 1))
    assert drawn(Kind.INTEGER, many, many, pa.int64()).histogram is not None


def test_bins_of_integers_hold_equally_many() -> None:
    found = drawn(Kind.INTEGER, range(887), range(887), pa.int64()).histogram
    assert found is not None
    heights = np.array(found.real)
    assert heights[:-1] == pytest.approx(heights[0])
    assert heights[-1] > 0.8 * heights[0]


def test_far_off_numbers_do_not_squeeze_the_real_ones() -> None:
    values = np.random.default_rng(0).normal(size=500)
    found = drawn(Kind.CONTINUOUS, values, values * 1e6, pa.float64())
    assert found.histogram is not None
    assert found.histogram.edges[-1] < 20
    beyond = next(bar for bar in found.bars if bar.role == "beyond")
    assert beyond.synthetic > 0.9


@pytest.mark.parametrize(
    ("kind", "type_", "values", "axis"),
    [
        (Kind.DATE, pa.date32(), [dt.date(2020, 1, 1 + d) for d in range(20)], "date"),
        (
            Kind.DATETIME,
            pa.timestamp("us", "UTC"),
            [10**15 + 10**12 * i for i in range(20)],
            "date",
        ),
        (Kind.TIME, pa.time64("us"), [dt.time(h, 30) for h in range(20)], "clock"),
        (Kind.DURATION, pa.duration("us"), [dt.timedelta(hours=h) for h in range(20)], "h"),
        (Kind.DURATION, pa.duration("us"), [dt.timedelta(0)] * 20, "s"),
    ],
)
def test_dates_and_times_have_axes_of_their_own(
    kind: Kind, type_: pa.DataType, values: list[Any], axis: str
) -> None:
    found = drawn(kind, values, [*values[1:], None], type_)
    assert shares(found) == pytest.approx((1, 1), abs=1e-4)
    assert found.histogram is None or found.histogram.axis == axis


def test_zoned_times_are_shown_by_their_own_clock() -> None:
    when = dt.datetime(2020, 1, 1, 23, tzinfo=dt.UTC)
    found = drawn(Kind.DATETIME, [when], [when], pa.timestamp("us", "Asia/Tokyo"))
    assert found.bars[0].label == "2020-01-02 08:00"


@pytest.mark.parametrize(
    ("value", "axis", "step", "words"),
    [
        (0.0, "date", None, "1970-01-01"),
        (1.5, "date", None, "1970-01-02 12:00"),
        (9.25, "clock", None, "09:15"),
        (3.0, "h", None, "3 h"),
        (1234567.0, "number", 1.0, "1234567"),
        (0.1 + 0.2, "number", None, "0.3"),
    ],
)
def test_numbers_in_words(value: float, axis: str, step: float | None, words: str) -> None:
    assert say(value, axis, step) == words


@pytest.mark.parametrize("name", ["Cauchy", "log-normal"])
def test_heavy_tails_leave_the_middle_visible(name: str) -> None:
    rng = np.random.default_rng(0)
    values = rng.standard_cauchy((2, 2000))
    if name == "log-normal":
        values = np.exp(2.5 * rng.standard_normal((2, 2000)))
    found = drawn(Kind.CONTINUOUS, values[0], values[1], pa.float64())
    assert found.histogram is not None
    assert max(found.histogram.real) < 0.5
    assert sum(share > 0.01 for share in found.histogram.real) >= 8
    (beyond,) = found.bars
    assert beyond.role == "beyond"
    assert 0.005 < beyond.real < 0.12
    assert shares(found) == pytest.approx((1, 1), abs=1e-4)


def test_a_level_of_few_real_rows_has_no_name_unless_synthetic_rows_have_it() -> None:
    real = ["a"] * 50 + ["secret"] + ["rare"] * 4 + ["five"] * 5
    found = drawn(Kind.CATEGORICAL, real, ["a"] * 50 + ["rare", "new"], pa.string())
    assert {bar.label for bar in found.bars} == {"a", "rare", "five", "new", "1 other categories"}
    assert shares(found) == pytest.approx((1, 1))
    numbers = drawn(Kind.INTEGER, [1] * 50 + [987_654], [1] * 50, pa.int64())
    assert [bar.label for bar in numbers.bars] == ["1", "1 other values"]
