"""Tests of the information that columns share."""

from __future__ import annotations

import pytest
from sklearn.metrics import normalized_mutual_info_score

from lookalike.metrics import Pair, WeightedMutualInformation
from lookalike.tables import Kind

AB = {"a": Kind.CATEGORICAL, "b": Kind.CATEGORICAL}
EQUAL = {"a": ["u", "u", "v", "v"] * 100, "b": ["p", "p", "q", "q"] * 100}
FREE = {"a": ["u", "u", "v", "v"] * 100, "b": ["p", "q", "p", "q"] * 100}


def value(pair):
    return WeightedMutualInformation().compute(pair).value


def test_all_is_lost_or_nothing_is(pair_of):
    assert value(pair_of(AB, EQUAL, FREE)) == pytest.approx(0)
    assert value(pair_of(AB, EQUAL, EQUAL)) == pytest.approx(1)
    assert value(pair_of(AB, FREE, FREE)) == 1


def test_strong_pairs_weigh_more(pair_of):
    kinds = {**AB, "c": Kind.CATEGORICAL}
    real = {**EQUAL, "c": ["m", "n", "m", "n"] * 100}  # a and b tell each other, c tells nothing
    synthetic = {**FREE, "c": ["m", "n", "n", "m"] * 100}  # nothing tells anything
    assert value(pair_of(kinds, real, synthetic)) == pytest.approx(0)


def test_it_is_the_known_information(trio, mixed_schema):
    pair = Pair(trio[0], trio[1], mixed_schema)
    found = WeightedMutualInformation().compute(pair)
    codes, _ = pair.real_view.quantile_levels
    for entry in found.details.pairs:
        places = [pair.columns.index(name) for name in (entry.first, entry.second)]
        expected = normalized_mutual_info_score(codes[:, places[0]], codes[:, places[1]])
        assert entry.real == pytest.approx(expected, abs=1e-9)
    assert found.details.rows == 300


def test_a_dependence_that_is_no_line_is_seen(pair_of):
    kinds = {"x": Kind.CONTINUOUS, "y": Kind.CONTINUOUS}
    x = [i / 100 for i in range(-100, 101)]
    real = {"x": x, "y": [v * v for v in x]}
    shuffled = {"x": x, "y": [real["y"][i * 29 % 201] for i in range(201)]}
    assert value(pair_of(kinds, real, shuffled)) < 0.6
