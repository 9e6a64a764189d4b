"""The reference of a stress test: models that are trained on stressed rows themselves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

from lookalike._core.numerics import Floats
from lookalike.metrics import models_for
from lookalike.scenarios._base import RowNumbers, column_of
from lookalike.scenarios._stressed_model import Predictions, Problem, problem_of
from lookalike.tables import natural_rows, to_arrow

__all__ = ["cross_fitted", "naive", "train_trees"]

_FOLDS = 3
#: The most rows that a model of the reference learns.
_MOST_ROWS = 5_000
#: The most levels of a column that are told apart, the most frequent first.
_MOST_LEVELS = 100
_LEAST_LEAF = 5
_SETTINGS = {"n_estimators": 60, "num_leaves": 15, "min_child_samples": 10, "verbosity": -1}


class _TableTrees:
    """Boosted trees that predict a column of an Arrow table from all others.

    Parameters
    ----------
    problem : Problem
        The classes or numbers to predict.
    seed : int
        The seed of the trees.
    """

    def __init__(self, problem: Problem, seed: int = 0) -> None:
        self.problem, self.seed = problem, seed

    def fit(self, table: pa.Table) -> _TableTrees:
        """Learn the rows whose target is present."""
        truth = self.problem.truth(table)
        table = table.filter(pa.array(~np.isnan(truth)))
        truth = truth[~np.isnan(truth)]
        self._levels = {
            name: _levels(column_of(table, name))
            for name in table.column_names
            if name != self.problem.target and not _is_number(table[name].type)
        }
        self._names = [name for name in table.column_names if name != self.problem.target]
        self._known = np.unique(truth)
        self._mean = float(truth.mean()) if len(truth) else 0.0
        self._model = None
        varied = len(self._known) > 1 and len(truth) >= 2 * _LEAST_LEAF and self._names
        if varied:
            classes = self.problem.kind == "classes"
            *_, boosted_trees = models_for(classes, self.seed % 2**31).values()
            self._model = boosted_trees(len(truth)).set_params(**_SETTINGS)
            categories = [i for i, name in enumerate(self._names) if name in self._levels]
            self._model.fit(self._inputs(table), truth, categorical_feature=categories or "auto")
        return self

    def predict(self, table: pa.Table) -> Predictions:
        """Return predictions for rows of the same columns."""
        rows = len(table)
        if self.problem.kind == "numbers":
            if self._model is None:
                return Predictions(np.full(rows, self._mean))
            return Predictions(np.asarray(self._model.predict(self._inputs(table)), np.float64))
        scores = np.zeros((rows, len(self.problem.levels)))
        places = self._known.astype(int)
        if self._model is None:
            scores[:, places] = 1 / max(len(places), 1)
        else:
            scores[:, places] = self._model.predict_proba(self._inputs(table))
        return Predictions(scores, probable=True)

    def _inputs(self, table: pa.Table) -> npt.NDArray[np.float64]:
        columns = [_coded(column_of(table, n), self._levels.get(n)) for n in self._names]
        return np.stack(columns, axis=1)


def train_trees(
    data: Any, target: str, positive: Any = None, seed: int = 0
) -> Callable[[Any], Floats]:
    """Train boosted trees that predict a column, as a function for `stress`.

    Parameters
    ----------
    data : dataframe or path
        The training rows.
    target : str
        The column to predict.
    positive : object, optional
        The positive class of two, as of `stress`.
    seed : int
        The seed of the trees.

    Returns
    -------
    callable
        Takes a dataframe with the same columns; the target may be absent. Returns the scores of
        the classes, or numbers.
    """
    table = natural_rows(data)[0]
    problem = problem_of(None, table, target, positive, drifts=False)
    trees = _TableTrees(problem, seed).fit(table)

    def boosted_trees(rows: Any) -> Floats:
        return trees.predict(to_arrow(rows)[0]).scores

    return boosted_trees


def cross_fitted(
    problem: Problem, table: pa.Table, source: RowNumbers, random: np.random.Generator
) -> Predictions:
    """Return predictions for each row by a model that learned other rows of the same table.

    Parameters
    ----------
    problem : Problem
    table : pyarrow.Table
        The stressed rows.
    source : ndarray of int, shape (n,)
        The row that each was made from: rows of one source are learned or predicted together.
    random : numpy.random.Generator
        Divides rows into folds.
    """
    folds = (random.permutation(int(source.max()) + 1) % _FOLDS)[source]
    seed = int(random.integers(2**31))
    width = (len(table), len(problem.levels)) if problem.kind == "classes" else (len(table),)
    scores = np.zeros(width)
    for fold in range(_FOLDS):
        learned = random.permutation(np.flatnonzero(folds != fold))[:_MOST_ROWS]
        asked = np.flatnonzero(folds == fold)
        if len(learned) and len(asked):
            model = _TableTrees(problem, seed).fit(table.take(pa.array(np.sort(learned))))
            scores[asked] = model.predict(table.take(pa.array(asked))).scores
    return Predictions(scores, probable=problem.kind == "classes")


def naive(problem: Problem, truth: Floats, rows: int) -> Predictions:
    """Return the predictions of one who knows the shares of classes, or the mean, alone."""
    known = truth[~np.isnan(truth)]
    if problem.kind == "numbers":
        return Predictions(np.full(rows, known.mean()))
    shares = np.bincount(known.astype(int), minlength=len(problem.levels)) / len(known)
    return Predictions(np.tile(shares, (rows, 1)), probable=True)


def _is_number(kind: pa.DataType) -> bool:
    return bool(
        pt.is_integer(kind)
        or pt.is_floating(kind)
        or pt.is_decimal(kind)
        or pt.is_temporal(kind)
        or pt.is_boolean(kind)
    )


def _levels(cells: pa.Array) -> pa.Array:
    counted = cells.cast(pa.string()).drop_null().value_counts()
    order = pc.array_sort_indices(counted.field("counts"), order="descending")
    return counted.field("values").take(order[:_MOST_LEVELS])


def _coded(cells: pa.Array, levels: pa.Array | None) -> npt.NDArray[np.float64]:
    """Return cells as numbers, NaN where missing or where a level is unknown."""
    if levels is not None:
        found = pc.index_in(cells.cast(pa.string()), levels)
        return np.asarray(found.cast(pa.float64()).to_numpy(zero_copy_only=False))
    if pt.is_date32(cells.type) or pt.is_time32(cells.type):
        cells = cells.cast(pa.int32())
    elif pt.is_temporal(cells.type) or pt.is_boolean(cells.type):
        cells = cells.cast(pa.int64())
    numbers = cells.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    return np.where(np.isfinite(numbers), numbers, np.nan)
