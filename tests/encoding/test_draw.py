"""Drawing rows from their encoded form."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy.special import ndtr

from lookalike.encoding import Z_MAX, Block, EncodedRows, Layout, sample_encoded

X = Block("x", "value", "interval", 0, 0, 1, "linear")


def drawn(low: float, high: float, rows: int = 1000) -> np.ndarray:
    floats = np.tile(np.array([low, high], np.float32), (rows, 1))
    encoded = EncodedRows(floats, np.zeros((rows, 0), np.int32))
    return sample_encoded(encoded, Layout((X,), 2, 0), np.random.default_rng(0)).numbers[:, 0]


def test_an_interval_is_drawn_within_its_limits() -> None:
    u = ndtr(drawn(0.25, 0.75).astype(float))
    assert ((u > 0.25) & (u < 0.75)).all()
    assert abs(u.mean() - 0.5) < 0.02
    assert abs(u.std() - 0.5 / np.sqrt(12)) < 0.01


def test_the_whole_interval_is_standard_normal_and_bounded() -> None:
    z = drawn(0, 1, 100_000)
    assert abs(z.mean()) < 0.02
    assert abs(z.std() - 1) < 0.02
    assert np.abs(drawn(0, 0)).max() == Z_MAX
    assert np.abs(drawn(1, 1)).max() == Z_MAX


def test_a_point_is_always_the_same() -> None:
    assert len(np.unique(drawn(0.3, 0.3))) == 1


def test_the_narrowest_intervals_keep_apart() -> None:
    edges = np.float32([0.0, 1e-6, 0.5 - 1e-6, 0.5, 1 - 2e-6, 1 - 1e-6, 1])
    for low, high in itertools.pairwise(edges):
        u = ndtr(drawn(float(low), float(high)).astype(float))
        assert ((u > low) & (u < high)).all()


class _Ends:
    """A generator whose uniform numbers are all the least, or all the greatest."""

    def __init__(self, value: float) -> None:
        self.value = value

    def random(self, rows: int) -> np.ndarray:
        return np.full(rows, self.value)


@pytest.mark.parametrize("uniform", [0.0, np.nextafter(1.0, 0.0)])
def test_a_number_lies_inside_its_interval_after_rounding(uniform: float) -> None:
    rng = np.random.default_rng(0)
    low = rng.uniform(0.05, 0.95, 2_000)
    bounds = np.stack([low, low + rng.uniform(2e-6, 1e-3, 2_000)], axis=1)
    rows = EncodedRows(bounds.astype(np.float32), np.zeros((2_000, 0), np.int32))
    found = sample_encoded(rows, Layout((X,), 2, 0), _Ends(uniform))  # type: ignore[arg-type]
    inside = ndtr(found.numbers[:, 0].astype(np.float64))
    assert (bounds[:, 0] < inside).all()
    assert (inside < bounds[:, 1]).all()


def test_what_is_missing_is_zero_and_levels_are_codes() -> None:
    blocks = (
        Block("x", "missing", "code", 0, 0, 2, "softmax"),
        Block("x", "value", "interval", 0, 2, 1, "linear", masked_by=0),
        Block("y", "value", "value", 2, 3, 2, "tanh"),
        Block("c", "value", "code", 1, 5, 3, "softmax"),
    )
    floats = np.float32([[0.9, 0.95, 0.1, 0.2], [0.9, 0.95, 0.3, 0.4]])
    encoded = EncodedRows(floats, np.int32([[1, 2], [0, 1]]))
    rows = sample_encoded(encoded, Layout(blocks, 4, 2), np.random.default_rng(0))
    assert rows.numbers[0, 0] == 0
    assert rows.numbers[1, 0] > 1.2
    np.testing.assert_array_equal(rows.numbers[:, 1:], floats[:, 2:])
    np.testing.assert_array_equal(rows.levels, encoded.codes)


def test_equal_streams_give_equal_rows_and_no_blocks_give_none() -> None:
    np.testing.assert_array_equal(drawn(0.1, 0.9), drawn(0.1, 0.9))
    empty = EncodedRows(np.zeros((4, 0), np.float32), np.zeros((4, 0), np.int32))
    rows = sample_encoded(empty, Layout((), 0, 0), np.random.default_rng(0))
    assert rows.numbers.shape == (4, 0)
    assert rows.levels.shape == (4, 0)
