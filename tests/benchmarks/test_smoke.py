"""The quick look at quality fails on what is worse than its band, and on nothing else."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def smoke(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Return the script."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return importlib.import_module("smoke")


def lines(*values: float) -> list[dict[str, Any]]:
    """Return a line for each value of one score."""
    return [{"data": "d", "method": "m", "seed": k, "scores": {"shape": v}}
            for k, v in enumerate(values)]  # fmt: skip


def test_a_band_is_as_wide_as_seeds_differ_and_not_too_narrow(smoke: ModuleType) -> None:
    (band,) = smoke.bands_of(lines(0.7, 0.8, 0.9))["d"]["m"].values()
    assert band["high"] - band["low"] == pytest.approx(8 * 0.1 / 3**0.5, abs=1e-3)
    (band,) = smoke.bands_of(lines(0.8, 0.8, 0.8))["d"]["m"].values()
    assert band == {"low": 0.79, "high": 0.81}


@pytest.mark.parametrize(
    ("value", "word"), [(0.80, "as before"), (0.78, "worse"), (0.82, "better")]
)
def test_only_what_is_worse_fails(smoke: ModuleType, value: float, word: str) -> None:
    bands = smoke.bands_of(lines(0.8, 0.8, 0.8))
    rows, worse = smoke.judged(lines(value, value, value), bands)
    assert [row[-1] for row in rows] == [word]
    assert worse == (word == "worse")


def test_what_has_no_band_is_no_pass(smoke: ModuleType) -> None:
    with pytest.raises(SystemExit, match="no band of shape"):
        smoke.judged(lines(0.8), {})


def test_the_kept_bands_are_of_all_that_runs(smoke: ModuleType) -> None:
    bands = json.loads(smoke.BANDS.read_text(encoding="utf-8"))
    assert set(bands) == set(smoke.TABLES)
    for of in bands.values():
        assert set(of) == set(smoke.METHODS)
        assert all(set(scores) == set(smoke.METRICS) for scores in of.values())
