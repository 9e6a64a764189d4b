"""Conditions on encoded rows: narrowed without a change, drawn from, accepted and enforced."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import ndtri

from lookalike.encoding import Block, EncodedRows, Layout, RowCondition, SampledRows

LAYOUT = Layout(
    (
        Block("x", "missing", "code", 0, 0, 2, "softmax"),
        Block("x", "value", "interval", 0, 2, 1, "linear", masked_by=0),
        Block("c", "value", "code", 1, 3, 3, "softmax"),
        Block("t", "value", "value", 2, 6, 1, "tanh"),
    ),
    floats=3,
    codes=2,
)


def rows(x: list[float], t: list[float], missing: list[int], c: list[int]) -> SampledRows:
    numbers = np.column_stack([x, t]).astype(np.float32)
    return SampledRows(numbers, np.column_stack([missing, c]).astype(np.int32))


def test_a_narrowed_condition_is_another_one() -> None:
    every = np.ones((2, 3), bool)
    whole = RowCondition(LAYOUT, 2, {2: every})
    some = whole.narrowed(RowCondition(LAYOUT, allowed={2: np.array([[True, False, True]])}))
    assert whole.allowed[2].all()
    assert some.allowed[2].tolist() == [[True, False, True]] * 2
    for array in (whole.allowed[2], some.allowed[2]):
        with pytest.raises(ValueError, match="read-only"):
            array[0, 0] = False
    with pytest.raises(TypeError):
        whole.allowed[0] = every  # type: ignore[index]


def test_what_no_row_can_fulfil_is_left_out() -> None:
    one = RowCondition(LAYOUT, 3, {2: np.eye(3, dtype=bool)}, {1: np.array([[0.2, 0.4]] * 3)})
    other = RowCondition(
        LAYOUT, 2, {2: np.array([[True, True, False]] * 2)}, {1: np.array([[0.4, 0.9], [0.3, 0.9]])}
    )
    found = one.narrowed(other, np.array([0, 2]))
    assert found.allowed[2].tolist() == np.eye(3, dtype=bool).tolist()
    assert found.bounds[1].tolist() == [[0.2, 0.4], [0.2, 0.4], [0.3, 0.4]]
    point = RowCondition(LAYOUT, bounds={1: np.array([[0.4, 0.4]])})
    assert one.narrowed(point).bounds[1].tolist() == [[0.4, 0.4]] * 3


def test_alternatives_are_drawn_by_the_share_of_rows_that_have_them() -> None:
    several = RowCondition(
        LAYOUT, 2, {0: np.array([[True, False]])}, {1: np.array([[0, 0.1], [0.5, 0.8]])}
    )
    drawn = several.drawn(np.array([0.0, 0.24, 0.26, 0.99]))
    assert drawn.rows == 4
    assert drawn.bounds[1][:, 0].tolist() == [0, 0, 0.5, 0.5]
    assert drawn.allowed[0].tolist() == [[True, False]]


def test_known_cells_are_a_condition_that_only_rows_with_them_fulfil() -> None:
    floats = np.array([[0.2, 0.4, 0.5], [0.5, 0.5, -1.0]], np.float32)
    encoded = EncodedRows(floats, np.array([[0, 2], [1, 1]], np.int32))
    known = {0: [True, True], 1: [True, False], 2: [True, False], 3: [False, True]}
    condition = RowCondition.of_cells(LAYOUT, encoded, {i: np.array(k) for i, k in known.items()})
    inside = float(ndtri(0.3))
    assert condition.accepts(rows([inside, 9], [0.7, -1], [0, 1], [2, 0])).all()
    assert not condition.accepts(rows([inside, 9], [0.7, -0.9], [1, 1], [2, 0])).any()
    assert not condition.accepts(rows([1, 9], [0.7, -1], [0, 0], [2, 0])).any()


def test_enforced_rows_fulfil_the_condition_and_keep_what_does() -> None:
    rng = np.random.default_rng(0)
    low = rng.random((40, 1)) * 0.3
    allowed = {0: np.array([[True, False]]), 2: rng.random((40, 3)) < 0.5}
    allowed[2][:, 1] = True
    condition = RowCondition(LAYOUT, 40, allowed, {1: np.append(low, low + 0.7, axis=1)})
    levels = np.stack([rng.integers(0, 2, 40), rng.integers(0, 3, 40)], axis=1).astype(np.int32)
    came = SampledRows(rng.normal(size=(40, 2)).astype(np.float32), levels)
    made = condition.enforced(came, rng.random(40))
    assert condition.accepts(made).all()
    right = condition.accepts(came)
    assert 0 < right.sum() < 40
    assert all((a[right] == b[right]).all() for a, b in zip(came, made, strict=True))
