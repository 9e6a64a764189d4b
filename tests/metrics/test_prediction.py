"""The metrics agree with scikit-learn's, and say why where there is none."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics

from lookalike.metrics._prediction import (
    CLASS_METRICS,
    NUMBER_METRICS,
    ClassPredictions,
    class_metrics,
    number_metrics,
)


def shares(count: int, classes: int) -> np.ndarray:
    """Return random probabilities."""
    return np.random.default_rng(0).dirichlet(np.ones(classes), count)


def test_two_classes() -> None:
    truth = np.random.default_rng(1).integers(0, 2, 50).astype(float)
    scores = shares(50, 2)
    found = class_metrics(ClassPredictions(truth, np.arange(2.0), scores, True), binary=True)
    guess = scores.argmax(axis=1)
    assert tuple(found) == CLASS_METRICS
    assert found == {
        "roc_auc": pytest.approx(metrics.roc_auc_score(truth, scores[:, 1])),
        "accuracy": pytest.approx(metrics.accuracy_score(truth, guess)),
        "balanced_accuracy": pytest.approx(metrics.balanced_accuracy_score(truth, guess)),
        "f1": pytest.approx(metrics.f1_score(truth, guess)),
        "average_precision": pytest.approx(metrics.average_precision_score(truth, scores[:, 1])),
        "log_loss": pytest.approx(metrics.log_loss(truth, scores)),
    }


def test_three_classes() -> None:
    truth = np.random.default_rng(1).integers(0, 3, 60).astype(float)
    scores = shares(60, 3)
    found = class_metrics(ClassPredictions(truth, np.arange(3.0), scores, True), binary=False)
    guess = scores.argmax(axis=1)
    auc = metrics.roc_auc_score(truth, scores, multi_class="ovr")
    assert found["roc_auc"] == pytest.approx(auc)
    assert found["f1"] == pytest.approx(metrics.f1_score(truth, guess, average="macro"))
    assert found["average_precision"] == pytest.approx(
        metrics.average_precision_score(np.eye(3)[truth.astype(int)], scores, average="macro")
    )
    assert found["log_loss"] == pytest.approx(metrics.log_loss(truth, scores))


def test_what_cannot_be_measured_says_why() -> None:
    truth = np.zeros(4)
    found = class_metrics(ClassPredictions(truth, np.arange(2.0), shares(4, 2), False), binary=True)
    assert found["roc_auc"] == "All held-out rows are of one class."
    assert found["average_precision"] == "No held-out row is of the rarer class."
    assert found["log_loss"] == "The model gives no probabilities."


def test_a_class_that_was_not_learned_is_always_wrong() -> None:
    truth = np.array([0.0, 1.0, 2.0, 2.0])
    answers = ClassPredictions(truth, np.arange(2.0), np.array([[0.9, 0.1]] * 4), True)
    found = class_metrics(answers, binary=True)
    assert found["accuracy"] == 0.25
    assert float(found["log_loss"]) > 10


def test_numbers() -> None:
    rng = np.random.default_rng(0)
    truth, guess = rng.normal(size=30), rng.normal(size=30)
    found = number_metrics(truth, guess)
    assert tuple(found) == NUMBER_METRICS
    assert found["r2"] == pytest.approx(metrics.r2_score(truth, guess))
    assert found["rmse"] == pytest.approx(metrics.root_mean_squared_error(truth, guess))
    assert found["mae"] == pytest.approx(metrics.mean_absolute_error(truth, guess))
    assert "the same" in str(number_metrics(np.ones(3), np.ones(3))["r2"])
