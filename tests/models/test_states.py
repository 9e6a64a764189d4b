"""Discrete variables of encoded rows: bins, groups of rare levels, and evidence of conditions."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from lookalike._core.errors import ModelFileError
from lookalike.encoding import Block, EncodedRows, Layout, Learned, RowCondition
from lookalike.models._states import States

ROWS = 4_000
#: A number that may be missing, and fifty levels.
LAYOUT = Layout(
    (
        Block("x", "missing", "code", 0, 0, 2, "softmax"),
        Block("x", "value", "interval", 0, 2, 1, "linear", 0),
        Block("c", "value", "code", 1, 3, 50, "softmax"),
    ),
    2,
    2,
)


@pytest.fixture(scope="module")
def rows() -> EncodedRows:
    """Return rows in which half of the numbers have one of five values, equally often."""
    rng = np.random.default_rng(0)
    low = rng.random(ROWS)
    low = np.where(low < 0.5, np.floor(low * 10) / 10, low)
    floats = np.stack([low, np.where(low < 0.5, low + 0.1, low)], axis=1)
    missing = rng.random(ROWS) < 0.2
    floats[missing] = 0
    codes = np.stack([missing, np.minimum(rng.geometric(0.1, ROWS) - 1, 49)], axis=1)
    return EncodedRows(floats.astype(np.float32), codes.astype(np.int32))


@pytest.fixture(scope="module")
def states(rows: EncodedRows) -> States:
    return States.fit(rows, LAYOUT, bins=16, levels=10)


def test_no_value_is_split_between_bins(rows: EncodedRows, states: States) -> None:
    number, level = states.variables
    assert number.edges is not None
    np.testing.assert_allclose(number.edges[:6], np.arange(6) / 10, atol=1e-6)
    assert number.states == len(number.edges)  # one of them is *missing*
    counts = np.bincount(states.of_rows(rows)[:, 0])
    assert counts[-1] == rows.codes[:, 0].sum()
    assert counts[5:-1] == pytest.approx(ROWS * 0.8 / 16, rel=0.35)
    assert level.states == 10


def test_rows_of_states_are_distributed_as_the_rows_were(rows: EncodedRows, states: States) -> None:
    found = states.of_rows(rows)
    made = states.to_rows(found, np.random.default_rng(1).random(found.shape))
    np.testing.assert_array_equal(made.levels[:, 0], rows.codes[:, 0])
    assert (made.numbers[made.levels[:, 0] == 1] == 0).all()
    np.testing.assert_array_equal(
        states.of_rows(EncodedRows(rows.floats, made.levels))[:, 1], found[:, 1]
    )
    own, real = (np.bincount(c, minlength=50) for c in (made.levels[:, 1], rows.codes[:, 1]))
    np.testing.assert_allclose(own, real, atol=4.5 * np.sqrt(real.max()))
    assert not own[real == 0].any()


def test_evidence_is_the_share_of_a_state_that_fulfils_a_condition(states: States) -> None:
    allowed = np.isin(np.arange(50), [1, 30, 31])[None]
    bounds = np.array([[0.25, 0.9]])
    weights = states.evidence(RowCondition(LAYOUT, 1, {2: allowed}, {1: bounds}))
    number, level = weights[0][0], weights[1][0]
    np.testing.assert_allclose(number[:6], [0, 0, 0.5, 1, 1, 1], atol=1e-5)
    assert number[-1] == 1  # bounds do not apply to missing cells
    shares = states.variables[1].shares
    assert shares is not None
    np.testing.assert_array_equal(level[:9], np.arange(9) == 1)
    assert level[9] == pytest.approx(shares[30] + shares[31])


def test_one_value_has_the_density_of_its_bin(states: States) -> None:
    edges = states.variables[0].edges
    assert edges is not None
    present = np.array([[True, False]])
    weights = states.evidence(RowCondition(LAYOUT, 1, {0: present}, {1: np.array([[0.7, 0.7]])}))
    at = np.searchsorted(edges, 0.7) - 1
    expected = np.zeros(len(edges))
    expected[at] = 1 / (edges[at + 1] - edges[at])
    np.testing.assert_allclose(weights[0][0], expected)


def test_drawn_rows_fulfil_conditions_of_their_own(states: States) -> None:
    rng = np.random.default_rng(2)
    allowed = rng.random((500, 50)) < 0.3
    allowed[:, 49] = True  # in the shared state
    condition = RowCondition(LAYOUT, 500, {2: allowed}, {1: np.array([[0.3, 0.65]])})
    drawn = np.stack([rng.integers(3, 8, 500), np.full(500, 9)], axis=1)
    made = states.to_rows(drawn, rng.random((500, 2)), condition)
    assert condition.accepts(made).all()


def test_the_density_within_states_integrates_to_one(rows: EncodedRows, states: States) -> None:
    edges = states.variables[0].edges
    assert edges is not None
    some = EncodedRows(
        np.array([[0.75, 0.75], [0.0, 0.0]], np.float32), np.array([[0, 3], [1, 3]], np.int32)
    )
    at = np.searchsorted(edges, 0.75) - 1
    log = states.log_within(some)
    assert log[0] == pytest.approx(-np.log(edges[at + 1] - edges[at]))
    assert log[1] == 0  # a missing cell, and a level that has a state of its own


def test_it_comes_back_from_its_arrays(states: States) -> None:
    back = States.from_state(states.state(), LAYOUT)
    assert back.layout == states.layout
    for one, other in zip(back.variables, states.variables, strict=True):
        np.testing.assert_array_equal(one.edges, other.edges)
        np.testing.assert_array_equal(one.shares, other.shares)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("edges 0", lambda a: a[::-1]),
        ("edges 0", lambda a: a[:-1]),
        ("groups 1", lambda a: a + 1),
        ("shares 1", lambda a: a * 2),
        ("shares 1", lambda a: a[:-1]),
        ("edges 0", lambda _: None),
    ],
)
def test_damaged_arrays_are_refused(states: States, name: str, change: Callable) -> None:
    arrays = dict(states.state().arrays)
    arrays[name] = change(arrays[name])
    if arrays[name] is None:
        del arrays[name]
    with pytest.raises(ModelFileError, match="damaged"):
        States.from_state(Learned({}, arrays), LAYOUT)
