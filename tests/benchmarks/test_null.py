"""Another sample of one distribution scores as good as real, whatever its columns are."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from lookalike.metrics import METRICS, Pair, independent_columns

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
ROWS = 600


@pytest.fixture
def null(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Return the script."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return importlib.import_module("null")


@pytest.fixture
def rows() -> int:
    """Return how many rows a sample has."""
    return ROWS


@pytest.fixture
def pair(null: ModuleType, name: str, rows: int) -> Pair:
    """Return two samples of a distribution."""
    rng = np.random.default_rng(3)
    real, synthetic = (null.drawn(name, rng, rows) for _ in range(2))
    return Pair(real, synthetic, null.schema_of(name))


@pytest.mark.parametrize(
    "name",
    [
        "thousands of levels",
        "levels like identifiers",
        "Cauchy's tails",
        "ties",
        "dates and times",
        "missing cells",
    ],
)
def test_another_sample_scores_best_but_for_chance(null: ModuleType, pair: Pair) -> None:
    compared = [metric for metric in null.COMPARING if metric != "c2st_holdout"]
    found = {name: METRICS[name]().compute(pair).value for name in compared}
    chance = {name: 4 * METRICS[name].noise / ROWS**0.5 for name in compared}
    far = {
        name: value
        for name, value in found.items()
        if value is not None and abs(value - METRICS[name].best) > chance[name]
    }
    assert not far
    assert found["c2st"] is not None


@pytest.mark.parametrize(
    ("name", "rows", "metrics"),
    [
        ("thousands of levels", 2000, {"half": "c2st c2st_linear"}),
        ("Zipf's levels", ROWS, {"half": "c2st shape coverage", "independent": "c2st trend wnmi"}),
        ("one column of levels", ROWS, {"half": "c2st c2st_linear shape beta_recall"}),
    ],
)
def test_worse_rows_score_less(
    null: ModuleType, pair: Pair, name: str, rows: int, metrics: dict[str, str]
) -> None:
    rng = np.random.default_rng(4)
    worse = {
        "half": null.halved(name, rng, rows),
        "independent": independent_columns(null.drawn(name, rng, rows), rows, 0),
    }
    for wrong, names in metrics.items():
        for metric in names.split():
            good, bad = (
                METRICS[metric]().compute(one).value for one in (pair, pair.against(worse[wrong]))
            )
            assert bad < good - 0.04, (metric, wrong, good, bad)
