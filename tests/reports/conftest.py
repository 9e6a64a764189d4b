"""One small evaluation of ugly names and all kinds of columns, shared by all tests of reports."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pyarrow as pa
import pytest

from lookalike.reports import Evaluation, evaluate

HOSTILE = "<script>alert(1)</script>"
MATHS = "$x_1$ \\frac{"
LONG = "líne\nbreak 漢字の名前 " + "x" * 300
ARABIC = "مدة العرض"


def ugly_table(seed: int, rows: int = 120) -> pa.Table:
    """Make a table of most kinds, with missing cells, and names that break careless pages."""
    rng = np.random.default_rng(seed)
    level = rng.choice(["<b>bold</b>", "a & b", "$y$", "漢字"], rows).tolist()
    level[::9] = [None] * len(level[::9])
    number = rng.normal(size=rows)
    number[::7] = np.nan
    start = dt.datetime(2020, 1, 1)
    return pa.table(
        {
            HOSTILE: pa.array(level),
            MATHS: pa.array(number, from_pandas=True),
            LONG: rng.integers(0, 50, rows),
            ARABIC: rng.random(rows) < 0.3,
            "when": [start + dt.timedelta(hours=int(h)) for h in rng.integers(0, 9999, rows)],
            "same": ["constant"] * rows,
        }
    )


HISTORY = [
    {
        "step": float(step),
        "loss_generator": 0.7,
        "loss_discriminator": 0.6 + step / 1e4,
        "note": "x",
    }
    for step in range(0, 1000, 100)
]


@pytest.fixture(scope="session")
def evaluation() -> Evaluation:
    """Evaluate a table that drew the same columns with another seed."""
    return evaluate(
        ugly_table(0),
        ugly_table(1),
        ugly_table(2, 60),
        ARABIC,
        history=HISTORY,
        random_state=3,
    )
