"""Canaries of a single fit: what they prove, and that they find missing noise."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import lookalike as la
from lookalike.errors import ParameterError
from lookalike.models import _private_domain
from lookalike.privacy import proved_epsilon


@pytest.mark.parametrize("epsilon", [0.5, 2.0])
def test_what_is_proved_is_true(epsilon):
    """Randomised response: every answer has exactly that ε."""
    rng, proved = np.random.default_rng(0), []
    for _ in range(60):
        coins = rng.random(600) < 0.5
        lies = rng.random(600) > 1 / (1 + np.exp(-epsilon))
        scores = (coins ^ lies) + rng.random(600) / 2
        proved.append(proved_epsilon(coins, scores, guesses=600))
    assert np.mean(np.array(proved) > epsilon) <= 0.1
    assert np.median(proved) > 0.6 * epsilon


def test_delta_makes_it_harder():
    coins = np.random.default_rng(0).random(400) < 0.5
    found = [proved_epsilon(coins, coins, guesses=200, delta=d) for d in (0.0, 1e-4, 1e-2)]
    assert found[0] > found[1] > found[2]


LEVELS = [f"canary-{i:03d}" for i in range(300)]


def attacked(epsilon: float) -> float:
    """Return what 300 canaries prove, each with a declared level of its own, in a private fit."""
    coins = np.random.default_rng(3).random(len(LEVELS)) < 0.5
    rows = ["everybody"] * 500 + [level for level, on in zip(LEVELS, coins, strict=True) if on]
    model = la.Private(
        epsilon=epsilon,
        delta=1e-6,
        method="independent",
        domain={"code": ["everybody", *LEVELS]},
        noise_seed=0,
        random_state=0,
    ).fit(pd.DataFrame({"code": rows}))
    found = model.sample(20_000)["code"].value_counts()
    scores = [float(found.get(level, 0)) for level in LEVELS]
    return proved_epsilon(coins, scores, guesses=200, delta=1e-6)


def test_a_private_fit_is_not_refuted():
    assert attacked(1.0) <= 1.0


def test_a_fit_without_its_noise_is_refuted(monkeypatch):
    monkeypatch.setattr(_private_domain, "noisy", lambda counts, *_: np.asarray(counts, np.int64))
    assert attacked(1.0) > 2.0


def test_bad_canaries():
    with pytest.raises(ParameterError, match="no fewer canaries"):
        proved_epsilon([True], [1.0], guesses=2)
    with pytest.raises(ParameterError, match="one score for each"):
        proved_epsilon([True, False, True], [1.0], guesses=2)
    with pytest.raises(ParameterError, match="guesses"):
        proved_epsilon([True], [1.0], guesses=0)
