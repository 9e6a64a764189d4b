"""Dense networks keep to scikit-learn's contract, learn, and stop early."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.datasets import make_classification
from sklearn.model_selection import RandomizedSearchCV
from sklearn.utils.estimator_checks import parametrize_with_checks

from lookalike._core.errors import ParameterError
from lookalike._core.seeds import generator
from lookalike.models import DenseClassifier, DenseRegressor
from lookalike.models.dense import _split

pytestmark = pytest.mark.train

# One shape for all tests: compiling takes longest.
SMALL: dict[str, Any] = {"layers": 2, "units": 32, "random_state": 0}


@pytest.fixture(scope="module")
def classes() -> tuple[np.ndarray, np.ndarray]:
    """Return rows of two classes that a plane does not part."""
    rng = np.random.default_rng(0)
    inputs = rng.normal(size=(300, 3))
    return inputs, (inputs[:, 0] * inputs[:, 1] > 0).astype(int)


@parametrize_with_checks(
    [DenseClassifier(**SMALL, learning_rate=0.01), DenseRegressor(**SMALL, learning_rate=0.01)]
)
def test_scikit_learn_contract(estimator: Any, check: Any) -> None:
    check(estimator)


def test_it_learns_what_no_plane_can_part(classes: tuple[np.ndarray, np.ndarray]) -> None:
    inputs, labels = classes
    model = DenseClassifier(**SMALL, learning_rate=0.01).fit(inputs, labels)
    rng = np.random.default_rng(1)
    fresh = rng.normal(size=(500, 3))
    assert model.score(fresh, fresh[:, 0] * fresh[:, 1] > 0) > 0.85


def test_it_stops_early_and_keeps_the_best(classes: tuple[np.ndarray, np.ndarray]) -> None:
    inputs, labels = classes
    model = DenseClassifier(**SMALL, patience=3).fit(inputs, labels)
    assert 3 < model.n_iter_ < 300
    _, held = _split(labels.astype(float), 0.2, generator(0, "dense", "validation"))
    assert model.score(inputs[held], labels[held]) == pytest.approx(model.validation_score_)


def test_the_same_seed_gives_the_same_network(classes: tuple[np.ndarray, np.ndarray]) -> None:
    inputs, labels = classes
    shares = [
        DenseClassifier(**SMALL | {"random_state": seed}, epochs=4)
        .fit(inputs, labels)
        .predict_proba(inputs)
        for seed in (1, 1, 2)
    ]
    np.testing.assert_array_equal(shares[0], shares[1])
    assert np.abs(shares[0] - shares[2]).max() > 0.01


def test_validation_rows_are_spread_over_the_classes() -> None:
    targets = np.repeat([0.0, 1.0, 2.0], [50, 30, 20])
    learned, held = _split(targets, 0.2, np.random.default_rng(0))
    assert np.bincount(targets[held].astype(int)).tolist() == [10, 6, 4]
    assert sorted([*learned, *held]) == list(range(100))


@pytest.mark.parametrize(
    "activation", [pytest.param("elu", marks=pytest.mark.slow), "selu", "relu"]
)
def test_every_activation_predicts_as_it_was_trained(
    classes: tuple[np.ndarray, np.ndarray], activation: str
) -> None:
    # Training is in JAX, prediction in numpy: the scores on the validation rows must agree.
    inputs = classes[0]
    settings = SMALL | {"activation": activation}
    model = DenseRegressor(**settings, epochs=8).fit(inputs, inputs[:, 0])
    target = (inputs[:, 0] - inputs[:, 0].mean()) / inputs[:, 0].std()
    _, held = _split(target, 0.2, generator(0, "dense", "validation"))
    errors = (model.predict(inputs[held]) - inputs[held, 0]) / inputs[:, 0].std()
    assert -np.mean(errors**2) == pytest.approx(model.validation_score_, rel=1e-4)


def test_random_search(classes: tuple[np.ndarray, np.ndarray]) -> None:
    space = {"learning_rate": [1e-3, 1e-2], "dropout": [0.2, 0.4], "patience": [2]}
    model = DenseClassifier(**SMALL, epochs=5)
    search = RandomizedSearchCV(model, space, n_iter=2, cv=3, random_state=0).fit(*classes)
    assert search.best_params_["patience"] == 2
    assert search.predict(classes[0]).shape == (300,)


def test_balanced_weights_find_the_rare_class() -> None:
    inputs, labels = make_classification(
        300, n_features=4, weights=[0.93], flip_y=0.05, class_sep=0.6, random_state=0
    )
    found = [
        DenseClassifier(**SMALL, class_weight=weight, epochs=40).fit(inputs, labels)
        for weight in (None, "balanced")
    ]
    rare = [model.predict(inputs)[labels == 1].mean() for model in found]
    assert rare[1] > rare[0]


def test_all_broken_parameters_are_said_at_once() -> None:
    with pytest.raises(ParameterError) as caught:
        DenseClassifier(layers=0, activation="tanh", dropout=1.0).fit([[0.0], [1.0]], [0, 1])
    for name in ("layers", "activation", "dropout"):
        assert name in str(caught.value)


@pytest.mark.parametrize("rows", [1, 2, 7])
def test_very_few_rows(rows: int) -> None:
    inputs = np.arange(rows, dtype=float)[:, None]
    model = DenseRegressor(**SMALL, epochs=2).fit(inputs, inputs[:, 0])
    assert np.isfinite(model.predict(inputs)).all()
