"""The memorisation monitor: finds copies, and takes real likeness for what it is."""

from __future__ import annotations

import numpy as np
import pytest

from lookalike.training.monitors import Memorisation

ROWS = 512


def watch(scenes, real, others, fake, widths=(), levels=(None, None, None)):
    rows = [scenes.rows(n, c, widths) for n, c in zip((real, others, fake), levels, strict=True)]
    found = scenes.watch(Memorisation(), rows[0], [rows[2]], held_out=rows[1], widths=widths)
    return found[0]


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("columns", [1, 3, 20])
def test_rows_of_one_distribution_are_no_copies(scenes, columns, seed):
    rng = np.random.default_rng(seed)
    found = watch(scenes, *rng.normal(size=(3, ROWS, columns)))
    assert found["copying"] == 0
    assert found["nearer"] == pytest.approx(0.5, abs=0.08)


def test_noisy_copies_are_found(scenes):
    rng = np.random.default_rng(0)
    real, others = rng.normal(size=(2, ROWS, 6))
    copies = real[rng.permutation(ROWS)] + rng.normal(0, 0.05, (ROWS, 6))
    found = watch(scenes, real, others, copies)
    assert found["copying"] == 1
    assert found["nearer"] > 0.95
    assert found["near_copies"] > 0.8


def test_copies_among_many_other_rows_are_found(scenes):
    rng = np.random.default_rng(0)
    real, others, fake = rng.normal(size=(3, ROWS, 6))
    fake[:60] = real[:60]
    found = watch(scenes, real, others, fake)
    assert found["copying"] == 1
    assert 0.1 < found["near_copies"] < 0.15


@pytest.mark.parametrize("seed", range(4))
def test_equal_rows_in_real_data_are_no_copies(scenes, seed):
    """In tables of few levels, most rows equal a training row, and a held-out row as well."""
    rng = np.random.default_rng(seed)
    shares = np.array([0.4, 0.3, 0.2, 0.07, 0.03])
    levels = [rng.choice(5, (ROWS, 4), p=shares) for _ in range(3)]
    found = watch(scenes, *[np.zeros((ROWS, 0))] * 3, widths=(5, 5, 5, 5), levels=levels)
    assert found["copying"] == 0
    assert found["nearer"] == pytest.approx(0.5, abs=0.08)


def test_ties_are_no_sign_of_memory(scenes):
    """Rows as far from all training rows as from all others must not count for either."""
    real, others = np.zeros((ROWS, 2)), np.zeros((ROWS, 2))
    fake = np.random.default_rng(0).normal(size=(ROWS, 2))
    assert watch(scenes, real, others, fake) == {"nearer": 0.5, "near_copies": 0, "copying": 0}


def test_without_held_out_rows_nothing_is_said(scenes):
    rows = scenes.rows(np.random.default_rng(0).normal(size=(ROWS, 2)))
    assert scenes.watch(Memorisation(), rows, [rows]) == [{}]
    few = scenes.rows(np.zeros((20, 2)))
    assert scenes.watch(Memorisation(), rows, [rows], held_out=few) == [{}]
