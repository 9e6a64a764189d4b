"""Alpha precision, beta recall and coverage."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.neighbors import NearestNeighbors

from lookalike.metrics import AlphaPrecision, BetaRecall, Coverage, Pair
from lookalike.metrics.alpha_precision import ALPHAS, agreement
from lookalike.tables import Kind

ALL = [AlphaPrecision, BetaRecall, Coverage]


def test_agreement_by_hand():
    assert agreement(ALPHAS) == 1
    assert agreement(np.zeros(30)) == 0
    assert agreement(ALPHAS / 2) == pytest.approx(0.5)


@pytest.mark.parametrize("metric", ALL)
def test_copies_of_the_real_rows_score_highest(metric, trio, mixed_schema):
    assert metric().compute(Pair(trio[0], trio[0], mixed_schema)).value > 0.98


def test_rows_of_one_population(mixed, mixed_schema):
    pair = Pair(mixed(600, 1), mixed(600, 2), mixed_schema)
    assert AlphaPrecision().compute(pair).value > 0.9
    found = BetaRecall().compute(pair)
    assert found.details.raw == pytest.approx(0.5, abs=0.06)
    assert found.value > 0.9
    found = Coverage().compute(pair)
    assert found.details.raw == pytest.approx(1 - 0.5**5, abs=0.02)
    assert found.value > 0.97


def test_one_spot_is_precise_but_covers_little(pair_of):
    real = np.random.default_rng(0).normal(size=(2, 200))
    kinds = {"x": Kind.CONTINUOUS, "y": Kind.CONTINUOUS}
    spot = {"x": np.full(200, real[0].mean()), "y": np.full(200, real[1].mean())}
    pair = pair_of(kinds, {"x": real[0], "y": real[1]}, spot)
    assert Coverage().compute(pair).value < 0.1
    assert BetaRecall().compute(pair).value < 0.1
    # All lie within the smallest ball, where only alpha of them should.
    assert AlphaPrecision().compute(pair).value == pytest.approx(0, abs=0.07)


def test_coverage_is_that_of_the_paper(trio, mixed_schema):
    pair = Pair(trio[0], trio[1], mixed_schema)
    real, synthetic = pair.real_view.embedding, pair.synthetic_view.embedding
    radii = NearestNeighbors(n_neighbors=6).fit(real).kneighbors(real)[0][:, 5]
    ways = NearestNeighbors(n_neighbors=1).fit(synthetic).kneighbors(real)[0][:, 0]
    expected = np.mean(ways <= radii)
    assert Coverage().compute(pair).details.raw == pytest.approx(expected, abs=0.004)


def test_equal_rows_are_covered(pair_of):
    cells = {"c": ["a"] * 20 + ["b"] * 20}
    pair = pair_of({"c": Kind.CATEGORICAL}, cells, cells)
    assert Coverage().compute(pair).value == 1
    half = pair_of({"c": Kind.CATEGORICAL}, cells, {"c": ["a"] * 40})
    assert Coverage().compute(half).value == 0.5


def test_the_count_of_synthetic_rows_changes_little(mixed, mixed_schema):
    real, synthetic = mixed(400, 1), mixed(400, 2)
    few = Pair(real, synthetic.slice(0, 200), mixed_schema)
    assert BetaRecall().compute(few).details.rows == 200
    assert BetaRecall().compute(few).details.raw == pytest.approx(0.5, abs=0.1)
