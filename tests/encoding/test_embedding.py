"""Many levels as a few numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import kstest

from lookalike.encoding import Context, Embedding, Rows, SampledRows, sample_encoded
from lookalike.tables import Kind

from .columns import TRIED, column, lists, stored, there_and_back

CATEGORY = column(Kind.CATEGORICAL)


@TRIED
@given(lists(st.text()) | lists(st.integers(0, 3)), st.integers(0, 9))
def test_levels_come_back(values: list[Any], seed: int) -> None:
    cells = pa.array(values).dictionary_encode()
    encoding = Embedding(min_count=1).fit(cells, CATEGORY)
    assert there_and_back(encoding, cells, seed).to_pylist() == values
    assert there_and_back(stored(encoding, CATEGORY), cells, seed).to_pylist() == values


def many(levels: int, rows: int) -> tuple[pa.Array, np.ndarray]:
    rng = np.random.default_rng(0)
    which = rng.zipf(1.3, rows) % levels
    names = pa.array([f"level {i}" for i in range(levels)])
    return pa.DictionaryArray.from_arrays(pa.array(which.astype(np.int32)), names), which


@pytest.mark.parametrize(("levels", "axes"), [(40, 1), (1000, 2), (30_000, 3)])
def test_many_levels_come_back_through_few_normal_numbers(levels: int, axes: int) -> None:
    cells, which = many(levels, 60_000)
    others = np.random.default_rng(1).normal(size=(60_000, 3)) + (which % 10)[:, None]
    encoding = Embedding(min_count=1).fit(cells, CATEGORY, Context(cells, others))
    assert len(encoding.blocks) == axes
    drawn = sample_encoded(encoding.encode(cells), encoding.layout, np.random.default_rng(2))
    assert encoding.decode(drawn).to_pylist() == cells.to_pylist()
    for axis in range(axes):
        assert kstest(drawn.numbers[:, axis], "norm").statistic < 0.02
    assert abs(np.corrcoef(drawn.numbers.T) - np.eye(axes)).max() < 0.02
    assert sum(array.size for array in encoding.state().arrays.values()) <= 8 * levels


def test_levels_that_go_with_similar_rows_stand_near_each_other() -> None:
    cells, which = many(500, 20_000)
    others = (which % 7 + np.random.default_rng(1).normal(size=20_000))[:, None]
    encoding = Embedding().fit(cells, CATEGORY, Context(cells, others))
    drawn = sample_encoded(encoding.encode(cells), encoding.layout, np.random.default_rng(2))
    assert abs(np.corrcoef(drawn.numbers[:, 0], which % 7)[0, 1]) > 0.8


def test_the_other_columns_may_be_constant_or_fewer_than_the_axes() -> None:
    cells, _ = many(500, 5000)
    for others in (np.zeros((5000, 1)), np.ones((5000, 4))):
        encoding = Embedding(min_count=1).fit(cells, CATEGORY, Context(cells, others))
        assert there_and_back(encoding, cells).to_pylist() == cells.to_pylist()


def test_missing_cells_in_the_context_are_passed_over() -> None:
    cells = pa.array(["a", None, "b", "a"]).dictionary_encode()
    context = Context(cells, np.arange(4.0)[:, None])
    encoding = Embedding(min_count=1).fit(cells.drop_null(), CATEGORY, context)
    assert there_and_back(encoding, cells.drop_null()).to_pylist() == ["a", "b", "a"]


def test_rare_levels_are_not_stored_and_decoded_as_kept_ones() -> None:
    values = ["a"] * 30 + ["b"] * 10 + [f"secret {i}" for i in range(20)]
    encoding = Embedding().fit(pa.array(values).dictionary_encode(), CATEGORY)
    assert "secret" not in str(encoding.state())
    z = np.random.default_rng(0).normal(size=(5000, 1)).astype(np.float32)
    drawn = SampledRows(z, np.zeros((5000, 0), np.int32))
    made = encoding.decode_rows(drawn, Rows(0, 1)).to_pylist()
    assert set(made) == {"a", "b"}
    assert abs(made.count("b") / 5000 - 0.25) < 0.03
    tail = SampledRows(z[4000:], drawn.levels[4000:])
    assert encoding.decode_rows(tail, Rows(4000, 1)).to_pylist() == made[4000:]


def test_extreme_draws_are_levels() -> None:
    cells, _ = many(1000, 3000)
    encoding = Embedding().fit(cells, CATEGORY)
    z = np.float32([[-40, -40], [40, 40], [-40, 40], [40, -40]])
    made = encoding.decode(SampledRows(z, np.zeros((4, 0), np.int32)))
    assert set(made.to_pylist()) <= set(cells.to_pylist())
