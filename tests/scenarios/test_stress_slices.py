"""Weak slices: found where a model never learned, and not where it is as good as elsewhere."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression

import lookalike as la
from lookalike._core.errors import ParameterError, SchemaError
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
    assert found.weak.chance < 0.01
    assert found.weak.gain > 0.05 + max(found.weak.sound, 0)
    assert "off that of sound models, which learned other rows of this table" in found.answer
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
    # A page has signs of minus, not hyphens.
    page = holds.to_html()
    assert '<td class="n">−' in page
    assert '<td class="n">-' not in page


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


#: Targets of regressions around a sound mean, and shares of a class around sound chances.
NOISES = {
    "exponential": lambda random, n: random.exponential(size=n) - 1,
    "lognormal": lambda random, n: random.lognormal(0, 1.5, n) - np.exp(1.5**2 / 2),
    "minus lognormal": lambda random, n: np.exp(1.5**2 / 2) - random.lognormal(0, 1.5, n),
}


@pytest.mark.parametrize("trained", [False, True], ids=["true mean", "learned mean"])
@pytest.mark.parametrize("noise", NOISES)
def test_sound_means_of_skewed_targets_are_called_weak_at_most_at_the_level(noise, trained) -> None:
    found, problem = 0, Problem("numbers", "y")
    for seed in range(40):
        random = np.random.default_rng(seed)
        inside = random.random(600) < 0.08
        scores = random.normal(size=600)
        truth = scores + NOISES[noise](random, 600)
        if trained:  # from as many rows, with a mean of the slice of its own
            scores = scores + NOISES[noise](random, 600).mean()
            scores[inside] += NOISES[noise](random, inside.sum()).mean()
        part = RowSlice("some rows", inside)
        said = checked_slices(problem, truth, Predictions(scores), [part], random)
        found += said[0].is_weak(0.05)
    assert found <= 2  # more than two of 40, at 1 %, come with a chance of 0.7 %


@pytest.mark.parametrize("share", [0.01, 0.05])
def test_sound_chances_of_rare_classes_are_called_weak_at_most_at_the_level(share) -> None:
    found = 0
    for seed in range(40):
        random = np.random.default_rng(seed)
        shares = share * np.exp(random.normal(size=600) - 0.5)
        truth = (random.random(600) < shares).astype(float)
        truth[:2] = 0, 1
        given = Predictions(np.column_stack([1 - shares, shares]), probable=True)
        part = RowSlice("some rows", random.random(600) < 0.08)
        found += checked_slices(CLASSES, truth, given, [part], random)[0].is_weak(0.05)
    assert found <= 2


@pytest.mark.parametrize("noise", NOISES)
def test_a_mean_that_is_far_off_in_a_slice_is_found(noise) -> None:
    random = np.random.default_rng(0)
    errors, inside = NOISES[noise](random, 2_000), np.arange(2_000) < 300
    best = errors.std() * random.normal(size=2_000)
    truth, given = best + errors, Predictions(best + 1.5 * errors.std() * inside)
    part = RowSlice("some rows", inside)
    assert checked_slices(Problem("numbers", "y"), truth, given, [part], random)[0].is_weak(0.05)


def test_what_sound_models_err_by_as_well_is_no_weakness() -> None:
    random = np.random.default_rng(0)
    inside = np.arange(900) < 200
    best = random.normal(size=900)
    truth, off = best + random.normal(0, 0.5, 900), Predictions(best + inside)
    part, problem = RowSlice("some rows", inside), Problem("numbers", "y")

    def checked(*sound: Predictions):
        rng = np.random.default_rng(1)
        return checked_slices(problem, truth, off, [part], rng, lambda: sound)[0]

    assert checked().is_weak(0.05)
    assert checked(Predictions(best)).is_weak(0.05)
    # Models that learned other rows are as wrong there: the worst of them counts.
    beside = checked(Predictions(best), off)
    assert beside.significant
    assert beside.sound == pytest.approx(beside.gain, abs=0.05)
    assert not beside.is_weak(0.05)

    def unasked():
        raise AssertionError("Sound models are only asked where a gain is beyond chance.")

    rng = np.random.default_rng(1)
    (found,) = checked_slices(problem, truth, Predictions(best), [part], rng, unasked)
    assert found.sound is None


def test_rows_that_the_target_alone_tells_from_others_say_nothing() -> None:
    random = np.random.default_rng(0)
    rows = table(400, 0).assign(copy=lambda frame: frame["y"].map({"yes": "ja", "no": "nein"}))
    model = LogisticRegression().fit(rows[["x"]], rows["y"])
    options = {"repeats": 2, "dials": (0, 1), "reference": False}
    copied = [{"name": "prior_drift", "column": "copy", "level": "ja", "share": 0.9, "at": 0}]
    found = la.stress(model, rows, [*WEST, *copied], target="y", **options)
    assert [one.words for one in found.slices] == ["region = 'west'"]
    numbers = rows[["x"]].assign(y=random.normal(size=400))
    numbers["again"] = 10 * numbers["y"]
    steps = [{"name": "covariate_drift", "column": "again", "shift": 2, "at": 0}]
    assert la.stress(lambda frame: frame["x"], numbers, steps, target="y", **options).slices == ()


def test_slices_are_looked_at_whatever_form_the_predictions_have() -> None:
    training, rows = table(2_000, 0), table(700, 1)
    east = training[training["region"] == "east"]
    model = LogisticRegression().fit(east[["x"]], east["y"])
    options = {"target": "y", "repeats": 2, "dials": (0, 1), "reference": False}

    def two(frame: pd.DataFrame) -> np.ndarray:
        return model.predict_proba(frame[["x"]])

    forms = {
        "two columns": two,
        "one column": lambda frame: two(frame)[:, 1],
        "a list": lambda frame: two(frame).tolist(),
        "one-hot": lambda frame: np.eye(2)[two(frame).argmax(axis=1)],
        "labels": lambda frame: model.predict(frame[["x"]]),
    }
    for name, form in forms.items():
        found = la.stress(form, rows, WEST, **options)
        assert found.weak is not None, name
    many = rows.assign(y=np.where(rows["x"] > 1, "high", rows["y"]))
    three = LogisticRegression().fit(many[["x"]], many["y"])
    found = la.stress(lambda frame: three.predict_proba(frame[["x"]]), many, WEST, **options)
    assert found.weak is not None
    # Anomalies change rows at dial 0 as well; drifts beside them are looked at all the same.
    both = [*WEST, {"name": "anomalies", "kind": "global", "share": 0.05}]
    assert la.stress(two, rows, both, **options).weak is not None
    # Whole numbers of many kinds are no classes unless they are text.
    count = np.arange(700) % 30
    with pytest.raises(ParameterError, match=r"one number for each of 700 rows.*make it text"):
        la.stress(lambda frame: np.eye(30)[count], rows.assign(y=count), WEST, **options)


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


def test_the_side_of_a_slice_is_written_with_the_digits_that_it_needs() -> None:
    numbers = {
        "whole": np.arange(1_234_500, 1_234_600),
        "fine": 1e6 + np.arange(100) / 8,
        "tiny": 1e-7 * np.arange(100),
    }
    rows = to_arrow(pd.DataFrame(numbers))[0]
    for name, values in numbers.items():
        for shift in (1.5, -1.5):
            found = CovariateDrift(column=name, shift=shift).brings(rows)
            _, sign, edge = found.words.split()
            said = values >= float(edge) if sign == "≥" else values <= float(edge)
            assert (said == found.rows).all(), found.words
    assert "e+" not in CovariateDrift(column="whole", shift=1.5).brings(rows).words


def test_a_level_is_known_by_its_words_and_named_as_the_column_has_it() -> None:
    rows = to_arrow(pd.DataFrame({"n": [1, 2, 2, 3] * 5, "w": ["1", "2", "2", "3"] * 5}))[0]
    for level in (2, "2"):
        found = PriorDrift(column="n", level=level, share=0.9).brings(rows)
        assert found.words == "n = 2"
        assert found.rows.sum() == 10
    assert PriorDrift(column="w", level="2", share=0.9).brings(rows).words == "w = '2'"
    with pytest.raises(
        SchemaError, match=r"2 must be one of several levels of 'w'; it has '1', '2'"
    ):
        PriorDrift(column="w", level=2, share=0.9).brings(rows)


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
