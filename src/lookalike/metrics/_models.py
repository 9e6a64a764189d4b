"""The models of the utility metrics, and their scores for each class."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from lightgbm import LGBMClassifier, LGBMRegressor
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.multiclass import OneVsRestClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.svm import SVC, SVR
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from lookalike._core.numerics import auc
from lookalike.metrics._codebook import Floats

__all__ = ["BOOSTED_TREES", "SUPPORT_VECTORS", "class_scores", "macro_auc", "models_for"]

SUPPORT_VECTORS = "support vector machine"
BOOSTED_TREES = "boosted trees"

_TREES: dict[str, Any] = {
    "n_estimators": 100,
    "learning_rate": 0.1,
    "num_leaves": 31,
    "deterministic": True,
    "force_col_wise": True,
    "n_jobs": 1,
    "verbosity": -1,
}


def models_for(classes: bool, seed: int) -> dict[str, Callable[[int], Any]]:
    """Return the models of the battery by their names, boosted trees last.

    Parameters
    ----------
    classes : bool
        True if the target has classes, False if it is a number.
    seed : int
        The seed of models that draw, less than 2**32.

    Returns
    -------
    dict of str to callable
        Each takes the number of training rows and returns an unfitted scikit-learn estimator with
        default settings: six that Leitner 2021 used, or regressors of the same families, and
        LightGBM.
    """
    if not classes:
        return {
            "linear regression": lambda _: LinearRegression(),
            "ridge regression": lambda _: Ridge(),
            SUPPORT_VECTORS: lambda _: SVR(),
            "random forest": lambda _: RandomForestRegressor(random_state=seed, n_jobs=1),
            "decision tree": lambda _: DecisionTreeRegressor(random_state=seed),
            "3 nearest neighbours": lambda n: KNeighborsRegressor(min(3, n), n_jobs=1),
            BOOSTED_TREES: lambda _: LGBMRegressor(random_state=seed, **_TREES),
        }
    linear = partial(LogisticRegression, solver="liblinear", random_state=seed)
    return {
        "logistic regression": lambda _: OneVsRestClassifier(linear(), n_jobs=1),
        SUPPORT_VECTORS: lambda _: SVC(random_state=seed),
        "random forest": lambda _: RandomForestClassifier(random_state=seed, n_jobs=1),
        "decision tree": lambda _: DecisionTreeClassifier(random_state=seed),
        "3 nearest neighbours": lambda n: KNeighborsClassifier(min(3, n), n_jobs=1),
        "Gaussian naive Bayes": lambda _: GaussianNB(),
        BOOSTED_TREES: lambda _: LGBMClassifier(random_state=seed, **_TREES),
    }


def class_scores(model: Any, inputs: Any) -> Floats:
    """Return the scores that a fitted classifier gives to each class.

    Parameters
    ----------
    model : estimator
        With ``predict_proba`` or ``decision_function``.
    inputs : array-like, shape (n, features)
        Rows.

    Returns
    -------
    ndarray of float, shape (n, classes)
        The highest for the likeliest class.
    """
    if hasattr(model, "predict_proba"):
        scores: Floats = model.predict_proba(inputs)
        return scores
    decided: Floats = model.decision_function(inputs)
    return np.column_stack([-decided, decided]) if decided.ndim == 1 else decided


def macro_auc(truth: Floats, scores: Floats, known: Floats, present: Floats) -> float:
    """Average ROC AUC of one class against the rest; ½ for a class that was not trained on.

    Parameters
    ----------
    truth : ndarray, shape (n,)
        The classes of rows.
    scores : ndarray of float, shape (n, k)
        The scores that a model gives to each class that it knows.
    known : ndarray, shape (k,)
        The classes that the model knows.
    present : ndarray, shape (m,)
        The classes to average over, all of them in `truth`.

    Returns
    -------
    float
        In [0, 1].
    """
    columns = {level: scores[:, place] for place, level in enumerate(known)}
    none = np.zeros(len(truth))
    pairs = [(truth == level, columns.get(level, none)) for level in present]
    aucs = [auc(scores[of_level], scores[~of_level]) for of_level, scores in pairs]
    return float(np.mean(aucs))
