"""A user's preprocessing and estimator: fitted on training rows alone, asked about others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.pipeline import Pipeline

from lookalike._core.numerics import Floats
from lookalike._core.seeds import generator
from lookalike.experiments._arms import TrainingSet
from lookalike.experiments._battery import inputs_frame, seed_all
from lookalike.experiments._pipeline._store import StepArrays, arrays_digest
from lookalike.metrics import (
    ClassPredictions,
    Codebook,
    class_metrics,
    class_scores,
    number_metrics,
    preprocessor,
)

__all__ = ["Predictor", "PreparedRows", "measured", "row_losses"]

#: The least probability of a true class that counts: one row must not outweigh all others.
_LEAST = 0.01
#: The metrics of classes that need not be computed with all others.
_ALONE = ("roc_auc", "accuracy", "balanced_accuracy")


@dataclass(frozen=True)
class PreparedRows:
    """Training rows after preprocessing, and the fitted steps.

    Parameters
    ----------
    inputs : ndarray or dataframe, shape (n, features)
        Inputs of the estimator.
    target : ndarray of float, shape (n,)
        Classes as numbers, or numbers.
    steps : tuple of estimator
        The fitted transformers, in turn; samplers, which act on training rows alone, are left out.
    """

    inputs: Any
    target: Floats
    steps: tuple[Any, ...]

    @property
    def digest(self) -> str:
        """A digest of the rows."""
        inputs = self.inputs
        if hasattr(inputs, "toarray"):
            inputs = inputs.toarray()
        values = np.asarray(inputs)
        if values.dtype == object:
            values = values.astype(str)
        return arrays_digest({"inputs": values, "target": self.target})


@dataclass(frozen=True)
class Predictor:
    """Preprocessing and an estimator, unfitted, with all that they need of the training rows.

    Parameters
    ----------
    estimator : estimator
        A classifier or a regressor. A `sklearn.pipeline.Pipeline` gets rows as a dataframe, and so
        do the steps before it; any other gets imputed, scaled and one-hot inputs.
    preprocess : sequence of estimator
        Transformers, and samplers of imbalanced-learn.
    book : Codebook
        The columns of the training rows.
    target : str
        The column to predict.
    library : {"pandas", "polars"}
        The library of the dataframes that a `Pipeline` gets.
    seed : int
        The seed of every random part without one.
    """

    estimator: Any
    preprocess: Sequence[Any]
    book: Codebook
    target: str
    library: str
    seed: int

    @property
    def classes(self) -> bool:
        """True where the target has classes."""
        return self.target in self.book.discrete

    @property
    def _raw(self) -> bool:
        return isinstance(self.estimator, Pipeline)

    def prepare(self, training: TrainingSet) -> PreparedRows:
        """Fit the preprocessing on training rows, and apply it to them."""
        inputs, target, fitted = training.inputs, training.target, []
        if self._raw:
            inputs = inputs_frame(self.book, self.target, inputs, self.library)
        else:
            first = preprocessor(self.book, self.target)
            inputs = first.fit_transform(inputs)
            fitted.append(first)
        for place, given in enumerate(self.preprocess):
            step = clone(given)
            seed_all(step, self._seed("preprocess", place))
            if hasattr(step, "fit_resample"):
                inputs, target = step.fit_resample(inputs, target)
            else:
                inputs = step.fit(inputs, target).transform(inputs)
                fitted.append(step)
        return PreparedRows(inputs, np.asarray(target, np.float64), tuple(fitted))

    def predict(self, prepared: PreparedRows, rows: TrainingSet) -> StepArrays:
        """Fit the estimator on prepared rows, and return its predictions for others.

        Returns
        -------
        mapping of str to ndarray
            ``"truth"``, and ``"scores"`` of the classes in ``"known"`` with ``"probable"`` (whether
            these are probabilities), or the ``"guess"`` of numbers.
        """
        model = clone(self.estimator)
        seed_all(model, self._seed("model", 0))
        asked: Any = rows.inputs
        if self._raw:
            asked = inputs_frame(self.book, self.target, asked, self.library)
        for step in prepared.steps:
            asked = step.transform(asked)
        if not self.classes:
            return {"truth": rows.target, "guess": self._guess(model, prepared, asked)}
        known = np.unique(prepared.target)
        if len(known) == 1:
            # A model that was trained on a single class always predicts it.
            scores, probable = np.ones((len(rows.target), 1)), True
        else:
            model.fit(prepared.inputs, prepared.target)
            scores = np.asarray(class_scores(model, asked), np.float64)
            probable = hasattr(model, "predict_proba")
        return {
            "truth": rows.target,
            "known": known,
            "scores": scores,
            "probable": np.array(probable),
        }

    def _guess(self, model: Any, prepared: PreparedRows, asked: Any) -> Floats:
        # In units of the training rows, so that no model depends on the target's own unit;
        # a pipeline may have its own ways with the target.
        target = prepared.target
        middle, unit = (0.0, 1.0) if self._raw else (target.mean(), target.std() or 1.0)
        model.fit(prepared.inputs, (target - middle) / unit)
        guess: Floats = np.asarray(model.predict(asked), np.float64) * unit + middle
        return guess

    def _seed(self, *purpose: Any) -> int:
        return int(generator(self.seed, *purpose).integers(2**31))


def measured(
    predictions: StepArrays, metric: str, binary: bool, rows: Any = slice(None)
) -> float | str:
    """Return a metric of predictions, or in words why there is none.

    Parameters
    ----------
    predictions : mapping of str to ndarray
        As of `Predictor.predict`.
    metric : str
        Of `CLASS_METRICS` or `NUMBER_METRICS`.
    binary : bool
        Whether the target has two classes.
    rows : index
        The rows that count; all by default.
    """
    truth = predictions["truth"][rows]
    if "guess" in predictions:
        return number_metrics(truth, predictions["guess"][rows])[metric]
    scores = predictions["scores"][rows]
    if not np.isfinite(scores).all():
        return "The model's scores are not all finite."
    found = ClassPredictions(truth, predictions["known"], scores, bool(predictions["probable"]))
    if metric in _ALONE and len(found.present) > 1:
        return float(getattr(found, metric))
    return class_metrics(found, binary)[metric]


def row_losses(predictions: StepArrays) -> Floats:
    """Return how wrong each prediction is, shape (n,).

    The log loss of probabilities, 0 or 1 of other classifiers, the squared error of numbers.
    """
    truth = predictions["truth"]
    if "guess" in predictions:
        losses: Floats = (truth - predictions["guess"]) ** 2
        return losses
    known, scores = predictions["known"], predictions["scores"]
    if not bool(predictions["probable"]):
        return np.asarray(known[scores.argmax(axis=1)] != truth, np.float64)
    chance = np.zeros(len(truth))
    for place, level in enumerate(known):
        rows = truth == level
        chance[rows] = scores[rows, place]
    return np.asarray(-np.log(np.maximum(chance, _LEAST)))
