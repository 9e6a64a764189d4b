"""Held-out rows: how many there are, and that better generators score higher, copies lowest."""

from __future__ import annotations

import numpy as np
import pytest

from lookalike.encoding import Block, Compact, Drawn, Layout
from lookalike.models._selection import Held, hold_out
from lookalike.training import Score

LAYOUT = Layout(
    tuple(Block(name, "value", "value", k, k, 1, "linear") for k, name in enumerate("abcd")), 4, 0
)


def rows(seed: int, count: int, scale: float = 1.0) -> np.ndarray:
    values = scale * np.random.default_rng(seed).normal(size=(count, 4))
    return values.astype(np.float32)


def compact(values: np.ndarray) -> Compact:
    return Compact(values, np.zeros((len(values), 0), np.int32))


@pytest.mark.parametrize("count", [300, 1_500])
def test_a_better_generator_scores_higher_and_a_copier_is_caught(count: int) -> None:
    training, held = rows(0, count), rows(2, count)
    made = {
        "good": rows(1, 2_000),
        "wide": rows(1, 2_000, 2.0),
        "copier": np.tile(training, (8, 1))[:2_000],
    }

    def make(name: str) -> Drawn:
        return Drawn(made[name], np.zeros((len(made[name]), 0), np.int32))

    whole = compact(np.concatenate([training, held]))
    selection = Held(whole, compact(training), compact(held)).selection(LAYOUT, make, 3)
    assert selection is not None
    scores: dict[str, Score] = {name: selection.score(name) for name in made}  # type: ignore[arg-type]
    assert scores["good"].value > scores["wide"].value
    assert {name: score.copying for name, score in scores.items()} == {
        "good": False,
        "wide": False,
        "copier": True,
    }


def test_a_split_shares_no_row_and_leaves_one_to_train() -> None:
    whole = compact(np.arange(40, dtype=np.float32).reshape(10, 4))
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
    held = hold_out(compact(np.zeros((count, 4), np.float32)), None, np.random.default_rng(0))
    assert (0 if held.rows is None else len(held.rows.floats)) == held_out
    assert held.refit == refit


def test_the_detector_sees_all_parts_of_a_sorted_table() -> None:
    held = rows(0, 12_000)
    held = held[np.argsort(held[:, 0])]
    made = Drawn(rows(1, 12_000), np.zeros((12_000, 0), np.int32))
    whole = Held(compact(held), compact(held[:500]), compact(held))
    selection = whole.selection(LAYOUT, lambda _: made, 3)
    assert selection is not None
    assert selection.score("made").value > -0.1
