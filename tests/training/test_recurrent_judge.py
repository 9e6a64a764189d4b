"""The recurrent judge tells what is different, and guesses where nothing is."""

from __future__ import annotations

import numpy as np
import pytest

from lookalike.training import recurrent_judge

pytestmark = pytest.mark.train


@pytest.mark.slow
def test_the_judge_finds_a_difference_and_guesses_where_there_is_none() -> None:
    random = np.random.default_rng(0)
    # With two columns it has a single unit, and finds nothing here from one seed in four.
    rising = np.sort(random.random((300, 6, 4)), axis=1).astype(np.float32)
    falling = rising[:, ::-1]
    assert recurrent_judge(rising, falling, 1) > 0.9
    assert recurrent_judge(rising[::2], rising[1::2], 1) == pytest.approx(0.5, abs=0.12)
