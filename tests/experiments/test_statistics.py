"""The test of differences keeps its level where splits share rows."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from lookalike.experiments._statistics import holm, paired, repeats_needed


def test_it_is_the_plain_paired_test_without_the_correction() -> None:
    values = np.random.default_rng(0).normal(0.3, 1, 12)
    found = paired(values.tolist(), 0.0)
    due = stats.ttest_1samp(values, 0.0)
    low, high = due.confidence_interval()
    assert found.p == pytest.approx(due.pvalue)
    assert (found.low, found.high) == pytest.approx((low, high))


def test_a_worked_example() -> None:
    # mean 0.02, s 0.01, k 5, ratio 1/4: t = 0.02 / (0.01 √0.45) = 2.981, 4 degrees of freedom.
    spread = np.array([-1.0, -0.5, 0.0, 0.5, 1.0])
    values = 0.02 + 0.01 * spread / spread.std(ddof=1)
    found = paired(values.tolist(), 0.25)
    assert found.p == pytest.approx(2 * stats.t.sf(2.98142, 4), rel=1e-5)


@pytest.mark.parametrize(("repeats", "share"), [(5, 0.2), (10, 0.2), (5, 0.4)])
def test_the_false_alarm_rate_is_nominal(repeats: int, share: float) -> None:
    # Splits share rows: differences of two splits correlate by the share that is held out.
    rng = np.random.default_rng(repeats)
    studies = 2_000
    common, own = rng.standard_normal((studies, 1)), rng.standard_normal((studies, repeats))
    differences = share**0.5 * common + (1 - share) ** 0.5 * own
    found = [paired(row, share / (1 - share)).p for row in differences]
    alarms = np.mean([p is not None and p < 0.05 for p in found])
    assert 0.03 < alarms < 0.07
    plain = np.mean([(paired(row, 0.0).p or 1) < 0.05 for row in differences])
    assert plain > 0.1  # without the correction it would not be


def test_differences_without_spread_say_nothing() -> None:
    same = paired([0.1, 0.1, 0.1], 0.25)
    assert (same.p, same.low, same.high) == (None, None, None)
    assert paired([0.3], 0.25).p is None
    none = paired([0.0, 0.0], 0.25)
    assert (none.p, none.low, none.high) == (1.0, 0.0, 0.0)
    assert repeats_needed(same) is None
    assert repeats_needed(none) is None


def test_holm_against_a_worked_example() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.6, 0.7]) == [1.0, 1.0]
    assert holm([None, 0.02]) == [None, 0.02]
    assert holm([]) == []


def test_repeats_needed_finds_the_effect_as_often_as_it_says() -> None:
    base = paired([0.5, -0.6, 1.4, 0.9, -0.2, 1.1], 0.01)
    needed = repeats_needed(base)
    assert needed is not None
    rng = np.random.default_rng(0)
    drawn = rng.normal(base.mean, base.spread, (600, needed))
    drawn += rng.normal(0, base.spread * 0.01**0.5, (600, 1))
    power = np.mean([(paired(row, 0.01).p or 1) < 0.05 for row in drawn])
    assert 0.72 < power < 0.92


def test_some_effects_no_count_of_splits_can_show() -> None:
    rng = np.random.default_rng(0)
    small = paired((0.1 + rng.standard_normal(20)).tolist(), 0.25)
    assert repeats_needed(small) is None
    large = paired((3 + rng.standard_normal(20)).tolist(), 0.25)
    assert 2 <= (repeats_needed(large) or 0) <= 5
