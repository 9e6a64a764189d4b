"""Scores on held-out rows: better generators score higher, copies lowest."""

from __future__ import annotations

import math

import numpy as np

from lookalike.encoding import Block, Compact, Drawn, Layout
from lookalike.models._selection import COPYING, held_out_score, split

LAYOUT = Layout(
    tuple(Block(name, "value", "value", k, k, 1, "linear") for k, name in enumerate("abcd")), 4, 0
)


def rows(seed: int, count: int, scale: float = 1.0) -> np.ndarray:
    values = scale * np.random.default_rng(seed).normal(size=(count, 4))
    return values.astype(np.float32)


def compact(values: np.ndarray) -> Compact:
    return Compact(values, np.zeros((len(values), 0), np.int32))


def test_a_better_generator_scores_higher_and_a_copier_lowest() -> None:
    training = rows(0, 200)
    made = {
        "good": rows(1, 1_000),
        "wide": rows(1, 1_000, 2.0),
        "copier": np.tile(training, (5, 1)),
    }

    def make(name: str) -> Drawn:
        return Drawn(made[name], np.zeros((1_000, 0), np.int32))

    rng = np.random.default_rng(3)
    score = held_out_score(compact(training), compact(rows(2, 200)), LAYOUT, make, rng)
    assert score("good") > score("wide") > score("copier") == COPYING
    assert math.isfinite(COPYING)


def test_a_split_shares_no_row_and_leaves_one_to_train() -> None:
    whole = compact(np.arange(40, dtype=np.float32).reshape(10, 4))
    for share, held in ((0.3, 3), (0.9, 9), (1.0, 9)):
        training, held_out = split(whole, share, np.random.default_rng(0))
        assert len(held_out.floats) == held
        both = np.concatenate([training.floats, held_out.floats])
        assert sorted(both[:, 0]) == sorted(whole.floats[:, 0])
