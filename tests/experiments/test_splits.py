"""Every split parts the rows, keeps its promise, and depends on its own number alone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lookalike._core.errors import DataError
from lookalike.experiments._splits import grouped, keep_share, plain, stratified, time_ordered


@given(st.integers(10, 200), st.integers(1, 4), st.floats(0.1, 0.6), st.integers(0, 2**31))
def test_plain_splits_part_the_rows(rows: int, repeats: int, size: float, seed: int) -> None:
    splits = plain(rows, repeats, size, seed)
    assert [split.number for split in splits] == list(range(repeats))
    for split in splits:
        assert sorted([*split.train, *split.test]) == list(range(rows))
        assert len(split.test) == round(size * rows)


@given(st.lists(st.integers(0, 3), min_size=10, max_size=120), st.integers(0, 1000))
def test_every_class_is_held_out_by_its_share(labels: list[int], seed: int) -> None:
    classes = np.array(labels)
    for split in stratified(classes, 2, 0.2, seed):
        assert len(split.test) == round(0.2 * len(labels))
        for label in set(labels):
            held = int((classes[split.test] == label).sum())
            due = (classes == label).sum() * len(split.test) / len(labels)
            assert abs(held - due) <= 1


def test_more_repeats_leave_the_first_splits_as_they_are() -> None:
    few, many = plain(50, 2, 0.2, 7), plain(50, 5, 0.2, 7)
    for one, other in zip(few, many, strict=False):
        np.testing.assert_array_equal(one.test, other.test)
    assert any((many[0].test != other.test).any() for other in many[1:])


def test_no_group_is_on_both_sides() -> None:
    groups = np.random.default_rng(0).integers(0, 12, 90)
    for split in grouped(groups, 3, 0.25, 0):
        assert not set(groups[split.train]) & set(groups[split.test])
        assert len(set(groups[split.test])) == 3
        assert len(split.train) + len(split.test) == 90


def test_held_out_rows_come_later() -> None:
    times = np.random.default_rng(0).permutation(np.arange(200) // 3)
    splits = time_ordered(times, 4, 0.2)
    for split in splits:
        assert times[split.train].max() < times[split.test].min()
        assert 0.15 < len(split.test) / (len(split.train) + len(split.test)) < 0.25
    held = np.concatenate([split.test for split in splits])
    assert len(set(held)) == len(held)
    assert times[splits[-1].test].max() == times.max()


def test_smaller_shares_are_within_larger_ones_and_keep_every_class() -> None:
    classes = np.repeat([0, 1, 2], [80, 17, 3])
    split = stratified(classes, 1, 0.2, 0)[0]
    some, half, all_rows = (set(keep_share(split, classes, s, 0)) for s in (0.1, 0.5, 1.0))
    assert some < half < all_rows == set(split.train)
    assert {classes[row] for row in some} == {0, 1, 2}
    assert len(half) == pytest.approx(len(all_rows) / 2, abs=2)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: plain(2, 1, 0.2, 0), "0 would be held out"),
        (lambda: grouped(np.zeros(9, int), 1, 0.5, 0), "rows on both sides"),
        (lambda: time_ordered(np.zeros(30, int), 2, 0.2), "too few distinct moments"),
        (lambda: time_ordered(np.arange(4), 3, 0.2), "Give fewer repeats"),
    ],
)
def test_rows_that_cannot_be_parted(call: object, words: str) -> None:
    with pytest.raises(DataError, match=words):
        call()  # type: ignore[operator]
