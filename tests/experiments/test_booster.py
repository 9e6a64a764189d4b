"""`Booster` is a sampler as imbalanced-learn has them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from imblearn.pipeline import make_pipeline
from imblearn.utils.estimator_checks import estimator_checks_generator
from sklearn.compose import make_column_transformer
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.naive_bayes import GaussianNB
from sklearn.preprocessing import OneHotEncoder
from sklearn.tree import DecisionTreeClassifier

from lookalike._core.errors import LookalikeWarning, ParameterError
from lookalike.experiments import Booster
from lookalike.models import Independent

SPARSE = {"check_samplers_pandas_sparse": "sparse frames are not tables of plain columns"}


CHECKS = list(
    estimator_checks_generator(
        Booster(Independent(), random_state=0), expected_failed_checks=SPARSE, mark="xfail"
    )
)


@pytest.mark.parametrize(("estimator", "check"), CHECKS)
def test_imbalanced_learn_contract(estimator: Any, check: Any) -> None:
    check(estimator)


def test_real_rows_come_first_and_frames_stay_what_they_are(trains: pa.Table) -> None:
    frame = trains.to_pandas()
    frame["count"] = np.arange(120, dtype=np.int16)
    inputs = frame[["town", "count", "x"]].astype({"town": "category"})
    before = inputs.copy()
    made, labels = Booster(Independent(), factor=0.5).fit_resample(inputs, frame["late"])
    assert isinstance(made, pd.DataFrame)
    assert made.shape == (180, 3)
    assert made.dtypes.equals(inputs.dtypes)
    pd.testing.assert_frame_equal(made.iloc[:120], inputs)
    pd.testing.assert_frame_equal(inputs, before)
    assert labels.name == "late"
    assert set(labels) == {"yes", "no"}


def test_polars_frames(trains: pa.Table) -> None:
    frame = pl.from_arrow(trains)
    made, labels = Booster(Independent()).fit_resample(frame.drop("late"), frame["late"])
    assert isinstance(made, pl.DataFrame)
    assert isinstance(labels, pl.Series)
    assert len(made) == len(labels) == 144


def test_balance_fills_the_rarer_classes() -> None:
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1, 2], [60, 25, 15])
    booster = Booster(Independent(), factor=0.1, balance=True, random_state=0)
    made, found = booster.fit_resample(rng.normal(size=(100, 2)), labels)
    counts = np.bincount(found[:100]), np.bincount(found[110:])
    assert counts[0].tolist() == [60, 25, 15]
    assert counts[1].tolist() == [0, 35, 45]
    assert sum(booster.sampling_strategy_.values()) == len(made) - 100 == 90


def test_a_class_that_is_never_made_is_said(
    trains: pa.Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    sample = Independent.sample

    def never(self: Any, n: int, **options: Any) -> pa.Table:
        rows = sample(self, n, **options)
        return rows.set_column(3, "target", pa.array(["no"] * n, pa.string()))

    monkeypatch.setattr(Independent, "sample", never)
    frame = trains.to_pandas()
    frame["one"] = 1.5
    inputs = frame[["x", "town", "one"]]
    with pytest.warns(LookalikeWarning, match="still lacking {'yes'"):
        Booster(Independent(), factor=0, balance=True).fit_resample(inputs, frame["late"])


def test_pipelines_and_searches(trains: pa.Table) -> None:
    frame = trains.to_pandas()
    onehot = make_column_transformer((OneHotEncoder(), ["town"]), remainder="passthrough")
    steps = make_pipeline(Booster(Independent(), random_state=0), onehot, DecisionTreeClassifier())
    scores = cross_val_score(steps, frame[["x", "town"]], frame["late"], cv=3)
    assert len(scores) == 3
    grid = {"booster__factor": [0, 0.5], "booster__balance": [True, False]}
    numbers = make_pipeline(Booster(Independent(), random_state=0), GaussianNB())
    search = GridSearchCV(numbers, grid, cv=2).fit(frame[["x"]], frame["late"])
    assert set(search.best_params_) == set(grid)


def test_the_same_seed_adds_the_same_rows(trains: pa.Table) -> None:
    x = trains["x"].to_numpy()[:, None]
    y = np.array(trains["late"].to_pylist())
    made = [Booster(Independent(), random_state=s).fit_resample(x, y)[0] for s in (0, 0, 1)]
    np.testing.assert_array_equal(made[0], made[1])
    assert (made[0] != made[2]).any()


def test_an_interrupt_of_the_fit_is_an_interrupt(trains: pa.Table, cut: Independent) -> None:
    frame = trains.to_pandas()
    with pytest.raises(KeyboardInterrupt):
        Booster(cut).fit_resample(frame[["x", "town"]], frame["late"])


def test_broken_parameters() -> None:
    with pytest.raises(ParameterError) as caught:
        Booster("GAN", factor=-1, balance=None).fit([[1.0], [2.0]], [0, 1])
    for name in ("synthesizer", "factor", "balance"):
        assert name in str(caught.value)
