"""Made processes whose order is known: autoregressive, seasonal, and histories of chains."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest


def _autoregressive(rows: int, seed: int) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    shocks = random.normal(size=(rows, 2))
    x = np.zeros((rows, 2))
    for step in range(1, rows):
        x[step] = 0.8 * x[step - 1] + shocks[step]
    return pd.DataFrame({"x": x[:, 0], "y": x[:, 1] + 0.5 * np.roll(x[:, 0], 1)})


def _seasonal(rows: int, seed: int) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    steps = np.arange(rows) + random.integers(24)
    x = np.sin(2 * np.pi * steps / 12) + 0.3 * random.normal(size=rows)
    return pd.DataFrame({"x": x, "y": np.roll(x, 2) + 0.2 * random.normal(size=rows)})


def _chains(entities: int, seed: int, stay: float = 0.7) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    rows = []
    for entity in range(entities):
        state, time, group = random.integers(3), 0.0, random.choice(["m", "f"])
        for _ in range(random.integers(3, 12)):
            if random.random() > stay:
                state = random.integers(3)
            time += random.exponential()
            rows.append((f"e{entity}", time, "abc"[state], state + random.normal(), group))
    return pd.DataFrame(rows, columns=["id", "t", "state", "value", "group"])


@pytest.fixture(scope="session")
def autoregressive():
    """A function: rows, seed -> a series of two columns."""
    return _autoregressive


@pytest.fixture(scope="session")
def seasonal():
    """A function: rows, seed -> a series of period 12 that begins at any phase."""
    return _seasonal


@pytest.fixture(scope="session")
def chains():
    """A function: entities, seed, chance to stay -> histories of a chain of three states."""
    return _chains
