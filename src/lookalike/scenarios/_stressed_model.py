"""A user's model as a function from rows to predictions, whatever its library."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from sklearn.base import is_outlier_detector, is_regressor

from lookalike._core.errors import DataError, ParameterError, SchemaError, nearest
from lookalike._core.numerics import Floats
from lookalike.metrics import class_scores
from lookalike.scenarios._base import codes_of, column_of, numbers_of
from lookalike.tables import ColumnOrigin, Origin, Schema, as_frame, best_library, from_arrow

__all__ = ["Predictions", "Problem", "problem_of", "rows_for", "stressed"]

Predict = Callable[[Any], "Predictions"]


@dataclass(frozen=True)
class Predictions:
    """The predictions of a model for rows.

    Parameters
    ----------
    scores : ndarray, shape (n, k) or (n,)
        The scores of each class; or one number for each row.
    probable : bool
        Whether these are probabilities of classes.
    """

    scores: Floats
    probable: bool = False


@dataclass(frozen=True)
class Problem:
    """The question that a model answers for each row.

    Parameters
    ----------
    kind : {"classes", "numbers", "changes", "drift"}
        Predict a class or a number; score rows that a scenario changed; raise an alarm when a
        drift begins.
    target : str or None
        The column to predict.
    levels : tuple
        The classes in order; of two, the positive one is last.
    """

    kind: str
    target: str | None = None
    levels: tuple[Any, ...] = ()

    def truth(self, table: pa.Table) -> Floats:
        """Return the numbers of classes, or the numbers to predict; NaN where missing."""
        assert self.target is not None
        if self.kind == "numbers":
            return numbers_of(table, self.target)
        places = {level: float(place) for place, level in enumerate(self.levels)}
        levels, codes = codes_of(table, self.target)
        return np.array([*(places.get(level, np.nan) for level in levels), np.nan])[codes]


def problem_of(
    model: Any, table: pa.Table, target: str | None, positive: Any, drifts: bool
) -> Problem:
    """Return the question that a model answers, from its type or else from the target.

    Parameters
    ----------
    model : estimator or callable
    table : pyarrow.Table
        The rows as they are.
    target : str or None
        None for a model that scores or watches rows.
    positive : object
        The positive class of two; None for the last in sorted order, as scikit-learn has it.
    drifts : bool
        Whether the scenario is a drift and nothing else.

    Raises
    ------
    ParameterError, SchemaError
        If the target or the positive class does not exist.
    """
    if target is None:
        return Problem("drift" if drifts else "changes")
    if target not in table.column_names:
        hint = nearest(target, table.column_names)
        raise SchemaError(f"target must be a column of the rows; there is no {target!r}.{hint}")
    if _is(is_regressor, model):
        numbers = True
    elif hasattr(model, "classes_"):
        numbers = False
    else:
        numbers = Schema.infer(table.select([target]))[target].kind.is_numeric
    if numbers:
        return Problem("numbers", target)
    present = column_of(table, target).drop_null().unique().to_pylist()
    known = [one.item() if hasattr(one, "item") else one for one in getattr(model, "classes_", ())]
    levels = sorted({*present, *known}, key=lambda one: (str(type(one)), one))
    if len(present) < 2:
        raise DataError(f"The target must have two classes; {target!r} has {present!r}.")
    if positive is not None:
        # A command line knows words only.
        positive = next((one for one in levels if positive in (one, str(one))), positive)
        if positive not in levels:
            raise ParameterError(
                f"positive must be a class of {target!r}; got {positive!r}."
                f"{nearest(str(positive), [str(one) for one in levels])}"
            )
        levels = [*(one for one in levels if one != positive), positive]
    return Problem("classes", target, tuple(levels))


def _is(check: Callable[[Any], bool], model: Any) -> bool:
    """Return the answer of a check of scikit-learn; False for what is no estimator of it."""
    try:
        return bool(check(model))
    except (AttributeError, TypeError):
        return False


def rows_for(table: pa.Table, origin: Origin, without: str | None) -> Any:
    """Return rows as a dataframe of the caller's kind, for a model.

    Numbers that got missing cells become floats, as pandas has it.
    """
    names = [name for name in table.column_names if name != without]
    table = table.select(names)
    if origin.is_file:
        return as_frame(table, best_library())
    columns = tuple(map(_loosened, origin.only(names).columns, table.columns))
    try:
        return from_arrow(table, replace(origin.only(names), columns=columns))
    except DataError:
        # A value that the caller's dtype cannot hold, such as a new category.
        library = origin.library
        return as_frame(table, library if library in ("pandas", "polars") else "pyarrow")


def _loosened(was: ColumnOrigin, column: pa.ChunkedArray) -> ColumnOrigin:
    plain = was.dtype.get("kind") == "numpy" and np.dtype(was.dtype["dtype"]).kind in "biu"
    if plain and column.null_count:
        return ColumnOrigin(was.name, "double", {"kind": "numpy", "dtype": "float64"})
    return was


def stressed(model: Any, problem: Problem) -> Predict:
    """Return a model as a function from a dataframe to `Predictions`.

    Raises
    ------
    ParameterError
        If it is neither an estimator nor a function.
    """
    methods = ("predict_proba", "decision_function", "score_samples", "predict")
    if isinstance(model, type) or not (callable(model) or any(hasattr(model, m) for m in methods)):
        raise ParameterError(
            "The model must be a fitted scikit-learn estimator, or a function from a dataframe to "
            f"scores; got {model!r:.80}."
        )
    if not any(hasattr(model, name) for name in methods):
        return lambda frame: _given(model(frame), problem, len(frame))
    return lambda frame: _estimated(model, _chosen(model, frame), problem)


def _chosen(model: Any, frame: Any) -> Any:
    """Return the columns that an estimator was fitted on, where it says so."""
    names = getattr(model, "feature_names_in_", None)
    if names is None or isinstance(frame, pa.Table):
        return frame
    lacking = [name for name in names if name not in frame.columns]
    if lacking:
        raise SchemaError(
            f"The rows must have the columns that the model was fitted on; there is no "
            f"{lacking[0]!r}.{nearest(str(lacking[0]), list(frame.columns))}"
        )
    return frame[list(names)]


def _estimated(model: Any, frame: Any, problem: Problem) -> Predictions:
    if problem.kind == "numbers":
        return Predictions(_flat(model.predict(frame)))
    if problem.kind != "classes":
        return Predictions(_suspicion(model, frame))
    if not (hasattr(model, "predict_proba") or hasattr(model, "decision_function")):
        return Predictions(
            _one_hot(np.asarray(model.predict(frame)).ravel().tolist(), problem.levels)
        )
    scores = np.asarray(class_scores(model, frame), np.float64)
    probable = hasattr(model, "predict_proba")
    # A class that the model does not know has the lowest score.
    aligned = np.full((len(scores), len(problem.levels)), 0.0 if probable else scores.min())
    for place, level in enumerate(model.classes_):
        level = level.item() if hasattr(level, "item") else level
        aligned[:, problem.levels.index(level)] = scores[:, place]
    return Predictions(aligned, probable)


def _suspicion(model: Any, frame: Any) -> Floats:
    """Return scores that are higher where a row is more suspicious."""
    if hasattr(model, "predict_proba"):
        scores = np.asarray(model.predict_proba(frame), np.float64)
        if scores.shape[1] != 2:
            raise ParameterError(
                "A classifier without target must have two classes, of which the last is "
                f"suspicious; this one has {scores.shape[1]}. Name its target."
            )
        return np.asarray(scores[:, 1])
    for name in ("score_samples", "decision_function", "predict"):
        if hasattr(model, name):
            scores = _flat(getattr(model, name)(frame))
            # scikit-learn's detectors score ordinary rows higher.
            return -scores if _is(is_outlier_detector, model) or name == "score_samples" else scores
    raise AssertionError("unreachable")


def _flat(values: Any) -> Floats:
    found = np.asarray(values)
    found = found[:, 0] if found.ndim == 2 and found.shape[1] == 1 else found
    return np.asarray(found, np.float64)


def _given(values: Any, problem: Problem, rows: int) -> Predictions:
    """Read the result of a function: scores of rows or of classes, or labels."""
    found = np.asarray(values)
    if found.ndim == 2 and found.shape[1] == 1:
        found = found[:, 0]
    if len(found) != rows or found.ndim > 2:
        raise ParameterError(
            f"The model must give one score or label for each of {rows} rows; it gave shape "
            f"{found.shape}."
        )
    if problem.kind != "classes" and found.ndim == 2:
        hint = ""
        if problem.kind == "numbers":
            hint = f" {problem.target!r} is read as numbers: make it text where they are classes."
        raise ParameterError(
            f"The model must give one number for each of {rows} rows; it gave shape "
            f"{found.shape}.{hint}"
        )
    if problem.kind != "classes":
        return Predictions(_flat(found))
    if found.ndim == 2:
        if found.shape[1] != len(problem.levels):
            raise ParameterError(
                f"The model must give a score for each of {len(problem.levels)} classes, sorted; "
                f"it gave {found.shape[1]}."
            )
        scores = found.astype(np.float64)
        return Predictions(scores, _are_shares(scores) and bool(np.allclose(scores.sum(axis=1), 1)))
    if found.dtype.kind in "fiub" and len(problem.levels) == 2:
        scores = found.astype(np.float64)
        if _are_shares(scores):
            return Predictions(np.column_stack([1 - scores, scores]), probable=True)
        return Predictions(np.column_stack([-scores, scores]))
    return Predictions(_one_hot(found.tolist(), problem.levels))


def _are_shares(scores: npt.NDArray[np.float64]) -> bool:
    return bool(((scores >= 0) & (scores <= 1)).all())


def _one_hot(labels: Sequence[Any], levels: Sequence[Any]) -> Floats:
    places = {level: place for place, level in enumerate(levels)}
    unknown = next((one for one in labels if one not in places), None)
    if unknown is not None:
        raise ParameterError(
            f"The model must give classes of the target; got {unknown!r}."
            f"{nearest(str(unknown), [str(one) for one in levels])}"
        )
    return np.eye(len(levels))[[places[one] for one in labels]]
