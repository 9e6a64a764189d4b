"""Held-out rows: how many there are, and that better generators score higher, copies lowest."""

from __future__ import annotations

import numpy as np
import pytest

from lookalike.encoding import Block, EncodedRows, Layout, SampledRows, sample_encoded
from lookalike.refine._holdout import HoldOut, hold_out
from lookalike.training import CheckpointScore

LAYOUT = Layout(
    tuple(Block(name, "value", "value", k, k, 1, "linear") for k, name in enumerate("abcd")), 4, 0
)


MIXED = Layout(
    (
        Block("a", "value", "interval", 0, 0, 1, "linear"),
        Block("b", "value", "interval", 2, 1, 1, "linear"),
        Block("c", "value", "value", 4, 2, 1, "linear"),
        Block("d", "level", "code", 0, 3, 40, "softmax"),
        Block("e", "level", "code", 1, 43, 3, "softmax"),
    ),
    5,
    2,
)


def mixed(seed: int, count: int) -> EncodedRows:
    rng = np.random.default_rng(seed)
    a = rng.integers(70, size=count) / 70
    b = np.where(rng.random(count) < 0.9, 0, 0.9 + rng.integers(20, size=count) / 200)
    width_b = np.where(b == 0, 0.9, 0.005)
    floats = np.stack([a, a + 1 / 70, b, b + width_b, rng.normal(size=count)], axis=1)
    codes = np.stack([rng.integers(40, size=count), rng.integers(3, size=count)], axis=1)
    return EncodedRows(floats.astype(np.float32), codes.astype(np.int32))


def rows(seed: int, count: int, scale: float = 1.0) -> np.ndarray:
    values = scale * np.random.default_rng(seed).normal(size=(count, 4))
    return values.astype(np.float32)


def encoded(values: np.ndarray) -> EncodedRows:
    return EncodedRows(values, np.zeros((len(values), 0), np.int32))


@pytest.mark.parametrize("count", [300, 1_500])
def test_a_better_generator_scores_higher_and_a_copier_is_caught(count: int) -> None:
    training, held = rows(0, count), rows(2, count)
    made = {
        "good": rows(1, 2_000),
        "wide": rows(1, 2_000, 2.0),
        "copier": np.tile(training, (8, 1))[:2_000],
    }

    def make(name: str) -> SampledRows:
        return SampledRows(made[name], np.zeros((len(made[name]), 0), np.int32))

    whole = encoded(np.concatenate([training, held]))
    rule = HoldOut(whole, encoded(training), encoded(held)).early_stopping(LAYOUT, make, 3)
    assert rule is not None
    scores: dict[str, CheckpointScore] = {name: rule.score(name) for name in made}
    assert scores["good"].value > scores["wide"].value
    assert {name: score.copying for name, score in scores.items()} == {
        "good": False,
        "wide": False,
        "copier": True,
    }


@pytest.mark.parametrize("count", [300, 1_500])
def test_rows_that_are_all_alike_score_lower_than_rows_that_vary(count: int) -> None:
    """Without E‖Y − Y'‖ in the energy distance, the middle of all rows would be the best row."""
    made = {"good": rows(1, 2_000), "alike": np.zeros((2_000, 4), np.float32)}

    def make(name: str) -> SampledRows:
        return SampledRows(made[name], np.zeros((len(made[name]), 0), np.int32))

    training, held = rows(0, count), rows(2, count)
    whole = encoded(np.concatenate([training, held]))
    selection = HoldOut(whole, encoded(training), encoded(held)).early_stopping(LAYOUT, make, 3)
    assert selection is not None
    good, alike = (selection.score(name).value for name in made)  # type: ignore[arg-type]
    assert good > alike + 0.5


@pytest.mark.parametrize(("share", "copying"), [(0.0, False), (0.1, True), (1.0, True)])
@pytest.mark.parametrize("count", [1_000, 12_000])
def test_copies_among_other_rows_are_found_with_a_tenth_held_out(
    count: int, share: float, copying: bool
) -> None:
    """Rows of two numbers of few values, one of them mostly 0, and levels; some occur twice."""
    table = mixed(0, count)
    held = hold_out(table, 0.1, np.random.default_rng(1))
    assert held.rows is not None
    rng = np.random.default_rng(2)
    fresh = sample_encoded(mixed(3, 8_192), MIXED, rng)
    chosen = rng.integers(len(held.training.floats), size=8_192)
    copied = sample_encoded(EncodedRows(*(part[chosen] for part in held.training)), MIXED, rng)
    which = rng.random(8_192) < share
    made = SampledRows(
        np.where(which[:, None], copied.numbers, fresh.numbers),
        np.where(which[:, None], copied.levels, fresh.levels),
    )
    rule = held.early_stopping(MIXED, lambda _: made, 0)
    assert rule is not None
    assert rule.score("made").copying == copying


def test_rows_that_occur_often_are_no_copies() -> None:
    """Of a table of few combinations every row is in the training rows, and in those held out."""
    values = np.random.default_rng(0).integers(4, size=(5_000, 4)).astype(np.float32)
    held = hold_out(encoded(values), 0.1, np.random.default_rng(1))
    made = SampledRows(values[::-1], np.zeros((5_000, 0), np.int32))
    rule = held.early_stopping(LAYOUT, lambda _: made, 0)
    assert rule is not None
    assert not rule.score("made").copying


def test_a_split_shares_no_row_and_leaves_one_to_train() -> None:
    whole = encoded(np.arange(40, dtype=np.float32).reshape(10, 4))
    for share, count in ((0.3, 3), (0.9, 9), (1.0, 9)):
        held = hold_out(whole, share, np.random.default_rng(0))
        assert held.rows is not None
        assert len(held.rows.floats) == count
        both = np.concatenate([held.training.floats, held.rows.floats])
        assert sorted(both[:, 0]) == sorted(whole.floats[:, 0])


@pytest.mark.parametrize(
    ("count", "held_out", "refit"),
    [(100, 0, False), (400, 60, True), (2_000, 200, False), (50_000, 4_000, False)],
)
def test_by_default_what_is_held_out_depends_on_the_rows(
    count: int, held_out: int, refit: bool
) -> None:
    held = hold_out(encoded(np.zeros((count, 4), np.float32)), None, np.random.default_rng(0))
    assert (0 if held.rows is None else len(held.rows.floats)) == held_out
    assert held.refit == refit


def test_the_detector_sees_all_parts_of_a_sorted_table() -> None:
    held = rows(0, 12_000)
    held = held[np.argsort(held[:, 0])]
    made = SampledRows(rows(1, 12_000), np.zeros((12_000, 0), np.int32))
    whole = HoldOut(encoded(held), encoded(held[:500]), encoded(held))
    rule = whole.early_stopping(LAYOUT, lambda _: made, 3)
    assert rule is not None
    assert rule.score("made").value > -0.1
