"""Weak slices: found where a model never learned, and not where it is as good as elsewhere."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression

import lookalike as la
from lookalike.scenarios import CovariateDrift, PriorDrift
from lookalike.scenarios._base import RowSlice
from lookalike.scenarios._stress_slices import checked_slices
from lookalike.scenarios._stressed_model import Predictions, Problem
from lookalike.tables import to_arrow

WEST = [{"name": "prior_drift", "column": "region", "level": "west", "share": 0.9, "at": 0}]
CLASSES = Problem("classes", "y", ("no", "yes"))


def table(rows: int, seed: int) -> pd.DataFrame:
    """The west has many more of the class, whatever x is."""
    random = np.random.default_rng(seed)
    x, west = random.normal(size=rows), random.random(rows) < 0.2
    chance = 1 / (1 + np.exp(-x + np.where(west, -2.0, 1.0)))
    return pd.DataFrame(
        {
            "x": x,
            "region": np.where(west, "west", "east"),
            "y": np.where(random.random(rows) < chance, "yes", "no"),
        }
    )


def test_a_level_that_was_never_seen_is_found_at_dial_0() -> None:
    training, rows = table(2_000, 0), table(700, 1)
    east = training[training["region"] == "east"]
    model = LogisticRegression().fit(east[["x"]], east["y"])
    options = {"target": "y", "repeats": 3, "dials": (0, 1), "reference": False}
    found = la.stress(model, rows, WEST, metric="roc_auc", **options)
    assert found.weak is not None
    assert found.weak.words == "region = 'west'"
    assert found.weak.rows == (rows["region"] == "west").sum()
    assert found.weak.low > 0.05
    assert "The model is weak on the" in found.answer
    assert found.standing == "weak on the rows that come"
    assert type(found).from_json(found.to_json()) == found
    assert "region = &#39;west&#39;" in found.to_html()
    # One that knows the regions is not weak there, and the report does not say so.
    inputs = pd.get_dummies(training[["x", "region"]], dtype=float)
    sound = LogisticRegression().fit(inputs, training["y"])
    holds = la.stress(
        lambda frame: sound.predict_proba(pd.get_dummies(frame, dtype=float)[inputs.columns]),
        rows,
        WEST,
        **options,
    )
    assert holds.weak is None
    assert len(holds.slices) == 1
    assert "weak on the" not in holds.answer


def test_sound_scores_are_called_weak_at_most_at_the_level() -> None:
    found = 0
    for seed in range(8):
        random = np.random.default_rng(seed)
        scores = random.normal(size=300)
        truth = (random.random(300) < 1 / (1 + np.exp(-scores))).astype(float)
        shares = 1 / (1 + np.exp(-scores))
        given = Predictions(np.column_stack([1 - shares, shares]), probable=True)
        part = RowSlice("some rows", random.random(300) < 0.3)
        found += checked_slices(CLASSES, truth, given, [part], random)[0].is_weak(0.05)
    assert found <= 1


@pytest.mark.parametrize("kind", ["labels", "many classes", "numbers"])
def test_predictions_of_every_kind_are_corrected(kind) -> None:
    random = np.random.default_rng(0)
    inside = np.arange(400) < 120
    if kind == "numbers":
        truth = random.normal(size=400)
        given = Predictions(truth + random.normal(0, 0.1, 400) + 3 * inside)
        problem = Problem("numbers", "y")
    else:
        count = 2 if kind == "labels" else 4
        truth = random.integers(0, count, 400).astype(float)
        guess = np.where(inside, random.integers(0, count, 400), truth).astype(int)
        # Another class than the true one, always the same way.
        guess = np.where(inside, (truth + 1) % count, guess).astype(int)
        given = Predictions(np.eye(count)[guess])
        problem = Problem("classes", "y", tuple("abcd"[:count]))
    part = RowSlice("the first", inside)
    (found,) = checked_slices(problem, truth, given, [part], random)
    assert found.significant
    assert found.gain > 0.3


def test_slices_of_hardly_any_rows_and_constant_scores_say_nothing() -> None:
    random = np.random.default_rng(0)
    truth = (random.random(100) < 0.5).astype(float)
    truth[:3] = np.nan
    given = Predictions(np.full((100, 2), 0.5), probable=True)
    few = RowSlice("few", np.arange(100) < 15)
    nearly_all = RowSlice("nearly all", np.arange(100) < 95)
    half = RowSlice("half", np.arange(100) < 50)
    found = checked_slices(CLASSES, truth, given, [few, nearly_all, half], random)
    assert [one.words for one in found] == ["half"]
    assert not found[0].significant
    # One class only, in the slice and everywhere.
    ones = np.where(np.isnan(truth), np.nan, 1.0)
    assert checked_slices(CLASSES, ones, given, [half], random)[0].gain == 0


def test_drifts_say_which_rows_they_bring() -> None:
    rows = to_arrow(
        pd.DataFrame(
            {"x": [*range(97), np.nan, np.inf, None], "y": list("ab") * 50}, dtype=object
        ).astype({"x": float})
    )[0]
    up = CovariateDrift(column="x", shift=1.5).brings(rows)
    down = CovariateDrift(column="x", shift=-1.5).brings(rows)
    assert up.rows.sum() == down.rows.sum()
    assert not (up.rows & down.rows).any()
    assert up.words.startswith("x ≥ 7")
    assert down.words.startswith("x ≤ 2")
    assert CovariateDrift(column="x", shift=0).brings(rows) is None
    more = PriorDrift(column="y", level="a", share=0.9).brings(rows)
    fewer = PriorDrift(column="y", level="a", share=0.1).brings(rows)
    assert (more.words, fewer.words) == ("y = 'a'", "y ≠ 'a'")
    assert (more.rows == ~fewer.rows).all()
    assert PriorDrift(column="y", level="a", share=0.5).brings(rows) is None


def test_numbers_that_are_wrong_above_a_limit_are_found() -> None:
    random = np.random.default_rng(0)
    x = random.uniform(0, 10, 800)
    rows = pd.DataFrame({"x": x, "y": np.where(x > 6, 40 - 3 * x, x) + random.normal(0, 0.3, 800)})
    low = rows[rows["x"] < 6]
    model = LinearRegression().fit(low[["x"]], low["y"])
    steps = [{"name": "covariate_drift", "column": "x", "shift": 2, "at": 0}]
    options = {"target": "y", "repeats": 3, "dials": (0, 1), "reference": False}
    found = la.stress(model, rows, steps, **options)
    assert found.weak is not None
    assert "off the squared error" in found.answer


def test_rows_that_are_chosen_by_the_target_say_nothing_of_the_model() -> None:
    rows = table(300, 0)
    model = LogisticRegression().fit(rows[["x"]], rows["y"])
    steps = [{"name": "prior_drift", "column": "y", "level": "yes", "share": 0.9, "at": 0}]
    found = la.stress(model, rows, steps, target="y", repeats=2, dials=(0, 1), reference=False)
    assert found.slices == ()
