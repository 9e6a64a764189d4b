"""The convergence monitor: distances against values that are known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm, wasserstein_distance

from lookalike.training.monitors import Convergence

ROWS = 512


def test_real_rows_are_at_the_floor_and_others_above(scenes):
    rng = np.random.default_rng(0)
    real, others, same, off = (rng.normal(m, 1, (ROWS, 4)) for m in (0, 0, 0, 0.5))
    fakes = [scenes.rows(same), scenes.rows(off)]
    for held_out in (scenes.rows(others), None):
        near, far = scenes.watch(Convergence(), scenes.rows(real), fakes, held_out=held_out)
        assert 0.5 < near["convergence"] < 1.6
        assert far["convergence"] > 2 * near["convergence"]


def test_it_is_the_mean_wasserstein_distance_over_directions(scenes):
    rng = np.random.default_rng(0)
    real, fake = rng.normal(size=(ROWS, 1)), rng.exponential(size=(ROWS, 1))
    monitor = Convergence()
    found = scenes.watch(monitor, scenes.rows(real), [scenes.rows(fake)])[0]
    # Only the first column is not constant: a direction sees it by its first entry.
    share = np.abs(monitor._directions[:, 0]).mean()
    expected = share * wasserstein_distance(real[:, 0], fake[:, 0])
    assert found["sliced_wasserstein"] == pytest.approx(expected, rel=1e-3)


def test_no_floor_leaves_the_ratio_out(scenes):
    equal = scenes.rows(np.ones((ROWS, 2)))
    found = scenes.watch(Convergence(), equal, [equal])[0]
    assert "convergence" not in found
    assert found["sliced_wasserstein"] == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize(("shift", "area", "gap"), [(0, 0.5, 0), (1, 0.76, 0.894), (50, 1, 2)])
def test_logits_give_area_and_gap(scenes, shift, area, gap):
    rows = scenes.rows(np.random.default_rng(0).normal(size=(ROWS, 2)))
    normal = norm.ppf((np.arange(ROWS) + 0.5) / ROWS).astype(np.float32)
    logits = normal + np.float32(shift), normal
    found = scenes.watch(Convergence(), rows, [rows], logits=logits)[0]
    assert found["critic_auc"] == pytest.approx(area, abs=0.003)
    assert found["critic_gap"] == pytest.approx(gap, abs=0.005)


def test_logits_that_are_not_finite_are_left_out(scenes):
    rows = scenes.rows(np.random.default_rng(0).normal(size=(ROWS, 2)))
    logits = np.full(ROWS, np.nan, np.float32), np.zeros(ROWS, np.float32)
    assert "critic_auc" not in scenes.watch(Convergence(), rows, [rows], logits=logits)[0]


@pytest.mark.parametrize(
    ("real", "fake", "generator", "joshi", "joshi_3d"),
    [
        (0.710549, 0.684602, 0.709949, 0.735896, 0.025947),
        (0.699371, 0.698677, 0.693154, 0.693848, 0.000694),
    ],
)
def test_joshi_formulas_give_the_tables_of_the_report(
    scenes, real, fake, generator, joshi, joshi_3d
):
    """The report's values are 0.735897 in two dimensions and 0.000694 in three."""
    rows = scenes.rows(np.random.default_rng(0).normal(size=(ROWS, 2)))
    losses = {"loss_real": real, "loss_fake": fake, "loss_generator": generator}
    found = scenes.watch(Convergence(), rows, [rows], measures=losses)[0]
    assert found["convergence_joshi"] == pytest.approx(joshi, abs=1e-9)
    assert found["convergence_joshi_3d"] == pytest.approx(joshi_3d, abs=1e-9)
