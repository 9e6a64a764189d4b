"""The detector: chance for equal distributions, and sees what a pair of columns shows."""

from __future__ import annotations

import numpy as np
import pytest

from lookalike.training.monitors import Detector

ROWS = 512


def watch(scenes, real, fake, others=None):
    held_out = None if others is None else scenes.rows(others)
    found = scenes.watch(Detector(), scenes.rows(real), [scenes.rows(fake)], held_out=held_out)
    return found[0]["detector"]


def test_equal_distributions_are_told_apart_by_chance_only(scenes):
    areas = []
    for seed in range(8):
        rng = np.random.default_rng(seed)
        areas.append(watch(scenes, *(rng.normal(size=(ROWS, 6)) for _ in range(2))))
    assert np.mean(areas) == pytest.approx(0.5, abs=0.02)
    assert max(abs(area - 0.5) for area in areas) < 0.07


@pytest.mark.parametrize("what", ["mean", "variance", "correlation"])
def test_it_sees(scenes, what):
    rng = np.random.default_rng(0)
    real, fake = rng.normal(size=(2, ROWS, 4))
    if what == "mean":
        fake[:, 0] += 1
    elif what == "variance":
        fake[:, 0] *= 2
    else:
        real[:, 1] = 0.9 * real[:, 0] + 0.43 * real[:, 1]
    assert watch(scenes, real, fake) > 0.65


def test_rows_far_away_are_told_apart(scenes):
    rng = np.random.default_rng(0)
    real = rng.normal(size=(ROWS, 4))
    assert watch(scenes, real, real + 1e6) > 0.99


def test_held_out_rows_are_the_real_ones(scenes):
    rng = np.random.default_rng(0)
    real, others, fake = (rng.normal(m, 1, (ROWS, 4)) for m in (0, 3, 3))
    assert watch(scenes, real, fake, others) < 0.6
    assert watch(scenes, real, fake) > 0.95
