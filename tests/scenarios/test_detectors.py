"""Detectors of pyod and river agree with the labels of scenarios, where these are installed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

import lookalike as la
from lookalike.scenarios import Scenario


def table(rows: int) -> pd.DataFrame:
    """Three numbers that hang together, and a skewed one."""
    random = np.random.default_rng(0)
    a, b, c = random.normal(size=(3, rows))
    b = 0.9 * a + 0.4 * b
    return pd.DataFrame({"a": a, "b": b, "c": 0.9 * b + 0.4 * c, "d": random.gamma(2, 1, rows)})


@pytest.fixture(scope="module")
def areas() -> dict[tuple[str, str], list[float]]:
    """The AUC of each detector over the difficulty, by kind."""
    models = {
        "forest": pytest.importorskip("pyod.models.iforest").IForest,
        "LOF": pytest.importorskip("pyod.models.lof").LOF,
        "ECOD": pytest.importorskip("pyod.models.ecod").ECOD,
    }
    rows = table(1_000)
    model = la.Mixture(bins=16, passes=5, refine={"correct": False}, random_state=0).fit(rows)
    found: dict[tuple[str, str], list[float]] = {}
    for kind in ("local", "global", "dependency", "cluster"):
        for difficulty in (0, 0.5, 1):
            step = {"name": "anomalies", "kind": kind, "share": 0.1, "difficulty": difficulty}
            result = Scenario([step]).apply(rows, random_state=1, model=model)
            truth = np.isin(np.arange(len(rows)), result.labels["row"])
            inputs = (result.data - result.data.mean()) / result.data.std()
            for name, kind_of in models.items():
                scores = kind_of().fit(inputs.to_numpy()).decision_scores_
                found.setdefault((kind, name), []).append(float(roc_auc_score(truth, scores)))
    return found


@pytest.mark.parametrize("kind", ["local", "global", "dependency"])
def test_detectors_of_pyod_follow_the_dial(areas, kind) -> None:
    for name in ("forest", "LOF", "ECOD"):
        start, middle, end = areas[kind, name]
        # A hundred anomalies have a standard error of 0.03.
        assert start < 0.5 + 0.09, name
        assert start < middle + 0.06, name
        assert middle < end, name
    assert max(areas[kind, name][-1] for name in ("forest", "LOF", "ECOD")) > 0.95


def test_detectors_of_pyod_are_good_at_what_adbench_says(areas) -> None:
    end = {key: values[-1] for key, values in areas.items()}
    # Tails do not see that a combination is odd, and neighbours do not see neighbours.
    assert end["dependency", "LOF"] > end["dependency", "ECOD"]
    assert end["cluster", "ECOD"] > end["cluster", "LOF"] + 0.2
    assert end["global", "forest"] > end["global", "LOF"] - 0.02


class Watcher:
    """A detector of river as a function of rows to alarms."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self.make = make

    def __call__(self, frame: pd.DataFrame) -> np.ndarray:
        detector, found = self.make(), np.zeros(len(frame))
        for place, value in enumerate(frame["a"].tolist()):
            detector.update(value)
            found[place] = detector.drift_detected
        return found


@pytest.mark.parametrize("name", ["ADWIN", "KSWIN"])
def test_detectors_of_river_find_a_drift_after_its_time_and_not_before(name) -> None:
    drift = pytest.importorskip("river.drift")
    options = {"alpha": 1e-4, "seed": 0} if name == "KSWIN" else {}
    rows = table(1_000)
    steps = [{"name": "covariate_drift", "column": "a", "shift": 1.5, "at": 0.5}]
    watched = Watcher(lambda: getattr(drift, name)(**options))
    found = la.stress(watched, rows, steps, dials=(0, 1), repeats=4)
    noticed, delay, before = (curve.points[-1].value for curve in found.curves)
    assert noticed == 1
    assert delay < 250
    assert before == 0
    assert found.curves[-1].points[0].value == 0  # without a drift there is no alarm at all
