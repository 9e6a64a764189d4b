"""Measures of predictions for held-out rows: of classes, and of numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.metrics import average_precision_score, mean_absolute_error, r2_score

from lookalike._core.numerics import Floats
from lookalike.metrics._models import macro_auc

__all__ = [
    "CLASS_METRICS",
    "LOWER_IS_BETTER",
    "NUMBER_METRICS",
    "ClassPredictions",
    "class_metrics",
    "number_metrics",
]


#: The metrics of classes and of numbers, the headline first.
CLASS_METRICS = (
    "roc_auc",
    "accuracy",
    "balanced_accuracy",
    "f1",
    "average_precision",
    "log_loss",
)
NUMBER_METRICS = ("r2", "rmse", "mae")
LOWER_IS_BETTER = frozenset({"log_loss", "rmse", "mae"})


@dataclass(frozen=True)
class ClassPredictions:
    """The predictions of a classifier for held-out rows.

    Parameters
    ----------
    truth : ndarray of float, shape (n,)
        Their classes.
    known : ndarray of float, shape (k,)
        The classes that the classifier has learned, increasing.
    scores : ndarray of float, shape (n, k)
        Its scores for each of them.
    probable : bool
        True if these are probabilities.
    """

    truth: Floats
    known: Floats
    scores: Floats
    probable: bool

    @property
    def present(self) -> Floats:
        """The classes of the rows, increasing."""
        return np.unique(self.truth)

    @property
    def accuracy(self) -> float:
        """The share of rows whose class is predicted."""
        return float(np.mean(self.guess == self.truth))

    @property
    def balanced_accuracy(self) -> float:
        """The mean over classes of the share of their rows whose class is predicted."""
        recalls = [np.mean(self.guess[self.truth == c] == c) for c in self.present]
        return float(np.mean(recalls))

    @property
    def roc_auc(self) -> float:
        """The mean over classes of the ROC AUC of one against the rest."""
        return macro_auc(self.truth, self.scores, self.known, self.present)

    @property
    def guess(self) -> Floats:
        """The likeliest class of each row."""
        guess: Floats = self.known[self.scores.argmax(axis=1)]
        return guess

    def score_of(self, level: float) -> Floats:
        """Return the scores of a class; all equal if the classifier does not know it."""
        place = np.flatnonzero(self.known == level)
        scores: Floats = self.scores[:, place[0]] if len(place) else np.zeros(len(self.truth))
        return scores


def class_metrics(predictions: ClassPredictions, binary: bool) -> dict[str, float | str]:
    """Return every metric of class predictions, or in words why there is none.

    With two classes, F1 and average precision are those of class 1, the rarer one; with more, they
    are averaged over the classes of the held-out rows.

    Parameters
    ----------
    predictions : ClassPredictions
        The predictions for held-out rows.
    binary : bool
        True if the training rows have two classes, 0 and 1.

    Returns
    -------
    dict of str to float or str
        In the order of `CLASS_METRICS`.
    """
    truth, guess, present = predictions.truth, predictions.guess, predictions.present
    chosen = np.array([1.0]) if binary else present
    one = "All held-out rows are of one class."
    none = "No held-out row is of the rarer class."
    values: dict[str, float | str] = {
        "roc_auc": one,
        "accuracy": predictions.accuracy,
        "balanced_accuracy": predictions.balanced_accuracy,
        "f1": float(np.mean([_f1(truth == level, guess == level) for level in chosen])),
        "average_precision": none,
        "log_loss": "The model gives no probabilities.",
    }
    if len(present) > 1:
        values["roc_auc"] = predictions.roc_auc
    if np.isin(chosen, truth).all():
        precisions = [
            average_precision_score(truth == level, predictions.score_of(level)) for level in chosen
        ]
        values["average_precision"] = float(np.mean(precisions))
    if predictions.probable:
        values["log_loss"] = _log_loss(predictions)
    return values


def number_metrics(truth: Floats, guess: Floats) -> dict[str, float | str]:
    """Return every metric of predicted numbers, or in words why there is none.

    Parameters
    ----------
    truth, guess : ndarray of float, shape (n,)
        The true and the predicted numbers.

    Returns
    -------
    dict of str to float or str
        In the order of `NUMBER_METRICS`.
    """
    same = "The target is the same in all held-out rows."
    return {
        "r2": float(r2_score(truth, guess)) if np.ptp(truth) > 0 else same,
        "rmse": float(np.sqrt(np.mean((truth - guess) ** 2))),
        "mae": float(mean_absolute_error(truth, guess)),
    }


def _f1(truth: npt.NDArray[np.bool_], guess: npt.NDArray[np.bool_]) -> float:
    """Return 2·TP / (2·TP + FP + FN), and 0 where all three are 0."""
    both = int((truth & guess).sum())
    all_of_both = int(truth.sum()) + int(guess.sum())
    return 2 * both / all_of_both if all_of_both else 0.0


def _log_loss(predictions: ClassPredictions) -> float:
    """Return minus the mean log probability of the true class; a probability of 0 counts as ε."""
    shares = np.zeros(len(predictions.truth))
    for place, level in enumerate(predictions.known):
        rows = predictions.truth == level
        shares[rows] = predictions.scores[rows, place]
    return float(-np.log(np.maximum(shares, np.finfo(float).eps)).mean())
