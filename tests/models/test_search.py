"""Synthesizers within scikit-learn's searches, cross-validation and pipelines."""

from __future__ import annotations

import pickle
from typing import Any

import pyarrow as pa
import pytest
from joblib import parallel_config
from sklearn import config_context
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV, cross_val_score
from sklearn.pipeline import Pipeline

import lookalike as la
from lookalike._core.errors import DataError, ParameterError
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
    def likeness(model: Any, rows: Any, y: Any = None) -> float:
        made = model.sample(len(rows), random_state=1)
        return la.evaluate(rows, made, metrics=["shape"]).scores["shape"].value

    scores = cross_val_score(Independent(random_state=0), FRAME, scoring=likeness, cv=2)
    assert scores.shape == (2,)
    assert (scores > 0.5).all()


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
