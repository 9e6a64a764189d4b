"""What a model's answers on held-out rows are worth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.metrics import average_precision_score, mean_absolute_error, r2_score

from lookalike._core.numerics import Floats
from lookalike.metrics import macro_auc

__all__ = [
    "CLASS_METRICS",
    "LOWER_IS_BETTER",
    "NUMBER_METRICS",
    "Answers",
    "judge_classes",
    "judge_numbers",
]


#: Of classes and of numbers, the headline first.
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
class Answers:
    """What a classifier says of held-out rows.

    Parameters
    ----------
    truth : ndarray of float, shape (n,)
        Their classes.
    known : ndarray of float, shape (k,)
        The classes that the classifier has learned, increasing.
    scores : ndarray of float, shape (n, k)
        How sure it is of each of them.
    probable : bool
        Whether these are probabilities.
    """

    truth: Floats
    known: Floats
    scores: Floats
    probable: bool

    @property
    def guess(self) -> Floats:
        """The likeliest class of each row."""
        guess: Floats = self.known[self.scores.argmax(axis=1)]
        return guess

    def score_of(self, level: float) -> Floats:
        """Return how sure the classifier is of a class; the same for all rows if unknown."""
        place = np.flatnonzero(self.known == level)
        scores: Floats = self.scores[:, place[0]] if len(place) else np.zeros(len(self.truth))
        return scores


def judge_classes(answers: Answers, binary: bool) -> dict[str, float | str]:
    """Return every metric of a classifier, or in words why there is none.

    With two classes, F1 and average precision are those of class 1, the rarer one; with more, they
    are averaged over the classes of the held-out rows.

    Parameters
    ----------
    answers : Answers
        What it said.
    binary : bool
        Whether the training rows have two classes, 0 and 1.

    Returns
    -------
    dict of str to float or str
        In the order of `CLASS_METRICS`.
    """
    truth, guess = answers.truth, answers.guess
    present = np.unique(truth)
    chosen = np.array([1.0]) if binary else present
    recalls = [np.mean(guess[truth == level] == level) for level in present]
    one = "All held-out rows are of one class."
    none = "No held-out row is of the rarer class."
    found: dict[str, float | str] = {
        "roc_auc": one,
        "accuracy": float(np.mean(guess == truth)),
        "balanced_accuracy": float(np.mean(recalls)),
        "f1": float(np.mean([_f1(truth == level, guess == level) for level in chosen])),
        "average_precision": none,
        "log_loss": "The model gives no probabilities.",
    }
    if len(present) > 1:
        found["roc_auc"] = macro_auc(truth, answers.scores, answers.known, present)
    if np.isin(chosen, truth).all():
        precisions = [
            average_precision_score(truth == level, answers.score_of(level)) for level in chosen
        ]
        found["average_precision"] = float(np.mean(precisions))
    if answers.probable:
        found["log_loss"] = _log_loss(answers)
    return found


def judge_numbers(truth: Floats, guess: Floats) -> dict[str, float | str]:
    """Return every metric of a regressor, or in words why there is none.

    Parameters
    ----------
    truth, guess : ndarray of float, shape (n,)
        What is, and what was predicted.

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
    """Return 2·TP / (2·TP + FP + FN); 0 where nothing is there and nothing is found."""
    both = int((truth & guess).sum())
    all_of_both = int(truth.sum()) + int(guess.sum())
    return 2 * both / all_of_both if all_of_both else 0.0


def _log_loss(answers: Answers) -> float:
    """Return minus the mean log probability of what is true; no probability counts as ε."""
    shares = np.zeros(len(answers.truth))
    for place, level in enumerate(answers.known):
        rows = answers.truth == level
        shares[rows] = answers.scores[rows, place]
    return float(-np.log(np.maximum(shares, np.finfo(float).eps)).mean())
