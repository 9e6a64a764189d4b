"""Synthesizers within scikit-learn's searches, cross-validation and pipelines."""

from __future__ import annotations

import math
import pickle
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from joblib import parallel_config
from sklearn import config_context
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV, cross_val_score
from sklearn.pipeline import Pipeline

import lookalike as la
from lookalike._core.errors import DataError, ParameterError
from lookalike._core.seeds import derive_seed
from lookalike.models import Independent, load
from lookalike.tables import Schema

# Of the levels of c, only a occurs seven times in a fold: then the others are pooled.
FRAME = pa.table({"x": [0.5, 1.5] * 18, "c": ["a", "a", "b", "a"] * 9}).to_pandas()
FRAME.loc[::6, "c"] = "c"
CONSTANT = FRAME[["c"]].assign(c="a")
GRID = {"min_category_count": [1, 7]}


def levels(model: Any, rows: Any, y: Any = None) -> float:
    """Score a model by how many levels it makes."""
    return float(len(set(model.sample(200)["c"])))


SEARCHES = {
    "grid": lambda model, **how: GridSearchCV(model, GRID, cv=3, **how),
    "grid, two jobs": lambda model, **how: GridSearchCV(model, GRID, cv=2, n_jobs=2, **how),
    "random": lambda model, **how: RandomizedSearchCV(model, GRID, n_iter=2, cv=3, **how),
}


@pytest.mark.parametrize("search", SEARCHES.values(), ids=SEARCHES)
def test_a_search_finds_the_better_parameter(search: Any) -> None:
    model = pickle.loads(pickle.dumps(Independent(random_state=0)))  # as other processes get it
    with parallel_config("threading"):
        found = search(model, scoring=levels, error_score="raise").fit(FRAME)
    found = pickle.loads(pickle.dumps(found))
    assert found.best_params_ == {"min_category_count": 1}
    assert found.best_score_ == 3
    assert found.best_estimator_.sample(5).shape == (5, 2)


def test_a_search_scores_by_an_evaluation_of_held_out_rows() -> None:
    scorer = la.HeldOutScorer("shape")
    scores = cross_val_score(Independent(random_state=0), FRAME, scoring=scorer, cv=2)
    assert scores.shape == (2,)
    assert (scores > 0.5).all()
    model = Independent(random_state=0).fit(FRAME)
    made = model.sample(len(FRAME), random_state=derive_seed(0, "scorer"))
    again = la.evaluate(FRAME, made, metrics=["shape"], schema=model.schema_).scores["shape"]
    assert scorer(model, FRAME) == again.value
    pipeline = Pipeline([("model", Independent(random_state=0))]).fit(FRAME)
    assert scorer(pipeline, FRAME) == again.value


def test_less_is_better_becomes_more_and_what_cannot_be_computed_nan() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=80)
    numbers = pd.DataFrame({"x": x, "y": x + 0.1 * rng.normal(size=80)})
    model = Independent(random_state=0).fit(numbers)
    assert la.HeldOutScorer("correlation_difference")(model, numbers) < 0
    assert math.isnan(la.HeldOutScorer("tstr")(Independent(random_state=0).fit(FRAME), FRAME))


@pytest.mark.parametrize(
    ("metric", "words"),
    [("membership", "the rows that were learned"), ("trtr", "learned"), ("c2s", "Did you mean")],
)
def test_metrics_that_cannot_score_are_refused(metric: str, words: str) -> None:
    with pytest.raises(ParameterError, match=words):
        la.HeldOutScorer(metric)


def test_a_scorer_predicts_the_target_of_the_fit() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=60)
    frame = pd.DataFrame({"x": x, "c": np.where(x > 0, "yes", "no")})
    model = Independent(random_state=0).fit(frame, target="c")
    named = Independent(random_state=0).fit(frame)
    score = la.HeldOutScorer("tstr")(model, frame)
    assert 0 <= score < 0.9
    assert la.HeldOutScorer("tstr", target="c")(named, frame) == pytest.approx(score, abs=0.5)


def test_rows_may_be_parted_by_classes_that_are_not_learned() -> None:
    found = GridSearchCV(Independent(random_state=0), GRID, cv=2, scoring=levels)
    assert found.fit(FRAME[["x", "c"]], FRAME["c"]).best_score_ == 3
    assert found.best_estimator_.schema_.names == ("x", "c")


def test_options_of_fit_are_handed_on() -> None:
    common = {"min_category_count": [1, 2]}  # more would warn of the target's rare classes
    found = GridSearchCV(Independent(random_state=0), common, cv=2, scoring=levels)
    assert found.fit(FRAME, target="c").best_estimator_.target_ == "c"
    with config_context(enable_metadata_routing=True):
        model = Independent(random_state=0).set_fit_request(target=True)
        routed = GridSearchCV(model, common, cv=2, scoring=levels).fit(FRAME, target="c")
        assert routed.best_estimator_.target_ == "c"
        assert clone(model.fit(FRAME)).get_metadata_routing().fit.requests["target"] is True


def test_a_pipeline_ends_in_a_synthesizer() -> None:
    pipeline = Pipeline([("model", Independent(random_state=0))])
    assert pipeline.fit(FRAME)[-1].sample(4).shape == (4, 2)
    grid = {f"model__{name}": values for name, values in GRID.items()}
    found = GridSearchCV(
        pipeline, grid, cv=2, scoring=lambda model, rows, y=None: levels(model[-1], rows)
    )
    assert found.fit(FRAME).best_params_ == {"model__min_category_count": 1}


def test_a_fit_replaces_what_fits_have_set_and_nothing_else() -> None:
    model = Independent(random_state=0)
    model.mark = "of another"
    model.fit(FRAME)
    model.leftover_ = "of another too"
    with pytest.raises(DataError):
        model.fit(FRAME, target="d")
    assert (model.mark, model.leftover_, model.n_rows_) == ("of another", "of another too", 36)
    assert "_shares" in vars(model)
    model.fit(CONSTANT)
    assert (model.mark, model.leftover_) == ("of another", "of another too")
    assert "_shares" not in vars(model)  # nothing is learned of a constant


def test_what_a_file_has_brought_is_replaced_as_well(tmp_path: Any) -> None:
    Independent(random_state=0).fit(FRAME).save(tmp_path / "m.lookalike")
    model = load(tmp_path / "m.lookalike")
    model.mark = "of another"
    assert "_shares" in vars(model)
    model.fit(CONSTANT)
    assert model.mark == "of another"
    assert "_shares" not in vars(model)


@pytest.mark.parametrize("y", ["c", {"c": "categorical"}, Schema(())])
def test_what_is_meant_for_another_argument_is_not_ignored(y: Any) -> None:
    with pytest.raises(ParameterError, match="Name the column to predict by target="):
        Independent().fit(FRAME, y)
