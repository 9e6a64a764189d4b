"""One dial for all kinds of anomalies, and rare events whose weights undo the choice."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import IsolationForest
from sklearn.metrics import roc_auc_score
from sklearn.neighbors import LocalOutlierFactor

import lookalike as la
from lookalike._core.errors import LookalikeError, LookalikeWarning, ParameterError, SchemaError
from lookalike.scenarios import Scenario

KINDS = ("local", "global", "dependency", "cluster", "contextual")
DIALS = (0, 0.5, 1)


def table(rows: int = 1200) -> pd.DataFrame:
    random = np.random.default_rng(0)
    a, b, c = random.normal(size=(3, rows))
    b = 0.8 * a + 0.6 * b
    c = 0.8 * b + 0.6 * c
    level = np.where(a > 1.2, "high", np.where(a < -1, "low", "middle"))
    count = random.poisson(3, rows)
    return pd.DataFrame({"a": a, "b": b, "c": c, "level": level, "count": count})


ROWS = table()
MODEL = la.Mixture(bins=16, passes=5, refine={"correct": False}, random_state=0).fit(ROWS)


def ecod(inputs: pd.DataFrame) -> np.ndarray:
    """Return the scores of Li et al. 2022: how far a row is in the tails of its columns."""
    left = inputs.rank(pct=True).to_numpy()
    tails = -np.log(left), -np.log(1 - left + 1 / len(left))
    skewed = np.where(inputs.skew().to_numpy() < 0, *tails)
    return np.max([part.sum(axis=1) for part in (*tails, skewed)], axis=0)


def areas(kind: str, difficulty: float) -> dict[str, float]:
    step = {"name": "anomalies", "kind": kind, "share": 0.1, "difficulty": difficulty}
    found = Scenario([step]).apply(ROWS, random_state=1, model=MODEL)
    truth = np.zeros(len(ROWS))
    truth[found.labels["row"]] = 1
    inputs = pd.get_dummies(found.data, dtype=float)
    inputs = (inputs - inputs.mean()) / inputs.std()
    forest = IsolationForest(n_estimators=50, random_state=0).fit(inputs)
    return {
        "density": found.manifest["steps"][0]["density_auc"],
        "forest": roc_auc_score(truth, -forest.score_samples(inputs)),
        "neighbours": roc_auc_score(
            truth, -LocalOutlierFactor(20).fit(inputs).negative_outlier_factor_
        ),
        "tails": roc_auc_score(truth, ecod(inputs)),
    }


@pytest.mark.parametrize("kind", KINDS)
def test_the_dial_means_the_same_for_all_kinds_and_detectors_follow_it(kind) -> None:
    found = pd.DataFrame({dial: areas(kind, dial) for dial in DIALS})
    np.testing.assert_allclose(found.loc["density"], [(1 + d) / 2 for d in DIALS], atol=0.04)
    # Nothing is found at 0, and what suits the kind finds all at 1.
    assert found[0].max() < 0.56
    assert found[1].drop("density").max() > 0.9
    if kind == "cluster":
        # Neighbours do not see what comes in numbers (Han et al. 2022).
        found = found.drop("neighbours")
    rising = found.diff(axis=1).iloc[:, 1:]
    assert (rising > -0.06).all(axis=None)


def test_anomalies_are_labelled_and_leave_other_rows_alone() -> None:
    step = {"name": "anomalies", "kind": "contextual", "column": "a", "share": 0.05}
    found = Scenario([step]).apply(ROWS, model=MODEL)
    rows = found.labels["row"].to_numpy()
    assert len(rows) == 60
    assert found.labels["strength"].between(0, 1).all()
    others = np.setdiff1d(np.arange(len(ROWS)), rows)
    pd.testing.assert_frame_equal(
        found.data.iloc[others].astype(str), ROWS.iloc[others].astype(str), check_dtype=False
    )
    same = Scenario([step]).apply(ROWS, model=MODEL)
    pd.testing.assert_frame_equal(same.data, found.data)


def test_ugly_tables_get_anomalies() -> None:
    random = np.random.default_rng(1)
    ugly = pd.DataFrame(
        {
            "x": np.where(random.random(120) < 0.3, np.nan, random.normal(size=120)),
            "same": 1,
            "nothing": np.full(120, np.nan),
            "city": random.choice(["Köln", "北京"], 120),
            "code": random.integers(0, 2, 120),
            "whole": random.integers(0, 10_000, 120).astype(float),
            "day": pd.date_range("2026-01-01", periods=120).date,
        }
    )
    for kind in KINDS:
        step = {"name": "anomalies", "kind": kind, "share": 0.1, "difficulty": 0.3}
        with warnings.catch_warnings():
            # So few columns leave little room for some kinds, which is warned of.
            warnings.simplefilter("ignore", LookalikeWarning)
            found = Scenario([step]).apply(ugly)
        assert len(found.labels) == 12
        assert set(found.data["city"]) <= {"Köln", "北京"}
        assert set(found.data["code"]) <= {0, 1}
        assert (found.data["whole"] % 1 == 0).all()


def test_a_detector_is_stressed_over_the_difficulty() -> None:
    detector = IsolationForest(n_estimators=30, random_state=0).fit(ROWS[["a", "b", "c"]])
    step = {"name": "anomalies", "kind": "global", "share": 0.1, "difficulty": 1}
    rows = ROWS[["a", "b", "c"]].iloc[:500]
    found = la.stress(detector, rows, [step], repeats=3, dials=(0, 1))
    assert found.curves[0].points[0].value < 0.6
    assert found.curves[0].points[1].value > 0.9


def test_a_model_without_a_likelihood_is_refused() -> None:
    step = {"name": "anomalies", "kind": "local"}
    with pytest.raises(ParameterError, match="with a likelihood"):
        Scenario([step]).apply(ROWS, model=la.Independent().fit(ROWS))
    with pytest.raises(ParameterError, match="Did you mean 'global'"):
        Scenario([{**step, "kind": "globl"}])
    with pytest.raises(SchemaError, match="no 'aa'"):
        Scenario([{**step, "kind": "contextual", "column": "aa"}]).apply(ROWS, model=MODEL)


@pytest.mark.slow
def test_weighted_means_stay_unbiased() -> None:
    step = {"name": "rare_event", "where": {"level": "high"}, "rate": 0.5}
    event = ROWS["level"] == "high"
    inside = MODEL.sample(20_000, given={"level": "high"}, random_state=5)["b"].mean()
    truth = event.mean() * inside + (1 - event.mean()) * ROWS["b"][~event].mean()
    held = []
    for seed in range(60):
        found = Scenario([step]).apply(ROWS, random_state=seed, model=MODEL)
        assert (found.data["level"] == "high").sum() == len(ROWS) / 2
        weights, values = found.weights, found.data["b"].to_numpy()
        assert weights.sum() == pytest.approx(len(ROWS))
        happened = (found.data["level"] == "high").to_numpy()
        # Ordinary rows are drawn from a finite table, none twice.
        left = 1 - (~happened).sum() / (~event).sum()
        error = np.sqrt(
            event.mean() ** 2 * values[happened].var() / happened.sum()
            + (1 - event.mean()) ** 2 * left * values[~happened].var() / (~happened).sum()
        )
        held.append(abs(np.average(values, weights=weights) - truth) < 1.96 * error)
    # Of 60 intervals of 95 %, 51 or fewer hold with a chance of 0.3 %.
    assert sum(held) >= 52
    assert abs(truth - ROWS["b"].mean()) < 0.05


def test_an_event_that_is_rarer_than_the_rows_is_made_by_the_model() -> None:
    where = {"a": {"low": 1.5}, "level": ["high"]}
    few = ROWS[~(ROWS["a"] > 1.5)]
    found = Scenario([{"name": "rare_event", "where": where, "rate": 0.1}]).apply(few, model=MODEL)
    step = found.manifest["steps"][0]
    assert step["counted_rows"] == 100_000
    assert 0.03 < step["probability"] < 0.11
    rows = found.data.iloc[found.labels["row"]]
    assert (rows["a"] >= 1.5).all()
    assert (rows["level"] == "high").all()
    assert set(found.weights.round(6)) == {
        round(step["probability"] / (len(rows) / len(few)), 6),
        round((1 - step["probability"]) / (1 - len(rows) / len(few)), 6),
    }


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"where": {}, "rate": 0.5}, "must have a condition"),
        ({"where": {"a": {"lo": 1}}, "rate": 0.5}, "must have low, high or missing"),
        ({"where": {"level": "high"}, "rate": 0}, "rate must be a number"),
        ({"where": {"level": "high"}, "rate": 1}, "rows of both kinds"),
        ({"where": {"levl": "high"}, "rate": 0.5}, "Did you mean 'level'"),
        ({"where": {"level": "huge"}, "rate": 0.5}, "huge"),
        ({"where": {"a": {"low": 50}}, "rate": 0.5}, "able to make the rare event"),
    ],
)
def test_an_event_that_cannot_be_made_is_one_clear_error(options, message) -> None:
    with pytest.raises(LookalikeError, match=message):
        Scenario([{"name": "rare_event", **options}]).apply(ROWS, model=MODEL)


def test_few_anomalies_are_no_reason_to_warn() -> None:
    # Warnings are errors here: the mean quantile of eight anomalies varies by a tenth.
    for seed in range(10):
        step = {"name": "anomalies", "kind": "local", "share": 8 / len(ROWS), "difficulty": 0}
        assert len(Scenario([step]).apply(ROWS, random_state=seed, model=MODEL).labels) == 8
