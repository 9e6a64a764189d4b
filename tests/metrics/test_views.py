"""Tables as arrays relative to the real table."""

from __future__ import annotations

import datetime

import numpy as np
import pyarrow as pa
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from lookalike._core.errors import SchemaError
from lookalike.metrics import Pair
from lookalike.metrics._codebook import BINS, Codebook
from lookalike.metrics._view import WIDEST, WIDTH_BUDGET, View, _widths
from lookalike.tables import Kind


def test_columns_that_are_not_learned_are_left_out(trio, mixed_schema):
    book = Pair(trio[0], trio[1], mixed_schema).codebook
    assert book.columns == ("x", "y", "n", "when", "level", "flag")
    assert book.numeric == ("x", "y", "n", "when")
    assert book.discrete == ("level", "flag")


def test_levels_are_those_of_all_tables_then_unseen_then_missing(pair_of):
    real, synthetic = {"c": ["b", "a", "b", None]}, {"c": ["a", "z", None, "b"]}
    pair = pair_of({"c": Kind.CATEGORICAL}, real, synthetic)
    assert pair.codebook.levels[0].to_pylist() == ["b", "a", "z"]
    assert pair.codebook.real_levels == (2,)
    assert_array_equal(pair.synthetic_view.codes[:, 0], [1, 2, 4, 0])
    assert pair.codebook.sizes == (5,)
    alone = View(pair.synthetic, Codebook(pair.real, pair.schema), 0)
    assert_array_equal(alone.codes[:, 0], [1, 2, 3, 0])


def test_levels_do_not_tell_which_table_is_the_real_one(pair_of):
    real, synthetic = {"c": ["b", "a", "b", "q"]}, {"c": ["a", "z", "z", "b"]}
    books = [
        pair_of({"c": Kind.CATEGORICAL}, *both).codebook
        for both in ((real, synthetic), (synthetic, real))
    ]
    assert books[0].levels == books[1].levels


def test_a_table_with_new_levels_is_numbered_anew(pair_of):
    pair = pair_of({"c": Kind.CATEGORICAL}, {"c": ["a", "b"]}, {"c": ["a", "b"]})
    new = pa.table({"c": pa.array(["b", "new"]).dictionary_encode()})
    other = pair.against(new)
    assert other.codebook.levels[0].to_pylist() == ["b", "a", "new"]
    assert pair.against(pair.real.slice(0, 1)).codebook is pair.codebook


def test_levels_of_numbers_and_booleans(pair_of):
    pair = pair_of(
        {"k": Kind.CATEGORICAL, "b": Kind.BOOLEAN},
        {"k": [7, 7, 3], "b": [True, None, True]},
        {"k": [3, 9, 7], "b": [True, False, None]},
    )
    assert_array_equal(pair.synthetic_view.codes, [[1, 0], [2, 1], [0, 3]])


def test_a_dictionary_without_its_values_is_like_one_with_them(pair_of):
    pair = pair_of({"c": Kind.CATEGORICAL}, {"c": ["a", "b"]}, {"c": ["a", "b"]})
    plain = pair.synthetic.set_column(0, "c", pa.chunked_array([["a"], ["b"]]))
    assert_array_equal(pair.against(plain).synthetic_view.codes, pair.real_view.codes)


def test_times_are_numbers(pair_of):
    day = datetime.date(1970, 1, 3)
    cells = {
        "d": [day, None],
        "t": [datetime.time(0, 0, 1), None],
        "s": [datetime.timedelta(seconds=2), None],
        "w": [datetime.datetime(1970, 1, 1, 0, 0, 3), None],
    }
    kinds = {"d": Kind.DATE, "t": Kind.TIME, "s": Kind.DURATION, "w": Kind.DATETIME}
    numbers = pair_of(kinds, cells, cells).real_view.numbers
    assert_array_equal(numbers, [[2, 1e6, 2e6, 3e6], [np.nan] * 4])


def test_equal_widths_are_those_of_numpy(pair_of):
    real = np.random.default_rng(0).normal(size=50)
    synthetic = np.append(real * 3, np.nan)
    pair = pair_of({"x": Kind.CONTINUOUS}, {"x": real}, {"x": [*(real * 3), None]})
    edges = np.histogram_bin_edges(real, BINS)
    edges[[0, -1]] = -np.inf, np.inf
    codes, sizes = pair.synthetic_view.width_levels
    assert_array_equal(codes[:-1, 0], np.digitize(synthetic[:-1], edges) - 1)
    assert codes[-1, 0] == BINS
    assert sizes == (BINS + 1,)


def test_a_value_that_quantiles_share_is_a_bin_of_its_own(pair_of):
    real = [0.0] * 8 + [1.0, 2.0]
    pair = pair_of({"x": Kind.CONTINUOUS}, {"x": real}, {"x": [-1.0, 0.0, 1.5, None]})
    codes, sizes = pair.synthetic_view.quantile_levels
    low, atom, high, missing = codes[:, 0]
    assert low < atom < high < missing == sizes[0] - 1


@pytest.mark.parametrize("cells", [[5.0, 5.0], [None, None], [-1.7e308, 1.7e308], [3e-320, 0.0]])
def test_odd_numbers_have_bins_and_points(pair_of, cells):
    pair = pair_of({"x": Kind.CONTINUOUS}, {"x": cells}, {"x": [1e308, None]})
    for view in (pair.real_view, pair.synthetic_view):
        for codes, sizes in (view.width_levels, view.quantile_levels):
            assert (codes >= 0).all()
            assert (codes < sizes[0]).all()
        assert np.isfinite(view.embedding).all()


def test_points_are_scaled_numbers_and_one_hot_levels(pair_of):
    kinds = {"x": Kind.INTEGER, "c": Kind.CATEGORICAL}
    real = {"x": [0, 10, None], "c": ["a", "a", "b"]}
    pair = pair_of(kinds, real, {"x": [5], "c": ["z"]})
    expected = [[0, 0, 1, 0, 0, 0, 0], [1, 0, 1, 0, 0, 0, 0], [0.5, 1, 0, 1, 0, 0, 0]]
    assert_allclose(pair.real_view.embedding, expected)
    assert_allclose(pair.synthetic_view.embedding, [[0.5, 0, 0, 0, 1, 0, 0]])


def test_columns_of_many_levels_are_directions_of_length_one(pair_of):
    cells = {"c": [f"v{i}" for i in range(5000)]}
    points = pair_of({"c": Kind.CATEGORICAL}, cells, cells).real_view.embedding
    assert points.shape == (5000, WIDEST)
    assert_allclose(np.linalg.norm(points, axis=1), 1, rtol=1e-6)
    apart = points[:200] @ points[200:400].T
    assert np.abs(apart).max() < 0.6


def test_many_columns_of_levels_share_the_width():
    assert sum(_widths((5000,) * 40)) <= WIDTH_BUDGET
    assert _widths((3, 5000)) == (3, WIDEST)


def test_samples_are_rows_of_the_seed(trio, mixed_schema):
    view = View(trio[0], Codebook(trio[0], mixed_schema), 5)
    assert view.sample(300) is view
    assert view.sample(10) is view.sample(10)
    ids = view.sample(10).table["id"].to_pylist()
    assert ids == View(trio[0], view.codebook, 5).sample(10).table["id"].to_pylist()
    assert ids != View(trio[0], view.codebook, 6).sample(10).table["id"].to_pylist()


def test_pairs_share_what_they_know_of_the_real_table(trio, mixed_schema):
    pair = Pair(trio[0], trio[1], mixed_schema)
    other = pair.against(trio[2])
    assert other.real_view is pair.real_view
    assert other.synthetic_view is not pair.synthetic_view
    real, synthetic = other.equal_views(1000)
    assert len(real) == len(synthetic) == 200
    assert pair.test_view is None


def test_an_unknown_target_is_named(trio, mixed_schema):
    with pytest.raises(SchemaError, match=r"'levl'.*'level'"):
        Pair(trio[0], trio[1], mixed_schema, target="levl")
