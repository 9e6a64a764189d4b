"""Each column alone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ks_2samp

from lookalike.metrics import Shape
from lookalike.metrics.shape import kolmogorov
from lookalike.tables import Kind

NAN = float("nan")
cells = st.lists(st.floats(-5, 5) | st.integers(-2, 2).map(float), min_size=1, max_size=30)


def value(pair):
    return Shape().compute(pair).value


def _largest_gap(real, synthetic):
    points = [*real, *synthetic]
    return max(abs(np.mean(real <= point) - np.mean(synthetic <= point)) for point in points)


def test_it_is_the_known_statistic():
    random = np.random.default_rng(0)
    real, synthetic = random.normal(size=90), random.normal(0.4, 1.2, size=70)
    expected = ks_2samp(real, synthetic).statistic
    assert kolmogorov(real, synthetic) == pytest.approx(expected, abs=1e-12)


def test_numbers(pair_of):
    # Up to 2: half of the real values, none of the others.
    assert value(pair_of({"x": Kind.INTEGER}, {"x": [1, 2, 3, 4]}, {"x": [3, 4, 5, 6]})) == 0.5


def test_levels(pair_of):
    # Shares a .5 b .5 against a .25 b .5 c .25.
    pair = pair_of({"c": Kind.CATEGORICAL}, {"c": ["a", "b"]}, {"c": ["a", "b", "b", "c"]})
    assert value(pair) == pytest.approx(0.75)


def test_missing_cells_are_a_level(pair_of):
    pair = pair_of({"b": Kind.BOOLEAN}, {"b": [True, None]}, {"b": [True, True]})
    assert value(pair) == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("real", "synthetic", "statistic"),
    [
        ([1, 2, NAN, NAN], [1, 2], 0.5),
        ([NAN, NAN], [1, 2], 1.0),
        ([NAN, NAN], [NAN], 0.0),
        ([1, NAN], [2, NAN], 0.5),
        # Below: shares up to 1 are 1/2 + 1/2 and 0 + 0. Above: 1/2 and 0, and at the end 1/2, 1.
        ([1, NAN], [2, 2], 1.0),
    ],
)
def test_missing_numbers(real, synthetic, statistic):
    assert kolmogorov(np.array(real, float), np.array(synthetic, float)) == pytest.approx(statistic)


@given(cells, cells)
def test_without_missing_cells_it_is_the_largest_gap(real, synthetic):
    expected = _largest_gap(np.array(real), np.array(synthetic))
    assert kolmogorov(np.array(real), np.array(synthetic)) == pytest.approx(expected, abs=1e-12)


@given(cells, cells, st.integers(0, 5), st.integers(0, 5))
def test_missing_cells_on_either_end_and_either_side(real, synthetic, lost, gone):
    tables = np.array([*real, *[NAN] * lost]), np.array([*synthetic, *[NAN] * gone])
    found = kolmogorov(*tables)
    assert found == pytest.approx(kolmogorov(*tables[::-1]))
    assert found == pytest.approx(kolmogorov(-tables[0], -tables[1]))
    ends = [_largest_gap(*(np.nan_to_num(t, nan=end) for t in tables)) for end in (-9, 9)]
    assert found == pytest.approx(max(ends), abs=1e-12)


def test_each_column_has_an_entry(pair_of):
    kinds = {"c": Kind.CATEGORICAL, "x": Kind.CONTINUOUS, "id": Kind.IDENTIFIER}
    real = {"c": ["a", "a"], "x": [1.0, 2.0], "id": ["1", "2"]}
    found = Shape().compute(pair_of(kinds, real, {**real, "c": ["a", "b"]}))
    assert found.columns == ({"column": "c", "value": 0.5}, {"column": "x", "value": 1.0})
    assert found.value == 0.75
