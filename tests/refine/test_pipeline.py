"""Refinement of blocks: margins mapped, rows that cannot be replaced."""

from __future__ import annotations

import numpy as np
import pytest

from lookalike._core.errors import ModelFileError
from lookalike.encoding import Block, Layout, Learned, SampledRows
from lookalike.refine import MarginMap, Refinement

LEVELS = Layout((Block("c", "value", "code", 0, 0, 4, "softmax"),), 0, 1)
NUMBER = Layout((Block("x", "value", "interval", 0, 0, 1, "linear"),), 2, 0)


def levels(number: int) -> SampledRows:
    rng = np.random.default_rng(number)
    return SampledRows(
        np.zeros((2048, 0), np.float32), rng.integers(4, size=(2048, 1), dtype=np.int32)
    )


@pytest.mark.parametrize("ruled_out", [[3], [0, 1, 2]], ids=["some", "most"])
def test_rows_that_should_not_be_are_replaced(ruled_out: list[int]) -> None:
    def violates_zeros(drawn: SampledRows) -> np.ndarray:
        return np.isin(drawn.levels[:, 0], ruled_out)

    plain = levels(5)
    bad = violates_zeros(plain)
    assert bad.any()
    first, again = (Refinement().refined(levels, 0, violates_zeros)(5) for _ in range(2))
    np.testing.assert_array_equal(first.levels, again.levels)
    np.testing.assert_array_equal(plain.levels[~bad], first.levels[~bad])
    assert violates_zeros(first).sum() == 0


def test_blocks_that_share_spare_rows_take_different_ones() -> None:
    def numbered(number: int) -> SampledRows:
        rows = np.arange(2048, dtype=np.int32)[:, None] + 10_000 * np.int32(number % 2**16)
        return SampledRows(np.zeros((2048, 0), np.float32), rows)

    make = Refinement().refined(numbered, 0, lambda rows: rows.levels[:, 0] % 10_000 < 20)
    taken = [make(number).levels[:20, 0] for number in range(1, 9)]
    assert len(np.unique(np.concatenate(taken))) == 160


def test_margins_make_numbers_normal_and_keep_their_order_and_zeros() -> None:
    def skewed(number: int) -> SampledRows:
        z = np.random.default_rng(number).standard_normal((2048, 1))
        numbers = np.where(np.arange(2048)[:, None] % 10, np.exp(z), 0).astype(np.float32)
        return SampledRows(numbers, np.zeros((2048, 0), np.int32))

    margins = MarginMap.fit(skewed, NUMBER)
    before, after = (rows.numbers[:, 0] for rows in (skewed(99), margins.applied(skewed(99))))
    present = before != 0
    assert (after[~present] == 0).all()
    assert (np.argsort(before[present]) == np.argsort(after[present])).all()
    assert abs(after[present].mean()) < 0.08
    assert after[present].std() == pytest.approx(1, abs=0.06)
    again = Refinement.from_state(Refinement(margins).state(), NUMBER).margins
    assert again is not None
    np.testing.assert_array_equal(
        again.applied(skewed(3)).numbers, margins.applied(skewed(3)).numbers
    )


@pytest.mark.parametrize("name", ["generated", "target"])
def test_margins_without_knots_are_refused(name: str) -> None:
    margins = MarginMap.fit(
        lambda _: SampledRows(np.zeros((9, 1), np.float32), np.zeros((9, 0), np.int32)), NUMBER
    )
    arrays = {f"margins/{k}": a for k, a in margins.state().arrays.items()}
    arrays[f"margins/{name}"] = arrays[f"margins/{name}"][:, :0]
    with pytest.raises(ModelFileError, match=name):
        Refinement.from_state(Learned({}, arrays), NUMBER)
