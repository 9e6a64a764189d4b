"""The models of a study: fitted on an arm's rows alone, judged on held-out real rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from lightgbm.basic import LightGBMError
from sklearn.base import clone
from sklearn.pipeline import Pipeline
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.validation import has_fit_parameter

from lookalike._core.errors import ParameterError, nearest
from lookalike._core.numerics import Floats
from lookalike._core.seeds import generator
from lookalike.experiments._arms import TrainingSet
from lookalike.experiments._teacher import Teacher
from lookalike.metrics import (
    CLASS_METRICS,
    NUMBER_METRICS,
    ClassPredictions,
    Codebook,
    class_metrics,
    class_scores,
    models_for,
    number_metrics,
    preprocessor,
)
from lookalike.models import DenseClassifier, DenseRegressor
from lookalike.tables import as_frame

__all__ = [
    "NAIVE",
    "ModelEvaluation",
    "battery_model",
    "check_models",
    "failure",
    "inputs_frame",
    "is_compiled",
    "model_names",
    "seed_all",
]

ModelMetrics = dict[str, float | str]

#: The naive baseline, which ignores the inputs: the majority class, or the mean.
NAIVE = "naive baseline"
DENSE = "dense network"
#: The errors of numerical libraries where the data leave nothing to compute.
_FAILURES = (ValueError, ArithmeticError, LightGBMError)


def model_names(classes: bool) -> tuple[str, ...]:
    """Return the names of the battery's models.

    Parameters
    ----------
    classes : bool
        True if the target has classes.

    Returns
    -------
    tuple of str
        In the order in which they are reported.
    """
    return (*models_for(classes, 0), DENSE)


def check_models(models: Mapping[str, Any] | Sequence[str] | None, classes: bool) -> dict[str, Any]:
    """Return the models of a study by name.

    Parameters
    ----------
    models : mapping of str to estimator, sequence of str, or None
        Names of the battery's models, or estimators by names of the caller's own; None for the
        whole battery.
    classes : bool
        True if the target has classes.

    Returns
    -------
    dict of str to estimator or None
        None stands for a model of the battery.

    Raises
    ------
    ParameterError
        If there is no model, no such name, or an estimator cannot be fitted.
    """
    known = model_names(classes)
    if models is None:
        return dict.fromkeys(known)
    if isinstance(models, Mapping):
        for name, model in models.items():
            if isinstance(model, type) or not (hasattr(model, "fit") and hasattr(model, "predict")):
                raise ParameterError(
                    "models must be scikit-learn estimators by name; "
                    f"{name!r} is {model!r}, which has no fit and predict."
                )
        estimators = dict(models)
    else:
        for name in [models] if isinstance(models, str) else models:
            if name not in known:
                hint = nearest(str(name), known) or f" The models are: {', '.join(known)}."
                raise ParameterError(f"There is no model {name!r}.{hint}")
        estimators = dict.fromkeys([models] if isinstance(models, str) else models)
    if not estimators:
        raise ParameterError("models must name one model at least, or be None for all.")
    return estimators


def is_compiled(name: str, model: Any) -> bool:
    """Return whether XLA trains a model or a part of it.

    Parameters
    ----------
    name : str
        Its name.
    model : estimator or None
        See `check_models`.

    Returns
    -------
    bool
        True for dense networks, also within a pipeline or a search.
    """
    if model is None:
        return name == DENSE
    parts = model.get_params().values() if hasattr(model, "get_params") else ()
    return any(isinstance(one, DenseClassifier | DenseRegressor) for one in (model, *parts))


def failure(what: str, error: Exception) -> str:
    """Describe a failure and its error in a line.

    Parameters
    ----------
    what : str
        The step that failed, in words.
    error : Exception
        The error that it raised.

    Returns
    -------
    str
        The reason why there is no number.
    """
    words = " ".join(f"{type(error).__name__}: {error}".split())
    return f"The {what} failed: {words[:200]}"


def synthesizer_failure(error: Exception) -> str:
    """Describe an error of a synthesizer, whose words are meant for users, in a line.

    Parameters
    ----------
    error : Exception
        The error that it raised.

    Returns
    -------
    str
        The reason why there are no rows.
    """
    return f"The synthesizer failed: {' '.join(str(error).split())}"


def battery_model(name: str, classes: bool, rows: int) -> Any:
    """Return an unfitted model of the battery.

    Parameters
    ----------
    name : str
        Its name.
    classes : bool
        True if the target has classes.
    rows : int
        The number of training rows.

    Returns
    -------
    estimator
    """
    if name == DENSE:
        return DenseClassifier() if classes else DenseRegressor()
    return models_for(classes, 0)[name](rows)


@dataclass(frozen=True)
class ModelEvaluation:
    """The held-out rows and measures by which models are judged.

    Parameters
    ----------
    book : Codebook
        The columns of the training rows.
    target : str
        The column to predict.
    test : TrainingSet
        Held-out real rows.
    seed : int
        The seed of models that draw; the same for all arms.
    library : {"pandas", "polars"}
        Whose dataframes pipelines get.
    """

    book: Codebook
    target: str
    test: TrainingSet
    seed: int
    library: str

    @property
    def classes(self) -> bool:
        """True where the target has classes."""
        return self.target in self.book.discrete

    @property
    def metrics(self) -> tuple[str, ...]:
        """The names of the metrics, the headline first."""
        return CLASS_METRICS if self.classes else NUMBER_METRICS

    def take(self, training: TrainingSet, models: Mapping[str, Any]) -> dict[str, ModelMetrics]:
        """Fit models on training rows and judge them.

        Parameters
        ----------
        training : TrainingSet
            The rows to train on.
        models : mapping of str to estimator or None
            See `check_models`; `NAIVE` is one of the names that None may stand beside.

        Returns
        -------
        dict of str to dict
            For each model every metric, or in words why there is none.
        """
        prepare = preprocessor(self.book, self.target)
        try:
            prepared = prepare.fit_transform(training.inputs), prepare.transform(self.test.inputs)
        except ValueError as error:
            words = failure("preparation of the rows", error)
            return {name: dict.fromkeys(self.metrics, words) for name in models}
        results = {}
        for name, given in models.items():
            # An estimator of the caller may raise anything.
            failures = _FAILURES if given is None else (Exception,)
            try:
                results[name] = self._judge(name, given, training, prepared)
            except failures as error:
                results[name] = dict.fromkeys(self.metrics, failure("model", error))
        return results

    def judge_teacher(self, teacher: Teacher) -> ModelMetrics:
        """Judge the predictions of a teacher.

        Parameters
        ----------
        teacher : Teacher
            It has learned the real training rows.

        Returns
        -------
        dict
            Every metric, or in words why there is none.
        """
        guess = teacher.predict(self.test.inputs)
        if teacher.known is None:
            return number_metrics(self.test.target, guess)
        return self._judged(teacher.known, guess, True)

    def _judge(
        self, name: str, given: Any, training: TrainingSet, prepared: tuple[Any, Any]
    ) -> ModelMetrics:
        if name == NAIVE:
            return self._naive(training)
        model = (
            battery_model(name, self.classes, len(training.target))
            if given is None
            else clone(given)
        )
        seed_all(model, int(generator(self.seed, "model", name).integers(2**31)))
        raw = isinstance(model, Pipeline)
        if raw:
            prepared = tuple(
                inputs_frame(self.book, self.target, rows.inputs, self.library)
                for rows in (training, self.test)
            )
        if not self.classes:
            return self._regress(model, training.target, prepared, raw)
        return self._classify(model, training, prepared)

    def _classify(
        self, model: Any, training: TrainingSet, prepared: tuple[Any, Any]
    ) -> ModelMetrics:
        known = np.unique(training.target)
        if len(known) == 1:
            # A model that was trained on a single class always predicts it.
            return self._judged(known, np.ones((len(self.test.target), 1)), True)
        extra = _balance(model, training.target) if training.balanced else {}
        model.fit(prepared[0], training.target, **extra)
        scores = class_scores(model, prepared[1])
        return self._judged(known, scores, hasattr(model, "predict_proba"))

    def _judged(self, known: Floats, scores: Floats, probable: bool) -> ModelMetrics:
        binary = self.book.sizes[self.book.discrete.index(self.target)] - 2 == 2
        answers = ClassPredictions(self.test.target, known, np.asarray(scores, float), probable)
        return class_metrics(answers, binary)

    def _regress(
        self, model: Any, target: Floats, prepared: tuple[Any, Any], raw: bool
    ) -> ModelMetrics:
        # In units of the training rows, so that no model depends on the target's own unit;
        # a pipeline may have its own ways with the target.
        middle, unit = (0.0, 1.0) if raw else (float(target.mean()), float(target.std()) or 1.0)
        model.fit(prepared[0], (target - middle) / unit)
        guess = np.asarray(model.predict(prepared[1]), float) * unit + middle
        return number_metrics(self.test.target, guess)

    def _naive(self, training: TrainingSet) -> ModelMetrics:
        count = len(self.test.target)
        if not self.classes:
            return number_metrics(self.test.target, np.full(count, training.target.mean()))
        known, counts = np.unique(training.target, return_counts=True)
        return self._judged(known, np.tile(counts / counts.sum(), (count, 1)), True)


def inputs_frame(book: Codebook, target: str, inputs: Floats, library: str) -> Any:
    """Return inputs as a dataframe; a level that no training row has becomes missing.

    Parameters
    ----------
    book : Codebook
        The columns of the training rows.
    target : str
        The column to predict, which is not among the inputs.
    inputs : ndarray of float, shape (n, columns)
        As of `TrainingSet`.
    library : {"pandas", "polars"}
        Whose dataframe it is.

    Returns
    -------
    dataframe
    """
    numbers = [name for name in book.numeric if name != target]
    columns: dict[str, pa.Array] = {
        name: pa.array(inputs[:, place], from_pandas=True) for place, name in enumerate(numbers)
    }
    codes = inputs[:, len(numbers) :].astype(np.int64)
    others = dict(zip(book.discrete, book.levels, strict=True))
    others.pop(target, None)
    for place, (name, levels) in enumerate(others.items()):
        code = codes[:, place]
        columns[name] = levels.take(pa.array(code, mask=code >= len(levels)))
    return as_frame(pa.table(columns), library)


def _balance(model: Any, target: Floats) -> dict[str, Floats]:
    """Make a model weight classes by their rarity, in the way that it supports.

    Models without one are left as they are. Returns the arguments for ``fit``.
    """
    names = [
        name
        for name in model.get_params()
        if name == "class_weight" or name.endswith("__class_weight")
    ]
    if names:
        model.set_params(**dict.fromkeys(names, "balanced"))
        return {}
    if has_fit_parameter(model, "sample_weight"):
        return {"sample_weight": compute_sample_weight("balanced", target)}
    return {}


def seed_all(model: Any, seed: int) -> None:
    """Set the seed of every random part of a model that has none.

    Parameters
    ----------
    model : estimator
        It is changed.
    seed : int
        The seed, less than 2**31.
    """
    for name, value in sorted(model.get_params().items()):
        if value is None and (name == "random_state" or name.endswith("__random_state")):
            model.set_params(**{name: seed})
