"""Detectors that tell real from synthetic rows."""

from __future__ import annotations

import numpy as np
import pytest

from lookalike.metrics import Detection, HoldoutDetection, LinearDetection, Pair
from lookalike.metrics import independent_columns as shuffled
from lookalike.metrics._detector import indistinguishable
from lookalike.tables import Kind

DETECTORS = [Detection, LinearDetection]


@pytest.mark.parametrize("detector", DETECTORS)
def test_rows_of_one_population_are_not_told_apart(detector, trio, mixed_schema):
    assert detector().compute(Pair(trio[0], trio[1], mixed_schema)).value > 0.8


@pytest.mark.parametrize("detector", DETECTORS)
def test_a_shift_is_seen(detector, pair_of):
    real = np.random.default_rng(0).normal(size=100)
    kinds = {"x": Kind.CONTINUOUS}
    assert detector().compute(pair_of(kinds, {"x": real}, {"x": real + 9})).value == 0


@pytest.mark.parametrize("detector", DETECTORS)
def test_missing_cells_are_seen(detector, pair_of):
    kinds, real = {"x": Kind.CONTINUOUS}, {"x": [1.0, 2.0] * 30}
    assert detector().compute(pair_of(kinds, real, {"x": [None] * 60})).value == 0


@pytest.mark.parametrize("kind", [Kind.CATEGORICAL, Kind.BOOLEAN])
@pytest.mark.parametrize("detector", DETECTORS)
def test_missing_and_unseen_levels_are_seen(detector, kind, pair_of):
    real = {"c": [True, False] * 30}
    assert detector().compute(pair_of({"c": kind}, real, {"c": [None] * 60})).value == 0
    if kind is Kind.CATEGORICAL:
        levels = {"c": ["a", "b"] * 30}
        assert detector().compute(pair_of({"c": kind}, levels, {"c": ["z"] * 60})).value == 0


def test_trees_see_what_a_line_cannot(trio, mixed_schema):
    pair = Pair(trio[0], shuffled(trio[1], 300, 0), mixed_schema)
    assert Detection().compute(pair).value < 0.2
    assert LinearDetection().compute(pair).value > 0.7


def test_the_most_telling_column_comes_first(trio, mixed_schema):
    synthetic = trio[1].set_column(
        trio[1].column_names.index("n"), "n", [np.full(300, 7, np.int64)]
    )
    found = Detection().compute(Pair(trio[0], synthetic, mixed_schema))
    assert found.details.importances[0].column == "n"
    assert sum(entry.share for entry in found.details.importances) == pytest.approx(1)


def test_a_copy_is_found_out_by_held_out_rows_only(mixed, mixed_schema):
    real, test = mixed(300, 1), mixed(300, 3)
    pair = Pair(real, real, mixed_schema, test=test)
    assert Detection().compute(pair).value == 1
    assert HoldoutDetection().compute(pair).value == pytest.approx(
        Detection().compute(Pair(test, real, mixed_schema)).value, abs=0.2
    )


def test_both_sides_have_equally_many_rows(trio, mixed_schema):
    real, synthetic, test = trio
    pair = Pair(real, synthetic.slice(0, 90), mixed_schema, test=test)
    assert Detection().compute(pair).details.rows == 90
    assert HoldoutDetection().compute(pair.against(real)).details.rows == 200


def test_too_few_rows_are_a_reason(trio, mixed_schema):
    for detector in DETECTORS:
        found = detector().compute(Pair(trio[0], trio[1].slice(0, 2), mixed_schema))
        assert found.reason == "It needs 3 synthetic rows or more; there are 2."
    found = HoldoutDetection().compute(Pair(trio[0], trio[1], mixed_schema))
    assert found.reason == "It needs held-out real rows."


def test_the_score_by_hand():
    labels = np.array([1, 0] * 30)

    def found(judged):
        return indistinguishable(labels, 0, judged)

    assert found(lambda fit, judge, place: labels[judge]).value == 0
    assert found(lambda fit, judge, place: -labels[judge]).value == 1
    assert found(lambda fit, judge, place: np.zeros(len(judge))).value == 1
    # Right in one fold, guessing in two.
    once = found(lambda fit, judge, place: labels[judge] * (place == 1))
    assert once.value == once.raw == pytest.approx(2 / 3)
    # Right in one fold and wrong in another one is guessing; published scores count half of it.
    both = found(lambda fit, judge, place: labels[judge] * (place - 1))
    assert both.value == 1
    assert both.raw == pytest.approx(2 / 3)
