"""One-hot levels, their pool, and missing cells."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lookalike.encoding import Embedding, OneHot, Rows, SampledRows
from lookalike.tables import Kind

from .columns import FLOATS, INT64, TRIED, column, lists, stored, there_and_back

CATEGORY = column(Kind.CATEGORICAL)
LEVELS = st.one_of(
    lists(st.none() | st.text()),
    lists(st.none() | INT64),
    lists(st.none() | FLOATS),
    lists(st.none() | st.dates()),
    lists(st.none() | st.booleans()),
)


def decoded(encoding: OneHot, level: int, rows: int = 1, start: int = 0) -> list[Any]:
    drawn = SampledRows(np.zeros((rows, 0), np.float32), np.full((rows, 1), level, np.int32))
    return encoding.decode_rows(drawn, Rows(start, 7)).to_pylist()


@TRIED
@given(LEVELS)
def test_levels_and_missing_cells_come_back(values: list[Any]) -> None:
    if all(value is None for value in values):
        values = [*values, "x"]
    cells = pa.array(values).dictionary_encode()
    encoding = OneHot(min_count=1).fit(cells, CATEGORY)
    assert there_and_back(encoding, cells).to_pylist() == values
    assert there_and_back(stored(encoding, CATEGORY), cells).to_pylist() == values


def test_booleans_come_back_as_booleans_and_one_that_is_rare_does_not() -> None:
    cells = pa.array([True, None, True, False, False])
    encoding = OneHot().fit(cells, column(Kind.BOOLEAN))
    assert encoding.blocks[0].width == 3
    assert there_and_back(encoding, cells).equals(cells)
    rare = OneHot().fit(cells[:4], column(Kind.BOOLEAN))
    assert there_and_back(rare, cells).to_pylist() == [True, None, True, True, True]


def test_numbers_can_be_levels() -> None:
    cells = pa.array([3, 1, 3, None])
    assert there_and_back(OneHot(1).fit(cells, column(Kind.INTEGER)), cells).equals(cells)
    days = pa.array([dt.date(2024, 2, 29), None, dt.date(1899, 12, 31)])
    assert there_and_back(OneHot(1).fit(days, column(Kind.DATE)), days).equals(days)


def test_levels_stand_by_frequency_then_by_name_whatever_the_order_of_rows() -> None:
    values = ["b", "c", "a", "c", "é", "é"]
    for order in (values, values[::-1]):
        encoding = OneHot(1).fit(pa.array(order).dictionary_encode(), CATEGORY)
        assert [decoded(encoding, level)[0] for level in range(4)] == ["c", "é", "a", "b"]


def test_rare_levels_are_one_level_that_is_decoded_as_a_kept_one() -> None:
    values = ["a"] * 30 + ["b"] * 10 + ["secret", "hidden", None]
    encoding = OneHot().fit(pa.array(values).dictionary_encode(), CATEGORY)
    assert encoding.blocks[0].width == 4
    codes = encoding.encode(pa.array(["secret", "a", "never seen", None]).dictionary_encode())
    assert codes.codes[:, 0].tolist() == [2, 0, 2, 3]
    made = decoded(encoding, 2, 4000)
    assert set(made) == {"a", "b"}
    assert abs(made.count("b") / 4000 - 0.25) < 0.03
    assert made[100:200] == decoded(encoding, 2, 100, start=100)
    assert "secret" not in str(encoding.state())
    assert decoded(stored(encoding, CATEGORY), 2, 50) == made[:50]


def test_the_second_of_two_levels_is_not_kept_if_one_row_has_it() -> None:
    cells = pa.array(["often"] * 9 + ["secret"]).dictionary_encode()
    encoding = OneHot().fit(cells, CATEGORY)
    assert "secret" not in str(encoding.state())
    assert set(there_and_back(encoding, cells).to_pylist()) == {"often"}


def test_where_all_levels_are_rare_every_cell_is_missing() -> None:
    cells = pa.array(list("abcd")).dictionary_encode()
    for encoding in (OneHot().fit(cells, CATEGORY), Embedding().fit(cells, CATEGORY)):
        again = stored(encoding, CATEGORY)
        assert there_and_back(again, cells).to_pylist() == [None] * 4


def test_the_target_type_and_chunks_do_not_matter() -> None:
    cells = pa.array(["x", "y", "x"], pa.large_string()).dictionary_encode()
    encoding = OneHot(1).fit(cells, CATEGORY)
    assert there_and_back(encoding, cells).type == cells.type
    assert encoding.encode(pa.array(["y"]).dictionary_encode()).codes.tolist() == [[1]]


@pytest.mark.parametrize("values", [["a"], [None, "a"]])
def test_one_level(values: list[str | None]) -> None:
    cells = pa.array(values).dictionary_encode()
    encoding = OneHot(1).fit(cells, CATEGORY)
    assert encoding.blocks[0].width == len(values)
    assert there_and_back(encoding, cells).to_pylist() == values


def test_a_missing_cell_where_fit_saw_none_is_the_most_frequent_level() -> None:
    encoding = OneHot(1).fit(pa.array(["a", "b", "b"]).dictionary_encode(), CATEGORY)
    cells = pa.array([None, "a"], pa.string()).dictionary_encode()
    assert there_and_back(encoding, cells).to_pylist() == ["b", "a"]


def test_a_dictionary_that_holds_a_level_twice() -> None:
    indices = pa.array([0, 1, 2, 1], pa.int32())
    cells = pa.DictionaryArray.from_arrays(indices, pa.array(["a", "b", "a"]))
    encoding = OneHot(1).fit(cells, CATEGORY)
    assert encoding.blocks[0].width == 2
    assert there_and_back(encoding, cells).to_pylist() == ["a", "b", "a", "b"]
