"""The battery: results of several models on held-out rows after training on some table."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import r2_score

from lookalike._core.seeds import generator
from lookalike._core.workers import in_parallel
from lookalike.metrics._codebook import Codebook
from lookalike.metrics._details import Details
from lookalike.metrics._features import Table, preprocessor, supervised
from lookalike.metrics._models import (
    BOOSTED_TREES,
    SUPPORT_VECTORS,
    class_scores,
    models_for,
)
from lookalike.metrics._prediction import ClassPredictions
from lookalike.metrics._result import Measured
from lookalike.metrics._view import View

__all__ = ["ModelDetails", "ModelResult", "battery"]

#: Training rows of models, and of those that take fewer or more.
MOST_ROWS = 50_000
_MOST_ROWS = {SUPPORT_VECTORS: 4_000, BOOSTED_TREES: sys.maxsize}
#: The most classes of a target that is worth classifying.
MOST_CLASSES = 100


@dataclass(frozen=True)
class ModelResult:
    """The results of one model on the held-out rows.

    Parameters
    ----------
    model : str
        Its name.
    rows : int
        The rows that it was trained on.
    auc, accuracy, balanced_accuracy : float or None
        The scores for a class target; ROC AUC is the mean over classes.
    r2 : float or None
        The score for a numeric target.
    """

    model: str
    rows: int
    auc: float | None = None
    accuracy: float | None = None
    balanced_accuracy: float | None = None
    r2: float | None = None

    @property
    def headline(self) -> float:
        """ROC AUC or R²."""
        return (self.r2 if self.auc is None else self.auc) or 0.0


@dataclass(frozen=True)
class ModelDetails(Details):
    """Details of a battery of models.

    Parameters
    ----------
    raw, rows, columns, pairs, pairs_seen, pairs_in_all, importances : optional
        See `Details`.
    headline : {"auc", "r2"}
        The measure whose mean is the score.
    models : tuple of ModelResult
        Each model; boosted trees, the last, are not part of the mean.
    means : dict of str to float
        The mean of each measure over the other models; R² below 0 counts as 0.
    train_rows, test_rows : int
        The rows of both tables whose target is present.
    """

    headline: str = "auc"
    models: tuple[ModelResult, ...] = ()
    means: dict[str, float] = field(default_factory=dict)
    train_rows: int = 0
    test_rows: int = 0


def battery(train: View, test: View, target: str, seed: int) -> Measured:
    """Train the models of the battery on one table and judge them on another.

    Parameters
    ----------
    train, test : View
        The rows to fit on and the held-out rows to judge on.
    target : str
        A compared column. Rows in which it is missing are left out.
    seed : int
        The seed of models and samples.

    Returns
    -------
    Measured
        The mean over the scikit-learn models of ROC AUC (a class target; macro, one against the
        rest) or of R², not below 0 (a numeric target); its details are `ModelDetails`.
    """
    key = ("battery", test, target, seed)
    return train.keep(key, lambda: _battery(train, test, target, seed))


def _battery(train: View, test: View, target: str, seed: int) -> Measured:
    book = train.codebook
    if target not in book.columns:
        return Measured.undefined(f"The target {target!r} is an identifier, a text or a constant.")
    if len(book.columns) < 2:
        return Measured.undefined("There is no column beside the target.")
    tables = supervised(train, target), supervised(test, target)
    for words, table in zip(("training", "held-out"), tables, strict=True):
        if not len(table[1]):
            return Measured.undefined(f"The target is missing in all {words} rows.")
    classes = target in book.discrete
    if classes and len(np.unique(tables[1][1])) < 2:
        return Measured.undefined("All held-out rows are of one class.")
    if classes and book.real_levels[book.discrete.index(target)] > MOST_CLASSES:
        return Measured.undefined(f"The target has more than {MOST_CLASSES} classes.")
    if not classes and np.ptp(tables[1][1]) == 0:
        return Measured.undefined("The target is the same in all held-out rows.")
    drawn = int(generator(seed, "metrics", "models").integers(2**31))
    work = []
    for name, make in models_for(classes, drawn).items():
        rows = _cut(tables[0], _MOST_ROWS.get(name, MOST_ROWS), seed)
        work.append(partial(_judge, name, make, rows, tables[1], book, target))
    results = in_parallel(work, ignore=ConvergenceWarning)
    return _summed(results, tables, classes)


def _summed(results: list[ModelResult], tables: tuple[Table, Table], classes: bool) -> Measured:
    measures = ("accuracy", "balanced_accuracy", "auc") if classes else ("r2",)
    means = {
        name: float(np.mean([max(getattr(one, name), 0.0) for one in results[:-1]]))
        for name in measures
    }
    rows = [len(target) for _, target in tables]
    details = ModelDetails(
        headline=measures[-1],
        models=tuple(results),
        means=means,
        train_rows=rows[0],
        test_rows=rows[1],
    )
    return Measured(means[measures[-1]], details=details)


def _cut(table: Table, most: int, seed: int) -> Table:
    inputs, target = table
    if len(target) <= most:
        return table
    rows = generator(seed, "metrics", "battery", most).permutation(len(target))[:most]
    return inputs[rows], target[rows]


def _judge(
    name: str,
    make: Callable[[int], Any],
    train: Table,
    test: Table,
    book: Codebook,
    target: str,
) -> ModelResult:
    """Fit one model and return what it reaches on the held-out rows."""
    prepare = preprocessor(book, target)
    inputs, held = prepare.fit_transform(train[0]), prepare.transform(test[0])
    model = make(len(train[1]))
    if target in book.discrete:
        return ModelResult(
            name, len(train[1]), *_classify(model, (inputs, train[1]), (held, test[1]))
        )
    return ModelResult(name, len(train[1]), r2=_regress(model, (inputs, train[1]), (held, test[1])))


def _classify(model: Any, train: Table, test: Table) -> tuple[float, float, float]:
    """Return ROC AUC, accuracy and balanced accuracy."""
    known = np.unique(train[1])
    # A model that was trained on a single class always predicts it.
    scores = np.zeros((len(test[1]), 1))
    if len(known) > 1:
        model.fit(train[0], train[1])
        scores = class_scores(model, test[0])
    found = ClassPredictions(test[1], known, scores, probable=False)
    return found.roc_auc, found.accuracy, found.balanced_accuracy


def _regress(model: Any, train: Table, test: Table) -> float:
    # In units of the training rows, so that no model depends on the target's own unit.
    middle, unit = train[1].mean(), train[1].std() or 1.0
    model.fit(train[0], (train[1] - middle) / unit)
    return float(r2_score((test[1] - middle) / unit, model.predict(test[0])))
