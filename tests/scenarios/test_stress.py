"""A stress test finds weaknesses that were planted, and none in a sound model."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier, IsolationForest
from sklearn.linear_model import LinearRegression, LogisticRegression

import lookalike as la
from lookalike._core.errors import ParameterError, SchemaError
from lookalike.scenarios import Scenario, train_trees
from lookalike.tables import to_arrow

#: Few draws, and the two ends of the dial: half a second each.
QUICK = {"target": "y", "repeats": 8, "dials": (0, 1)}
INPUTS = ["age", "income", "region"]


def table(rows: int, seed: int) -> pd.DataFrame:
    """Income counts the other way round for the old and in the west."""
    random = np.random.default_rng(seed)
    age, income = random.uniform(18, 90, rows), random.normal(size=rows)
    region = random.choice(["north", "south", "west"], rows, p=[0.5, 0.3, 0.2])
    sign = np.where((age > 65) | (region == "west"), -1.0, 1.0)
    positive = random.random(rows) < 1 / (1 + np.exp(-3 * sign * income))
    return pd.DataFrame(
        {
            "age": age,
            "income": income,
            "region": pd.Categorical(region, categories=["north", "south", "west"]),
            "leak": positive + random.normal(0, 0.2, rows),
            "y": np.where(positive, "yes", "no"),
        }
    )


TRAINING, ROWS = table(2500, 1), table(900, 2)
OLD = [{"name": "covariate_drift", "column": "age", "shift": 2, "at": 0}]
WEST = [{"name": "prior_drift", "column": "region", "level": "west", "share": 0.9, "at": 0}]
NO_LEAK = [{"name": "missing", "column": "leak", "share": 1}]


def fitted(rows: pd.DataFrame, inputs: list[str] = INPUTS) -> HistGradientBoostingClassifier:
    model = HistGradientBoostingClassifier(max_iter=40, categorical_features="from_dtype")
    return model.fit(rows[inputs], rows["y"])


SOUND = fitted(TRAINING)


@pytest.mark.parametrize(
    ("model", "steps"),
    [
        (fitted(TRAINING[TRAINING["age"] < 60]), OLD),
        (fitted(TRAINING[TRAINING["region"] != "west"]), WEST),
        (fitted(TRAINING, [*INPUTS, "leak"]), NO_LEAK),
    ],
    ids=["region", "level", "leak"],
)
def test_a_planted_weakness_is_found(model, steps) -> None:
    found = la.stress(model, ROWS, steps, **QUICK)
    assert found.breaks == 1
    assert found.answer.startswith("The model breaks at dial 1: it loses ")


@pytest.mark.parametrize("steps", [OLD, WEST, NO_LEAK], ids=["region", "level", "leak"])
def test_a_sound_model_holds(steps) -> None:
    rows = ROWS if steps is NO_LEAK else ROWS.drop(columns="leak")
    found = la.stress(SOUND, rows, steps, **QUICK)
    assert found.breaks is None
    # A model that does not use the leaked column is behind those that do.
    assert found.lags == (0 if steps is NO_LEAK else None)
    assert "breaks" not in found.answer


def test_a_weakness_that_is_there_from_the_start_is_found_without_any_loss() -> None:
    # A model that has never seen the west is weak there at dial 0 as at dial 1: noise in another
    # column takes nothing more from it.
    model = fitted(TRAINING[TRAINING["region"] == "north"], ["age", "income"])
    rows = ROWS[ROWS["region"] == "west"].drop(columns="leak").reset_index(drop=True)
    steps = [{"name": "noisy", "column": "age", "share": 0.1, "scale": 0.1}]
    found = la.stress(model, rows, steps, **QUICK)
    assert found.breaks is None
    assert found.lags == 0
    assert "are better at dial 0, by" in found.answer
    assert found.curves[0].points[0].behind_low > 0.05
    assert type(found).from_json(found.to_json()).lags == 0


def test_rows_that_became_harder_for_anyone_are_no_break() -> None:
    # With all incomes replaced by noise, nobody can predict anything.
    steps = [{"name": "noisy", "column": "income", "share": 1, "scale": 1_000}]
    rows = ROWS.drop(columns="leak")
    options = {**QUICK, "metric": "roc_auc"}
    beside = la.stress(SOUND, rows, steps, **options)
    alone = la.stress(SOUND, rows, steps, reference=False, **options)
    assert alone.breaks == 1
    assert beside.breaks is None
    last = beside.curves[0].points[-1]
    assert last.loss > 0.3
    assert abs(last.excess) < 0.05
    assert last.floor == 0.5


def test_a_model_that_fails_on_changed_rows_breaks_there() -> None:
    model = LogisticRegression().fit(TRAINING[["income"]], TRAINING["y"])
    steps = [{"name": "missing", "column": "income", "share": 0.1}]
    found = la.stress(model, ROWS, steps, reference=False, **QUICK)
    assert found.breaks == 1
    assert "ValueError: Input X contains NaN" in found.answer
    with pytest.raises(ParameterError, match="must predict the rows as they are"):
        la.stress(model, ROWS.assign(income=np.nan), steps, **QUICK)


def test_the_report_is_saved_and_the_same_for_a_seed() -> None:
    options = {**QUICK, "repeats": 3, "reference": False, "random_state": 4}
    found = la.stress(SOUND, ROWS, OLD, **options)
    again = la.StressReport.from_json(found.to_json())
    assert again == found
    assert la.stress(SOUND, ROWS, OLD, **options).to_json() == found.to_json()
    page = found.to_html()
    assert page == again.to_html()
    assert found.answer in page.replace("\u00a0", " ")
    assert "<svg" in page
    frame = found.to_frame()
    assert frame["metric"].tolist() == ["roc_auc"] * 2 + ["recall"] * 2 + ["calibration"] * 2
    assert repr(found).startswith(found.answer)


def test_models_are_estimators_or_functions_of_any_kind() -> None:
    one = la.stress(SOUND, ROWS, OLD, reference=False, **QUICK)

    def shares(rows):
        return SOUND.predict_proba(rows[INPUTS])

    for function in (shares, lambda rows: shares(rows)[:, 1]):
        same = la.stress(function, ROWS, OLD, reference=False, **QUICK)
        assert same.curves == one.curves
    other = la.stress(shares, ROWS, OLD, reference=False, positive="no", **QUICK)
    assert other.facts["positive"] == "no"
    labels = la.stress(
        lambda rows: SOUND.predict(rows[INPUTS]), ROWS, OLD, metric="recall", **QUICK
    )
    assert labels.curves[0].points[0].value == pytest.approx(one.curves[1].points[0].value)
    trees = train_trees(TRAINING, "y")
    polars = la.stress(trees, pl.from_pandas(ROWS), OLD, reference=False, **QUICK)
    assert polars.curves[0].points[0].value > 0.9


def test_a_model_of_another_library_is_known_by_what_it_has() -> None:
    class Foreign:
        classes_ = np.array(["no", "yes"])

        def predict_proba(self, rows):
            return SOUND.predict_proba(rows[INPUTS])

    class Numbers:
        def predict(self, rows):
            return rows["income"]

    options = {**QUICK, "reference": False}
    assert la.stress(Foreign(), ROWS, OLD, **options).curves[0].metric == "roc_auc"
    rows = ROWS.assign(y=ROWS["income"])
    assert la.stress(Numbers(), rows, OLD, **options).curves[0].points[0].value == 1


def test_numbers_and_metrics_of_ones_own() -> None:
    rows = ROWS.assign(y=3 * ROWS["income"] + 1)
    model = LinearRegression().fit(rows[["income"]], rows["y"])
    steps = [{"name": "wrong_units", "column": "income", "share": 0.5, "factor": 100}]
    found = la.stress(model, rows, steps, metric=["mae", "r2"], **QUICK)
    assert [curve.higher for curve in found.curves] == [False, True]
    assert found.breaks == 1
    own = la.stress(
        model, rows, steps, metric=lambda truth, guess: -np.abs(truth - guess).max(), **QUICK
    )
    assert own.breaks == 1
    assert own.curves[0].points[0].value == pytest.approx(0)


def test_without_a_target_changed_rows_are_to_be_found() -> None:
    rows = ROWS[["age", "income"]]
    detector = IsolationForest(n_estimators=30, random_state=0).fit(rows)
    steps = [{"name": "wrong_units", "column": "income", "share": 0.1, "factor": 50}]
    found = la.stress(detector, rows, steps, repeats=3, dials=(0, 1))
    start, end = found.curves[0].points
    assert start.reason == "No row was changed."
    assert end.value > 0.9
    assert "finds changed rows from dial 1 on" in found.answer


def test_without_a_target_a_drift_is_to_be_noticed() -> None:
    rows = ROWS[["age"]]

    def watch(frame: pd.DataFrame) -> np.ndarray:
        return frame["age"].rolling(60, min_periods=60).mean().to_numpy()

    steps = [{"name": "covariate_drift", "column": "age", "shift": 2, "at": 0.5}]
    options = {"threshold": rows["age"].mean() + 8}
    found = la.stress(watch, rows, steps, repeats=4, dials=(0, 1), **options)
    noticed, delay, false = (curve.points[-1].value for curve in found.curves)
    assert (noticed, false) == (1, 0)
    assert 10 < delay < 60
    assert "an alarm followed the drift in 4 of 4 runs" in found.answer


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"target": "z"}, "there is no 'z'"),
        ({"metric": "roc"}, "Did you mean 'roc_auc'"),
        ({"dials": (0.5, 1)}, "dials must increase from 0"),
        ({"dials": (0, 2)}, "must be a number in"),
        ({"repeats": 1}, "repeats must be an integer"),
        ({"positive": "maybe"}, "positive must be a class of 'y'"),
    ],
)
def test_a_wrong_call_is_one_clear_error(options, message) -> None:
    with pytest.raises((ParameterError, SchemaError), match=message):
        la.stress(SOUND, ROWS, OLD, **{**QUICK, **options})


def test_a_wrong_model_is_one_clear_error() -> None:
    with pytest.raises(ParameterError, match="must be a fitted scikit-learn estimator"):
        la.stress("model", ROWS, OLD, **QUICK)
    with pytest.raises(ParameterError, match="one score or label for each of 900 rows"):
        la.stress(lambda rows: [1.0], ROWS, OLD, **QUICK)
    with pytest.raises(SchemaError, match="no 'income'"):
        la.stress(SOUND, ROWS.drop(columns="income"), OLD, **QUICK)


@pytest.mark.parametrize(
    "step",
    [
        {"name": "clipped", "column": "income", "low": -1, "high": 1},
        {"name": "stuck", "column": "income", "length": 10, "runs": 8},
        {"name": "noisy", "column": "income", "share": 0.5, "scale": 2},
        {"name": "prior_drift", "column": "y", "level": "yes", "share": 0.9},
        {"name": "concept_drift", "column": "y", "by": "income"},
        {"name": "duplicates", "share": 0.4},
    ],
    ids=lambda step: step["name"],
)
def test_the_dial_scales_every_step(step) -> None:
    rows = to_arrow(ROWS)[0]
    sums = []
    for dial in (0, 0.5, 1):
        run = Scenario([step]).run(rows, 3, dial)
        sums.append(sum(run.labels["strength"].to_pylist()))
    assert sums[0] <= sums[1] <= sums[2]
    assert sums[2] > 0
    if step["name"] != "prior_drift":
        assert sums[0] == 0


class Labels:
    """A model that gives labels alone."""

    def __init__(self, levels: tuple[int, int]) -> None:
        self.classes_ = np.array(levels)

    def fit(self, rows: pd.DataFrame, y: object = None) -> Labels:
        return self

    def predict(self, rows: pd.DataFrame) -> np.ndarray:
        return self.classes_[(rows["x"].to_numpy() > 0).astype(int)]


@pytest.mark.parametrize(("levels", "positive"), [((0, 1), 0), ((0, 1), 1), ((1, 2), 2)])
def test_labels_of_a_model_without_probabilities_are_labels(levels, positive) -> None:
    x = np.random.default_rng(0).normal(size=300)
    rows = pd.DataFrame({"x": x, "y": np.array(levels)[(x > 0).astype(int)]})
    steps = [{"name": "noisy", "column": "x", "share": 0.5}]
    options = {"target": "y", "repeats": 3, "dials": (0, 1), "positive": positive}
    found = la.stress(Labels(levels), rows, steps, reference=False, metric="accuracy", **options)
    assert found.curves[0].points[0].value == 1.0


def test_a_model_that_fails_in_some_draws_fails() -> None:
    calls = []

    def moody(rows: pd.DataFrame) -> np.ndarray:
        calls.append(len(rows))
        if len(calls) > 2 and len(calls) % 2:
            raise ValueError("an unknown level")
        return np.full(len(rows), 0.5)

    steps = [{"name": "noisy", "column": "income", "share": 0.5}]
    found = la.stress(moody, ROWS, steps, reference=False, **QUICK)
    assert found.breaks is not None
    assert "an unknown level" in found.answer
