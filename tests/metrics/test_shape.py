"""Each column alone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ks_2samp

from lookalike.metrics import Shape
from lookalike.metrics._chance import expected_variation
from lookalike.metrics.shape import Bridges, kolmogorov
from lookalike.tables import Kind

NAN = float("nan")
cells = st.lists(st.floats(-5, 5) | st.integers(-2, 2).map(float), min_size=1, max_size=30)


def raw(pair):
    return Shape().compute(pair).details.raw


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
    assert raw(pair_of({"x": Kind.INTEGER}, {"x": [1, 2, 3, 4]}, {"x": [3, 4, 5, 6]})) == 0.5


def test_levels(pair_of):
    # Shares a .5 b .5 against a .25 b .5 c .25.
    pair = pair_of({"c": Kind.CATEGORICAL}, {"c": ["a", "b"]}, {"c": ["a", "b", "b", "c"]})
    assert raw(pair) == pytest.approx(0.75)


def test_missing_cells_are_a_level(pair_of):
    pair = pair_of({"b": Kind.BOOLEAN}, {"b": [True, None]}, {"b": [True, True]})
    assert raw(pair) == pytest.approx(0.5)


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
    assert [(entry.column, entry.raw) for entry in found.details.columns] == [
        ("c", 0.5),
        ("x", 1.0),
    ]
    assert found.details.raw == 0.75


@pytest.mark.parametrize("tied", [False, True])
def test_chance_of_numbers_is_that_of_random_partings(tied):
    random = np.random.default_rng(0)
    pooled = random.normal(size=300)
    if tied:
        pooled = np.where(random.random(300) < 0.2, NAN, np.round(pooled))
    found = []
    for _ in range(400):
        random.shuffle(pooled)
        found.append(kolmogorov(pooled[:200], pooled[200:]))
    expected = np.mean([Bridges(200, 100, seed).expected(pooled) for seed in range(20)])
    assert expected == pytest.approx(np.mean(found), rel=0.05)


def test_chance_of_many_rows_is_that_of_fewer_scaled(monkeypatch):
    pooled = np.random.default_rng(0).normal(size=4000)
    whole = Bridges(3000, 1000, 0).expected(pooled)
    monkeypatch.setattr("lookalike.metrics.shape._PLACES", 1000)
    assert Bridges(3000, 1000, 0).expected(pooled) == pytest.approx(whole, rel=0.25)


def test_chance_of_levels_is_that_of_random_partings():
    random = np.random.default_rng(0)
    pooled = np.repeat(np.arange(60), random.integers(0, 12, 60))
    first = len(pooled) // 3
    found = []
    for _ in range(2000):
        random.shuffle(pooled)
        shares = [np.bincount(p, minlength=60) / len(p) for p in np.split(pooled, [first])]
        found.append(np.abs(shares[0] - shares[1]).sum() / 2)
    exact = expected_variation(np.bincount(pooled), first, len(pooled) - first)
    assert exact == pytest.approx(np.mean(found), rel=0.01)
