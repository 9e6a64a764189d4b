"""Weak slices: rows on which a model's predictions can be corrected from rows of the same kind.

A model that has never seen a level is weak on its rows wherever the dial is, so that no loss since
dial 0 need show it. What shows it is that these rows say how to correct its predictions.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression, Ridge

from lookalike._core.numerics import Floats
from lookalike.scenarios._base import RowNumbers, RowSlice
from lookalike.scenarios._stress_chance import chance_of
from lookalike.scenarios._stressed_model import Predictions, Problem

__all__ = ["StressSlice", "checked_slices"]

#: The level of all slices of a report together.
_LEVEL = 0.01
_FOLDS, _PARTITIONS = 5, 2
#: The fewest rows within a slice and outside of it, and the most rows that are looked at.
_FEWEST, _MOST_ROWS = 20, 20_000
#: As many sound predictions are drawn that so many of them are beyond the level, on average.
_TAIL, _FEWEST_DRAWS = 5, 999
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
    gain : float
        The share of this loss that a correction for the slice takes off.
    chance : float
        The chance that sound predictions err as much in the slice.
    significant : bool
        Whether the chance is less than the level, of all slices together.
    sound : float or None
        The greatest share that the same correction takes off the loss of boosted trees which
        learned other rows of the table; None where chance explains the gain.
    """

    words: str
    rows: int
    loss: float
    gain: float
    chance: float
    significant: bool
    sound: float | None = None

    def is_weak(self, tolerance: float) -> bool:
        """Return whether the gain is beyond chance, and above sound ones by a tolerance."""
        return self.significant and self.gain - max(self.sound or 0.0, 0.0) > tolerance


def checked_slices(
    problem: Problem,
    truth: Floats,
    given: Predictions,
    slices: list[RowSlice],
    random: np.random.Generator,
    sound: Callable[[], Sequence[Predictions]] = tuple,
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
        Divides rows into folds, and draws sound predictions.
    sound : callable
        Gives predictions of sound models, for the same rows; asked where a gain is beyond chance.

    Returns
    -------
    tuple of StressSlice
        Without slices of hardly any or of nearly all rows, and those that the target alone tells
        from other rows: of these every model is wrong.
    """
    known = random.permutation(np.flatnonzero(~np.isnan(truth)))[:_MOST_ROWS]
    scores, truth = _standardised(problem, given)[known], truth[known]
    others: list[Floats] | None = None
    level = _LEVEL / max(len(slices), 1)
    draws = max(round(_TAIL / level), _FEWEST_DRAWS)
    found = []
    for one in slices:
        inside = one.rows[known]
        count = int(inside.sum())
        if not _FEWEST <= count <= len(known) - _FEWEST or _told_by(problem, truth, inside):
            continue
        loss, gain = _gain(problem, truth, scores, inside, random)
        chance, usual = chance_of(problem, truth, scores, inside, draws, random), None
        if chance <= level:
            if others is None:
                others = [_standardised(problem, other)[known] for other in sound()]
            gains = [_gain(problem, truth, other, inside, random)[1] for other in others]
            usual = max(gains, default=None)
        found.append(StressSlice(one.words, count, loss, gain, chance, chance <= level, usual))
    return tuple(found)


def _gain(
    problem: Problem,
    truth: Floats,
    scores: Floats,
    inside: npt.NDArray[np.bool_],
    random: np.random.Generator,
) -> tuple[float, float]:
    """Return the mean loss in a slice, and the share of it that a correction takes off."""
    plain, special = _losses(problem, truth, scores, inside, random)
    loss = float(plain[inside].mean())
    return loss, float((plain - special)[inside].mean()) / loss if loss > 0 else 0.0


def _told_by(problem: Problem, truth: Floats, inside: npt.NDArray[np.bool_]) -> bool:
    """Return whether the target alone tells a slice from other rows."""
    within, without = truth[inside], truth[~inside]
    if problem.kind == "classes":
        return not np.isin(within, without).any()
    return bool(within.min() > without.max() or within.max() < without.min())


def _losses(
    problem: Problem,
    truth: Floats,
    scores: Floats,
    inside: npt.NDArray[np.bool_],
    random: np.random.Generator,
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
