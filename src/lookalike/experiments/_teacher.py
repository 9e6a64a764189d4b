"""A teacher: an ensemble that has learned the real rows and draws the labels of other rows.

After Bucilua, Caruana and Niculescu-Mizil 2006, who let an ensemble label generated rows for a
small model.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.special import log_softmax, softmax

from lookalike._core.numerics import Floats
from lookalike._core.seeds import generator
from lookalike.metrics import models_for

__all__ = ["Teacher"]

#: The models whose probabilities are averaged, of classes and of numbers.
_OF_CLASSES = ("logistic regression", "random forest", "boosted trees")
_OF_NUMBERS = ("ridge regression", "random forest", "boosted trees")
#: The number of folds: each model learns the other ones.
_FOLDS = 5
#: The least probability of a class.
_LEAST = 1e-6
#: The weight of squared biases, by which a class of very few rows is not carried away.
_RIDGE = 1e-4
#: The share of the learned rows, the nearest by prediction, from which an error is drawn.
_NEAR = 0.1


@dataclass(frozen=True)
class Teacher:
    """An ensemble of models of several families, each fitted without one of five folds.

    Of classes, it gives probabilities. Their temperature and the bias of each class are those that
    make the classes of left-out rows most probable (bias-corrected temperature scaling: Alexandari
    et al. 2020, arXiv 1901.06852), so that a rare class is drawn as often as it occurs. Of numbers,
    it gives the mean, and errors of left-out rows.

    Parameters
    ----------
    members : tuple of (transformer, estimator)
        Fitted.
    known : ndarray of float, shape (k,) or None
        The classes, increasing; None if the target is a number.
    slope : float
        The inverse of the temperature.
    bias : ndarray of float, shape (k,)
        That of each class; empty for numbers.
    left_out : ndarray of float, shape (n, 2)
        For numbers, predictions of left-out rows, increasing, and their errors; empty for classes.
    """

    members: tuple[tuple[Any, Any], ...]
    known: Floats | None
    slope: float
    bias: Floats
    left_out: Floats

    @classmethod
    def fit(
        cls,
        inputs: Floats,
        target: Floats,
        prepare: Callable[[], Any],
        seed: int,
        *,
        classes: bool,
    ) -> Self:
        """Fit the ensemble.

        Parameters
        ----------
        inputs : ndarray of float, shape (n, columns)
            Two rows or more.
        target : ndarray of float, shape (n,)
            Classes or numbers.
        prepare : callable
            Returns an unfitted preprocessing of inputs.
        seed : int
            The seed of folds and models.
        classes : bool
            Whether the target has classes.
        """
        folds = _folds(target if classes else np.zeros(len(target)), seed)
        known = np.unique(target) if classes else None
        members: list[tuple[Any, Any]] = []
        guesses = np.zeros((len(target), 1 if known is None else len(known)))
        for fold in np.unique(folds):
            out = folds == fold
            some = _members(inputs[~out], target[~out], prepare, seed + int(fold), known)
            guesses[out] = _mean(some, inputs[out], known)
            members += some
        if known is None:
            order = np.argsort(guesses[:, 0], kind="stable")
            errors = target - guesses[:, 0]
            left_out = np.column_stack([guesses[order, 0], errors[order]])
            return cls(tuple(members), None, 1.0, np.empty(0), left_out)
        slope, bias = _calibration(guesses, np.searchsorted(known, target))
        return cls(tuple(members), known, slope, bias, np.empty((0, 2)))

    def predict(self, inputs: Floats) -> Floats:
        """Return the probabilities of the classes, or the numbers.

        Parameters
        ----------
        inputs : ndarray of float, shape (n, columns)

        Returns
        -------
        ndarray of float, shape (n, k), or (n,) for numbers
        """
        guesses = _mean(self.members, inputs, self.known)
        if self.known is None:
            numbers: Floats = guesses[:, 0]
            return numbers
        calibrated: Floats = softmax(_logits(guesses, self.slope, self.bias), axis=1)
        return calibrated

    def draw(self, inputs: Floats, rng: np.random.Generator) -> Floats:
        """Draw a label for each row: a class by its probability, or a number with an error.

        Parameters
        ----------
        inputs : ndarray of float, shape (n, columns)
        rng : Generator

        Returns
        -------
        ndarray of float, shape (n,)
        """
        found, uniforms = self.predict(inputs), rng.random(len(inputs))
        if self.known is not None:
            reached = found.cumsum(axis=1)
            places = (reached[:, :-1] <= uniforms[:, None] * reached[:, -1:]).sum(axis=1)
            drawn: Floats = self.known[places]
            return drawn
        # The error of one of the left-out rows whose predictions are nearest.
        count = len(self.left_out)
        near = max(round(_NEAR * count), 1)
        first = np.searchsorted(self.left_out[:, 0], found) - near // 2
        places = np.clip(first, 0, count - near) + (uniforms * near).astype(np.int64)
        numbers: Floats = found + self.left_out[places, 1]
        return numbers


def _folds(classes: Floats, seed: int) -> npt.NDArray[np.int64]:
    """Return the number of a fold for each row; each has its share of every class."""
    order = generator(seed, "teacher").permutation(len(classes))
    order = order[np.argsort(classes[order], kind="stable")]
    folds = np.empty(len(classes), np.int64)
    folds[order] = np.arange(len(classes)) % _FOLDS
    return folds


def _members(
    inputs: Floats, target: Floats, prepare: Callable[[], Any], seed: int, known: Floats | None
) -> list[tuple[Any, Any]]:
    """Fit a model of each family; none where there is a single class."""
    if known is not None and len(np.unique(target)) < 2:
        return []
    prepared = prepare()
    rows = prepared.fit_transform(inputs)
    made = models_for(known is not None, seed % 2**31)
    names = _OF_NUMBERS if known is None else _OF_CLASSES
    return [(prepared, made[name](len(target)).fit(rows, target)) for name in names]


def _mean(members: Any, inputs: Floats, known: Floats | None) -> Floats:
    """Return the mean prediction, shape (n, classes) or (n, 1)."""
    if known is None:
        one = [model.predict(prepared.transform(inputs)) for prepared, model in members]
        numbers: Floats = np.mean(one, axis=0)[:, None]
        return numbers
    total = np.zeros((len(inputs), len(known)))
    for prepared, model in members:
        places = np.searchsorted(known, model.classes_)
        total[:, places] += model.predict_proba(prepared.transform(inputs))
    shares: Floats = (total + _LEAST) / (total + _LEAST).sum(axis=1, keepdims=True)
    return shares


def _logits(guesses: Floats, slope: float, bias: Floats) -> Floats:
    scaled: Floats = slope * np.log(np.maximum(guesses, _LEAST)) + bias
    return scaled


def _calibration(guesses: Floats, places: Any) -> tuple[float, Floats]:
    """Return the slope and the biases that make the classes of left-out rows most probable."""
    rows, logs = np.arange(len(places)), np.log(np.maximum(guesses, _LEAST))
    ones = np.zeros_like(logs)
    ones[rows, places] = 1.0

    def loss(free: Floats) -> tuple[float, Floats]:
        found = log_softmax(free[0] * logs + free[1:], axis=1)
        away = (np.exp(found) - ones) / len(places)
        slope = np.concatenate([[(away * logs).sum()], away.sum(axis=0) + 2 * _RIDGE * free[1:]])
        return float(-found[rows, places].mean() + _RIDGE * (free[1:] ** 2).sum()), slope

    start = np.concatenate([[1.0], np.zeros(logs.shape[1])])
    bounds = [(0.05, 20.0), *([(-20.0, 20.0)] * logs.shape[1])]
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds).x
    return float(found[0]), found[1:]
