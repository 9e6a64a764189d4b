"""The diversity monitor: right values where they are known."""

from __future__ import annotations

import numpy as np
import pytest

from lookalike.training.monitors import Diversity

ROWS = 512


def test_rows_of_one_distribution_are_as_diverse(scenes):
    rng = np.random.default_rng(0)
    real, fake = (scenes.rows(rng.normal(size=(ROWS, 4))) for _ in range(2))
    found = scenes.watch(Diversity(), real, [fake])[0]
    assert found["diversity"] == pytest.approx(1, abs=0.05)
    assert found["vendi"] == pytest.approx(1, abs=0.1)
    assert 0.5 < found["support"] < 2
    assert found["duplicates"] == 0


def test_distances_scale_with_the_rows(scenes):
    numbers = np.random.default_rng(0).normal(size=(ROWS, 4))
    found = scenes.watch(Diversity(), scenes.rows(numbers), [scenes.rows(numbers / 2)])[0]
    assert found["diversity"] == pytest.approx(0.5, rel=1e-4)


def test_vendi_counts_groups(scenes):
    """Groups that are far apart and narrow are one effective row each."""
    rng = np.random.default_rng(0)

    def groups(count):
        return scenes.rows(1e3 * np.eye(16)[rng.integers(0, count, ROWS)])

    found = scenes.watch(Diversity(), groups(16), [groups(4)])[0]
    # Not 1/4: exp(−2·d²/mean²) leaves groups an eighth alike.
    assert found["vendi"] == pytest.approx(0.27, abs=0.06)


@pytest.mark.parametrize("kinds", [20, 200])
def test_the_birthday_test_estimates_the_number_of_kinds(scenes, kinds):
    rng = np.random.default_rng(kinds)
    all_kinds = rng.normal(size=(400, 4))
    real = scenes.rows(all_kinds[rng.integers(0, 400, ROWS)])
    fake = scenes.rows(all_kinds[rng.integers(0, kinds, ROWS)])
    found = scenes.watch(Diversity(), real, [fake])[0]
    assert found["support"] == pytest.approx(kinds / 400, rel=0.25)


def test_duplicates_are_counted_beyond_those_of_real_rows(scenes):
    rng = np.random.default_rng(0)
    numbers = rng.normal(size=(ROWS, 3))
    repeated = numbers.copy()
    repeated[:128] = repeated[128:256]
    real, fake = scenes.rows(numbers), scenes.rows(repeated)
    assert scenes.watch(Diversity(), real, [fake])[0]["duplicates"] == 0.5
    assert scenes.watch(Diversity(), fake, [fake])[0]["duplicates"] == 0
    assert scenes.watch(Diversity(), fake, [real])[0]["duplicates"] == -0.5


def test_equal_real_rows_leave_out_what_is_not_defined(scenes):
    equal = scenes.rows(np.full((ROWS, 2), 3.3))
    found = scenes.watch(Diversity(), equal, [equal])[0]
    assert found == {"support": 1.0, "duplicates": 0.0}
