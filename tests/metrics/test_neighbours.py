"""Nearest neighbours by brute force."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.spatial.distance import cdist

from lookalike._core import numerics
from lookalike.metrics import Pair
from lookalike.metrics._neighbours import NEIGHBOURS, between, nearest, within


def points(rows, seed, width=7):
    return np.random.default_rng(seed).random((rows, width), dtype=np.float32)


@pytest.mark.parametrize(("rows", "columns"), [(7, 5), (64, 2), (1000, 1000)])
def test_it_finds_what_a_full_table_of_distances_shows(monkeypatch, rows, columns):
    monkeypatch.setattr(numerics, "QUERIES", rows)
    monkeypatch.setattr(numerics, "REFERENCES", columns)
    queries, references = points(40, 0), points(60, 1)
    table = cdist(queries, references)
    ways, rows = nearest(queries, references, 3)
    assert_array_equal(rows, np.argsort(table, axis=1)[:, :3])
    assert_allclose(ways, np.sort(table, axis=1)[:, :3], rtol=1e-5)


@pytest.mark.parametrize("size", [2, 7, 1000])
def test_blocks_do_not_matter_among_the_same_rows(monkeypatch, size):
    monkeypatch.setattr(numerics, "QUERIES", size)
    monkeypatch.setattr(numerics, "REFERENCES", size)
    rows = points(40, 0)
    table = cdist(rows, rows)
    np.fill_diagonal(table, np.inf)
    assert_array_equal(nearest(rows, rows, 4, same=True)[1], np.argsort(table, axis=1)[:, :4])


def test_a_row_is_not_its_own_neighbour_but_its_twin_is():
    rows = points(30, 0)
    rows[7] = rows[3]
    ways, found = nearest(rows, rows, 1, same=True)
    assert found[3, 0] == 7
    assert ways[3, 0] == ways[7, 0] == 0
    assert (found[:, 0] != np.arange(30)).all()


def test_equal_rows_far_from_the_origin_are_at_distance_zero():
    rows = points(50, 0) + 1000
    assert_array_equal(nearest(rows, rows, 1)[0], np.zeros((50, 1)))


def test_neighbours_that_products_cannot_tell_apart_are_in_order_of_distance():
    """Far from the centre a product is rounded by more than near rows differ."""
    heaps = np.repeat([-1000, 1000], 40).astype(np.float32)[:, None]
    rows = points(80, 0) + heaps
    ways, found = nearest(rows, rows, 5, same=True)
    assert (np.diff(ways, axis=1) >= 0).all()
    exact = np.linalg.norm(rows[:, None] - rows[found], axis=2)
    assert_array_equal(ways, exact)


def test_views_keep_what_was_found(trio, mixed_schema):
    pair = Pair(trio[0], trio[1], mixed_schema)
    real, synthetic = pair.real_view, pair.synthetic_view
    assert within(real) is within(real)
    assert within(real)[0].shape == (300, NEIGHBOURS)
    assert between(real, synthetic) is between(real, synthetic)
    assert within(real.sample(3))[0].shape == (3, 2)
