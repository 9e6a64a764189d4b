"""Conditions on the command line, with signs that are ordinary characters after a backslash."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from lookalike.cli._options import parse_conditions
from lookalike.models import Independent
from lookalike.tables import read_table


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        ("age=30..40", "age", ("30", "40")),
        (r"span=1\..2", "span", "1..2"),
        (r"span=a\..b|c", "span", {"a..b", "c"}),
        (r"size=S\|M", "size", "S|M"),
        (r"size=S\|M|L", "size", {"S|M", "L"}),
        (r"a\=b=c=d", "a=b", "c=d"),
        (r"a\=b=1..", "a=b", ("1", None)),
        (r"path=C:\dir\\.x", "path", r"C:\dir\.x"),
        (r"end=x\\|y", "end", {"x\\", "y"}),
        ("gone=", "gone", None),
    ],
)
def test_conditions_are_read(text: str, name: str, value: Any) -> None:
    assert parse_conditions([text]) == {name: value}


def test_values_and_names_with_signs_are_asked_for(run: Callable[..., Any], tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    table = pd.DataFrame(
        {"a=b": rng.choice(["x..y", "S|M", "z"], 120), "n": rng.integers(0, 50, 120)}
    )
    csv, model, out = tmp_path / "t.csv", tmp_path / "t.lookalike", tmp_path / "o.csv"
    table.to_csv(csv, index=False)
    Independent(random_state=0).fit(read_table(csv)).save(model)
    for text, values in ((r"a\=b=x\..y", {"x..y"}), (r"a\=b=S\|M|z", {"S|M", "z"})):
        assert run("sample", model, "-n", 30, "-o", out, "--where", text).code == 0
        assert set(pd.read_csv(out)["a=b"]) <= values
