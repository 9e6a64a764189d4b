"""Numerical tools: each agrees with what it says, computed the slow way."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import cdist
from sklearn.metrics import roc_auc_score

from lookalike._core import numerics
from lookalike._core.numerics import (
    as_points,
    auc,
    distances,
    nearest_rows,
    nth_nearest,
    raking_factors,
)

RNG = np.random.default_rng(0)


@pytest.mark.parametrize(("kind", "error"), [(np.float32, 1e-3), (np.float64, 1e-9)])
@pytest.mark.parametrize("far", [0.0, 1000.0])
def test_distances_hold_far_from_zero_and_are_exactly_0_for_equal_rows(kind, error, far):
    a, b = RNG.normal(size=(130, 5)) + far, RNG.normal(size=(70, 5)) + far
    b[3] = a[7]
    a, b = a.astype(kind), b.astype(kind)
    found = distances(a, b)
    assert found.dtype == kind
    np.testing.assert_allclose(found, cdist(a, b), atol=error)
    assert found[7, 3] == 0


def test_the_nth_nearest_is_that_of_a_sorted_row():
    found = RNG.random((20, 9))
    for n in (1, 4, 9):
        np.testing.assert_array_equal(nth_nearest(found, n), np.sort(found, axis=1)[:, n - 1])


@pytest.mark.parametrize(("queries", "references"), [(2048, 8192), (7, 5)])
def test_neighbours_are_exact_where_sums_are_and_the_first_of_several(
    queries, references, monkeypatch
):
    monkeypatch.setattr(numerics, "QUERIES", queries)
    monkeypatch.setattr(numerics, "REFERENCES", references)
    left = RNG.integers(-3, 4, (40, 3)).astype(np.float32)
    right = RNG.integers(-3, 4, (60, 3)).astype(np.float32)
    table = cdist(left, right, "sqeuclidean")
    gaps, rows = nearest_rows(left, right, 1)
    np.testing.assert_array_equal(rows[:, 0], table.argmin(axis=1))
    np.testing.assert_array_equal(gaps[:, 0] + (left**2).sum(axis=1), table.min(axis=1))


def test_a_row_is_no_neighbour_of_itself():
    rows = np.zeros((5, 2), np.float32)
    found = nearest_rows(rows, rows, 2, same=True)[1]
    assert all(row not in near for row, near in enumerate(found.tolist()))


def test_points_of_different_levels_lie_as_far_apart_as_their_codes():
    codes = [np.eye(3) * 0.5**0.5]
    points = as_points(np.zeros((3, 1)), np.arange(3)[:, None], codes)
    np.testing.assert_allclose(cdist(points, points), 1 - np.eye(3))


def test_the_auc_is_that_of_scikit_learn_with_ties():
    truth = RNG.random(300) < 0.3
    scores = np.round(RNG.normal(size=300) + truth, 1)
    assert auc(scores[truth], scores[~truth]) == pytest.approx(roc_auc_score(truth, scores))


@pytest.mark.parametrize("odd", [np.array([]), np.array([np.nan]), np.array([np.inf])])
def test_an_auc_needs_finite_scores(odd):
    for samples in ((odd, np.zeros(2)), (np.zeros(2), odd)):
        with pytest.raises(ValueError, match="finite scores of both samples"):
            auc(*samples)


def test_raking_factors_lead_to_the_target_within_their_step():
    share = np.array([0.5, 0.1, 0.4, 0.0])
    found = raking_factors(np.array([0.25, 0.8, 0.0, 0.2]), share, 4.0)
    np.testing.assert_allclose(found, [0.5, 4.0, 0.25, 1.0])
