"""Weak slices: rows on which a model's predictions can be corrected from rows of the same kind.

A model that has never seen a level is weak on its rows wherever the dial is, so that no loss since
dial 0 need show it. What shows it is that these rows say how to correct its predictions.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import stats
from sklearn.linear_model import LogisticRegression, Ridge

from lookalike._core.numerics import Floats
from lookalike.scenarios._base import RowNumbers, RowSlice
from lookalike.scenarios._stressed_model import Predictions, Problem

__all__ = ["StressSlice", "checked_slices"]

#: The level of all slices of a report together, one-sided. Stricter than that of curves: a sound
#: model errs a little in every slice, for the chance of its own training rows.
_LEVEL = 0.01
_FOLDS, _PARTITIONS = 5, 5
#: The fewest rows within a slice and outside of it, and the most rows that are looked at.
_FEWEST, _MOST_ROWS = 20, 20_000
#: Probabilities are kept this far from 0 and 1.
_EDGE = 1e-4


@dataclass(frozen=True)
class StressSlice:
    """The rows to which a drift leads, and whether a model is weak on them.

    A correction is a new slope and offset of the model's scores (of logits, as Platt 1999). Two are
    learned on other rows of the same table: one for all rows, and one that may be another within
    the slice. What the second is better by is knowledge that the model lacks of the slice.

    Parameters
    ----------
    words : str
        The condition of its rows.
    rows : int
        The rows in it whose target is known.
    loss : float
        The mean loss of the model in the slice, corrected for all rows: the log-loss of classes,
        the squared error of numbers.
    gain, low, high : float
        The share of this loss that a correction for the slice takes off, and its 95 % interval.
    significant : bool
        Whether the gain is above 0 beyond chance, of all slices together.
    """

    words: str
    rows: int
    loss: float
    gain: float
    low: float
    high: float
    significant: bool

    def is_weak(self, tolerance: float) -> bool:
        """Return whether the gain is beyond chance and above a tolerance."""
        return self.significant and self.gain > tolerance


def checked_slices(
    problem: Problem,
    truth: Floats,
    given: Predictions,
    slices: list[RowSlice],
    random: np.random.Generator,
) -> tuple[StressSlice, ...]:
    """Return for each slice of a table whether a model is weak on it.

    Parameters
    ----------
    problem : Problem
        Of classes or numbers.
    truth : ndarray, shape (n,)
        The classes or numbers; NaN where missing.
    given : Predictions
        The model's, for the rows as they came.
    slices : list of RowSlice
    random : numpy.random.Generator
        Divides rows into folds.

    Returns
    -------
    tuple of StressSlice
        Without slices of hardly any or of nearly all rows.
    """
    known = random.permutation(np.flatnonzero(~np.isnan(truth)))[:_MOST_ROWS]
    scores, truth = _standardised(problem, given)[known], truth[known]
    found = []
    for one in slices:
        inside = one.rows[known]
        if _FEWEST <= inside.sum() <= len(known) - _FEWEST:
            plain, special = _losses(problem, truth, scores, inside, random)
            found.append(_compared(one.words, plain[inside], special[inside], len(slices)))
    return tuple(found)


def _compared(words: str, plain: Floats, special: Floats, tests: int) -> StressSlice:
    """Compare the losses of two corrections, row by row."""
    count, loss = len(plain), float(plain.mean())
    apart = plain - special
    mean, error = float(apart.mean()), float(apart.std(ddof=1)) / math.sqrt(count)
    reach = float(stats.t.ppf(0.975, count - 1)) * error
    strict = float(stats.t.ppf(1 - _LEVEL / tests, count - 1)) * error
    unit = loss if loss > 0 else 1.0
    low, high = (mean - reach) / unit, (mean + reach) / unit
    return StressSlice(words, count, loss, mean / unit, low, high, mean > strict)


def _losses(
    problem: Problem, truth: Floats, scores: Floats, inside: np.ndarray, random: np.random.Generator
) -> tuple[Floats, Floats]:
    """Return the losses of rows under a correction for all rows, and one for the slice as well.

    Each row is corrected by what others say; the mean over several partitions into folds.
    """
    within = inside[:, None] * np.column_stack([np.ones(len(scores)), scores])
    inputs = (scores, np.column_stack([scores, within]))
    losses = np.zeros((2, len(truth)))
    for _ in range(_PARTITIONS):
        folds = random.permutation(len(truth)) % _FOLDS
        for fold in range(_FOLDS):
            learned, asked = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
            for place, columns in enumerate(inputs):
                losses[place, asked] += _corrected(problem, truth, columns, learned, asked)
    return losses[0] / _PARTITIONS, losses[1] / _PARTITIONS


def _corrected(
    problem: Problem, truth: Floats, columns: Floats, learned: RowNumbers, asked: RowNumbers
) -> Floats:
    """Return the loss of each row that is asked, corrected by those that are learned."""
    if problem.kind == "numbers":
        line = Ridge(alpha=1.0).fit(columns[learned], truth[learned])
        squared: Floats = (line.predict(columns[asked]) - truth[asked]) ** 2
        return squared
    shares = np.zeros((len(asked), len(problem.levels)))
    classes = np.unique(truth[learned]).astype(int)
    if len(classes) == 1:
        shares[:, classes] = 1.0
    else:
        curve = LogisticRegression(max_iter=300).fit(columns[learned], truth[learned])
        shares[:, classes] = curve.predict_proba(columns[asked])
    right = shares[np.arange(len(asked)), truth[asked].astype(int)]
    logged: Floats = -np.log(np.maximum(right, _EDGE))
    return logged


def _standardised(problem: Problem, given: Predictions) -> Floats:
    """Return the scores of rows, logits where they are probabilities, with unit spread."""
    scores = given.scores if given.scores.ndim == 2 else given.scores[:, None]
    if given.probable:
        scores = np.log(np.clip(scores, _EDGE, 1 - _EDGE))
    if problem.kind == "classes" and scores.shape[1] == 2:
        scores = scores[:, 1:] - scores[:, :1]
    spread = scores.std(axis=0)
    found: Floats = (scores - scores.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    return found
