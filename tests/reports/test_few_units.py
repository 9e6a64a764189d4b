"""A verdict on few blocks of a series does not praise what it cannot see."""

from __future__ import annotations

import numpy as np
import pandas as pd

import lookalike as la


def walk(n: int, seed: int, memory: float = 0.9) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    x = np.zeros(n)
    for k in range(1, n):
        x[k] = memory * x[k - 1] + rng.normal()
    return pd.DataFrame({"x": x})


def said(real: pd.DataFrame, made: pd.DataFrame) -> str:
    found = la.evaluate(real, made, window=12, metrics=["sequence_c2st"], random_state=0)
    return str(found.verdict)


def test_few_blocks_do_not_decide() -> None:
    text = said(walk(700, 0), walk(700, 1))
    assert "So few blocks do not decide" in text


def test_a_large_difference_is_found_in_a_hundred_blocks() -> None:
    text = said(walk(2_000, 0), 50 + walk(2_000, 1, 0.0))
    assert "100 times in 100" in text
    assert "may or may not" not in text
    assert "So few blocks" not in text
