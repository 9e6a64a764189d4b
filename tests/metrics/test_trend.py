"""Columns in pairs, and correlations."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from lookalike.metrics import CorrelationDifference, Pair, Trend, WeightedMutualInformation
from lookalike.metrics._correlation import correlations
from lookalike.metrics._joint import shared_cells
from lookalike.tables import Kind

XY = {"x": Kind.CONTINUOUS, "y": Kind.CONTINUOUS}
UP = [float(i) for i in range(400)]
RISING = {"x": UP, "y": UP}
FALLING = {"x": UP, "y": UP[::-1]}
FLAT = {"x": UP, "y": [5.0] * 400}


def trend(pair):
    return Trend().compute(pair)


def test_numbers(pair_of):
    assert trend(pair_of(XY, RISING, FALLING)).value == pytest.approx(0, abs=0.03)
    assert trend(pair_of(XY, RISING, RISING)).value == pytest.approx(1)


def test_a_lost_correlation_counts_as_none(pair_of):
    assert trend(pair_of(XY, RISING, FLAT)).details.raw == pytest.approx(0.5)
    assert CorrelationDifference().compute(pair_of(XY, RISING, FLAT)).details.raw == pytest.approx(
        1
    )


def test_an_undefined_real_correlation_is_a_reason(pair_of):
    found = trend(pair_of(XY, FLAT, RISING))
    assert found.value is None
    assert "constant" in found.reason
    assert found.details.pairs[0].value is None
    assert CorrelationDifference().compute(pair_of(XY, FLAT, RISING)).value is None


def test_levels(pair_of):
    kinds = {"a": Kind.CATEGORICAL, "b": Kind.CATEGORICAL}
    real = {"a": ["u", "u", "v", "v"], "b": ["p", "p", "q", "q"]}
    mixed = {"a": ["u", "u", "v", "v"], "b": ["p", "q", "p", "q"]}
    # Real cells: up .5, vq .5; synthetic: a quarter each.
    assert trend(pair_of(kinds, real, mixed)).details.raw == pytest.approx(0.5)
    many = [{name: cells * 100 for name, cells in table.items()} for table in (real, mixed)]
    assert trend(pair_of(kinds, *many)).value == pytest.approx(0.5, abs=0.03)


def test_numbers_with_levels_are_cut_at_the_real_range(pair_of):
    kinds = {"x": Kind.INTEGER, "c": Kind.CATEGORICAL}
    real = {"x": [0, 100], "c": ["a", "b"]}
    # 9 is in the lowest tenth, 10 is not; beyond the range is in the outer bins.
    assert trend(pair_of(kinds, real, {"x": [9, 101], "c": ["a", "b"]})).details.raw == 1
    assert trend(pair_of(kinds, real, {"x": [10, -3], "c": ["a", "b"]})).details.raw == 0


def test_one_column_is_no_pair(pair_of):
    found = trend(pair_of({"x": Kind.CONTINUOUS}, {"x": [1.0]}, {"x": [1.0]}))
    assert (found.value, found.reason) == (None, "It needs two columns or more.")


def test_large_tables_of_levels_are_counted_like_small_ones():
    random = np.random.default_rng(0)
    real, synthetic = (random.integers(0, 50, (400, 2)).astype(np.int32) for _ in range(2))
    small = shared_cells(real, synthetic, (50, 50), 0, 1)
    large = shared_cells(real, synthetic, (50_000, 50_000), 0, 1)
    used = (small[0] + small[1]) > 0
    assert_allclose(large, [part[used] for part in small])


def test_correlations_are_those_of_numpy(trio, mixed_schema):
    view = Pair(trio[0], trio[1], mixed_schema).real_view
    found, numbers = correlations(view), view.numbers
    for i, j in [(0, 1), (1, 2), (0, 3)]:
        both = ~np.isnan(numbers[:, [i, j]]).any(axis=1)
        expected = np.corrcoef(numbers[both, i], numbers[both, j])[0, 1]
        assert found[i, j] == found[j, i] == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("shift", [0, 1e6, 1e12])
def test_correlations_far_from_zero(pair_of, shift):
    cells = {"x": [shift + 1, shift + 2, shift + 4], "y": [1.0, 2, 4]}
    assert correlations(pair_of(XY, cells, cells).real_view)[0, 1] == pytest.approx(1)


def test_a_correlation_needs_shared_rows_that_vary(pair_of):
    for cells in (
        {"x": [1.0, 2, None, None], "y": [None, None, 1.0, 2]},
        {"x": [1.0, 2, 0.1, 0.1], "y": [None, None, 1.0, 2]},
        {"x": [0.1] * 7, "y": [1.0, 2, 3, 4, 5, 6, 7]},
        {"x": [None] * 2, "y": [1.0, 2]},
    ):
        assert np.isnan(correlations(pair_of(XY, cells, cells).real_view)[0, 1])


def test_correlation_difference_by_hand(pair_of):
    kinds = {**XY, "z": Kind.CONTINUOUS}
    even = [1.0, -1, -1, 1] * 100
    real = {**RISING, "z": even}  # r(x, y) = 1, r(x, z) = r(y, z) = 0
    synthetic = {**FALLING, "z": even}  # r(x, y) = -1, the others 0
    found = CorrelationDifference().compute(pair_of(kinds, real, synthetic))
    assert [entry.raw for entry in found.details.columns] == pytest.approx([1, 1, 0])
    assert found.details.raw == pytest.approx(2 / 3)
    assert found.value == pytest.approx(2 / 3, abs=0.08)  # less what is chance
    assert found.details.columns[2].value == 0


def test_a_far_value_does_not_change_how_columns_go_together(pair_of):
    random = np.random.default_rng(0)
    x = random.normal(size=(2, 300))
    tables = [{"x": part, "y": part + random.normal(size=300)} for part in x]
    before = trend(pair_of(XY, *tables)).value
    tables[1] = {"x": np.append(x[1], 1e9), "y": np.append(tables[1]["y"], -1e9)}
    found = trend(pair_of(XY, *tables))
    assert found.value == pytest.approx(before, abs=0.02)
    assert found.details.raw < 0.5


def test_pairs_count_by_the_rows_that_both_columns_share(pair_of):
    kinds = {**XY, "z": Kind.CONTINUOUS}
    random = np.random.default_rng(1)
    x, y = random.normal(size=(2, 500))
    hardly = np.where(np.arange(500) < 5, x, np.nan).tolist()
    hardly = [None if np.isnan(cell) else cell for cell in hardly]
    found = trend(pair_of(kinds, {"x": x, "y": y, "z": hardly}, {"x": x, "y": y, "z": y}))
    shared = [entry.shared for entry in found.details.pairs]
    assert shared == pytest.approx([1, 0.01, 0.01])
    assert found.value > 0.98


def test_of_very_many_columns_some_pairs_are_looked_at(pair_of, monkeypatch):
    monkeypatch.setattr("lookalike.metrics._joint.MOST_PAIRS", 20)
    kinds = {f"x{i}": Kind.CONTINUOUS for i in range(12)}
    cells = dict(zip(kinds, np.random.default_rng(0).normal(size=(12, 30)), strict=True))
    for metric in (Trend, WeightedMutualInformation):
        found = metric().compute(pair_of(kinds, cells, cells))
        assert (found.details.pairs_seen, found.details.pairs_in_all) == (20, 66)
        assert len({(entry.first, entry.second) for entry in found.details.pairs}) == 20


def test_correlation_difference_needs_two_numbers(pair_of):
    kinds = {"x": Kind.CONTINUOUS, "c": Kind.CATEGORICAL}
    cells = {"x": [1.0, 2], "c": ["a", "b"]}
    found = CorrelationDifference().compute(pair_of(kinds, cells, cells))
    assert found.reason == "It needs two numeric columns or more."
