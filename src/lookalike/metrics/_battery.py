"""The battery: what several models reach on held-out rows after training on some table."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import accuracy_score, r2_score

from lookalike._core.seeds import generator
from lookalike._core.workers import in_parallel
from lookalike.metrics._base import Measured
from lookalike.metrics._codebook import Codebook
from lookalike.metrics._features import Table, preprocessor, supervised
from lookalike.metrics._models import (
    BOOSTED_TREES,
    SUPPORT_VECTORS,
    class_scores,
    macro_auc,
    models_for,
)
from lookalike.metrics._view import View

__all__ = ["battery"]

#: Training rows of models, and of those that take fewer or more.
MOST_ROWS = 50_000
_MOST_ROWS = {SUPPORT_VECTORS: 4_000, BOOSTED_TREES: sys.maxsize}
#: Above so many classes, a target is not one to be classified.
MOST_CLASSES = 100

_Entry = dict[str, Any]


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
        rest) or of R², not below 0 (a numeric target); ``extra["models"]`` has each model, and
        boosted trees, which are not part of the mean.
    """
    kept = ("battery", test, target, seed)
    return train.keep(kept, lambda: _battery(train, test, target, seed))


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
        kept = _cut(tables[0], _MOST_ROWS.get(name, MOST_ROWS), seed)
        work.append(partial(_judge, name, make, kept, tables[1], book, target))
    entries = in_parallel(work, ignore=ConvergenceWarning)
    return _summed(entries, tables, classes)


def _summed(entries: list[_Entry], tables: tuple[Table, Table], classes: bool) -> Measured:
    headline = "auc" if classes else "r2"
    means = {
        key: float(np.mean([max(entry[key], 0.0) for entry in entries[:-1]]))
        for key in entries[0]
        if key not in ("model", "rows")
    }
    extra = {
        "models": entries,
        "means": means,
        "headline": headline,
        "rows": {"train": len(tables[0][1]), "test": len(tables[1][1])},
    }
    return Measured(means[headline], extra=extra)


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
) -> _Entry:
    """Fit one model and return what it reaches on the held-out rows."""
    entry: _Entry = {"model": name, "rows": len(train[1])}
    prepare = preprocessor(book, target)
    inputs, held = prepare.fit_transform(train[0]), prepare.transform(test[0])
    model = make(len(train[1]))
    if target in book.discrete:
        return {**entry, **_classify(model, (inputs, train[1]), (held, test[1]))}
    return {**entry, "r2": _regress(model, (inputs, train[1]), (held, test[1]))}


def _classify(model: Any, train: Table, test: Table) -> _Entry:
    known = np.unique(train[1])
    truth = test[1]
    if len(known) == 1:
        # A table of one class teaches to always answer this class.
        guess, scores = np.full(len(truth), known[0]), np.zeros((len(truth), 1))
    else:
        model.fit(train[0], train[1])
        scores = class_scores(model, test[0])
        guess = known[scores.argmax(axis=1)]
    present = np.unique(truth)
    recalls = [np.mean(guess[truth == level] == level) for level in present]
    return {
        "accuracy": float(accuracy_score(truth, guess)),
        "balanced_accuracy": float(np.mean(recalls)),
        "auc": macro_auc(truth, scores, known, present),
    }


def _regress(model: Any, train: Table, test: Table) -> float:
    # In units of the training rows, so that no model depends on the target's own unit.
    middle, unit = train[1].mean(), train[1].std() or 1.0
    model.fit(train[0], (train[1] - middle) / unit)
    return float(r2_score((test[1] - middle) / unit, model.predict(test[0])))
