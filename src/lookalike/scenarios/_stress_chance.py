"""The chance that sound predictions err in a slice as much as a model does.

A t-test of losses is none: the losses of heavy tails and of rare classes are far from normal, and a
sound model errs in a slice by chance twice, in the rows that it learned and in those that it is
judged by. So sound predictions are drawn instead, and judged as the model is.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression

from lookalike._core.numerics import Floats
from lookalike.scenarios._stressed_model import Problem

__all__ = ["chance_of"]

#: The most cells and the most sound predictions that are drawn at once.
_CELLS, _AT_ONCE = 2_000_000, 100
#: Once so many err as much, the chance is far above any level, and known well enough.
_MANY = 25
#: The rows of a bin in which the usual size of errors is measured, and the most bins.
_BIN_ROWS, _MOST_BINS = 100, 10
#: The penalty of a correction of logits, as of the regression that finds it.
_PENALTY = 1.0


def chance_of(
    problem: Problem,
    truth: Floats,
    scores: Floats,
    inside: npt.NDArray[np.bool_],
    draws: int,
    random: np.random.Generator,
) -> float:
    """Return the chance that sound predictions err in a slice as much as a model.

    The statistic is the efficient score of a slope and an offset of the slice, beside those of all
    rows. A sound model learned them from as many other rows, and is wrong by the chance of these
    as well: so two tables are drawn, one to learn from and one to judge by. Classes are drawn from
    the corrected probabilities; of numbers, all residuals are dealt anew, each over the usual size
    of residuals at such a prediction.

    Parameters
    ----------
    problem : Problem
        Of classes or numbers.
    truth : ndarray, shape (n,)
    scores : ndarray, shape (n, k)
        The model's, standardised.
    inside : ndarray of bool, shape (n,)
        The rows of the slice.
    draws : int
        The most sound predictions that are drawn.
    random : numpy.random.Generator
    """
    common = np.column_stack([np.ones(len(scores)), scores])
    own = np.where(inside[:, None], common, 0.0)
    judged: _NumberScore | _ClassScore
    if problem.kind == "numbers":
        judged = _NumberScore(truth, common, own)
    else:
        judged = _ClassScore(truth, common, own)
    found, drawn, beyond = judged.observed(), 0, 0
    at_once = min(max(_CELLS // len(truth), 1), _AT_ONCE)
    while drawn < draws and beyond < _MANY:
        count = min(at_once, draws - drawn)
        beyond += int((judged.drawn(count, random) >= found).sum())
        drawn += count
    return (1 + beyond) / (1 + drawn)


class _NumberScore:
    """The score of numbers, over the size that it has by the residuals themselves."""

    def __init__(self, truth: Floats, common: Floats, own: Floats) -> None:
        fitted = common @ np.linalg.lstsq(common, truth, rcond=None)[0]
        self.residuals = truth - fitted
        self.added = _beyond(common, own, np.ones(len(truth)))
        self.usual = _usual_size(fitted, self.residuals)
        self.learned = np.linalg.pinv(self.added)

    def observed(self) -> float:
        return float(self._statistics(self.residuals[:, None])[0])

    def drawn(self, count: int, random: np.random.Generator) -> Floats:
        judging, learned = self._dealt(count, random), self._dealt(count, random)
        # The slope and the offset that were learned are wrong by the residuals of those rows.
        return self._statistics(judging - self.added @ (self.learned @ learned))

    def _dealt(self, count: int, random: np.random.Generator) -> Floats:
        share = self.residuals / self.usual
        dealt = random.permuted(np.tile(share, (count, 1)), axis=1).T
        return np.asarray(self.usual[:, None] * dealt)

    def _statistics(self, residuals: Floats) -> Floats:
        """Return a statistic for each column."""
        width = self.added.shape[1]
        sums = (self.added.T @ residuals).T
        pairs = (self.added[:, :, None] * self.added[:, None, :]).reshape(len(self.added), -1)
        sizes = (pairs.T @ residuals**2).T.reshape(-1, width, width)
        return _quadratic(sums, sizes)


class _ClassScore:
    """The score of classes, each beside all others."""

    def __init__(self, truth: Floats, common: Floats, own: Floats) -> None:
        classes, self.codes = np.unique(truth, return_inverse=True)
        self.shares = np.ones((len(truth), 1))
        if len(classes) > 1:
            curve = LogisticRegression(C=1 / _PENALTY, max_iter=300).fit(common[:, 1:], self.codes)
            self.shares = curve.predict_proba(common[:, 1:])
        # Of two classes, the one says all about the other.
        self.parts = []
        for place in range(len(classes) if len(classes) > 2 else len(classes) - 1):
            weight = self.shares[:, place] * (1 - self.shares[:, place])
            added = _beyond(common, own, weight)
            size = added.T @ (weight[:, None] * added) + _PENALTY * np.eye(added.shape[1])
            self.parts.append((place, added, size))

    def observed(self) -> float:
        return float(self._statistics(self.codes[:, None], None)[0])

    def drawn(self, count: int, random: np.random.Generator) -> Floats:
        return self._statistics(self._codes(count, random), self._codes(count, random))

    def _codes(self, count: int, random: np.random.Generator) -> npt.NDArray[np.int64]:
        shots = random.random((len(self.shares), count))
        codes = np.zeros(shots.shape, np.int64)
        for edge in self.shares.cumsum(axis=1)[:, :-1].T:
            codes += shots > edge[:, None]
        return codes

    def _statistics(
        self, codes: npt.NDArray[np.int64], others: npt.NDArray[np.int64] | None
    ) -> Floats:
        total = np.zeros(codes.shape[1])
        for place, added, size in self.parts:
            expected = self.shares[:, place, None] if others is None else others == place
            residuals = (codes == place) - np.asarray(expected, np.float64)
            total += _quadratic((added.T @ residuals).T, size[None])
        return total


def _beyond(common: Floats, own: Floats, weight: Floats) -> Floats:
    """Return what columns of the slice hold beyond those of all rows, by weighted least squares."""
    root = np.sqrt(weight)[:, None]
    found: Floats = own - common @ np.linalg.lstsq(root * common, root * own, rcond=None)[0]
    return found


def _usual_size(fitted: Floats, residuals: Floats) -> Floats:
    """Return the root mean square of residuals in rows with about such a prediction."""
    bins = min(max(len(fitted) // _BIN_ROWS, 1), _MOST_BINS)
    order = np.argsort(fitted, kind="stable")
    found = np.empty(len(fitted))
    least = 1e-9 * max(float(np.sqrt(np.mean(residuals**2))), 1e-300)
    for rows in np.array_split(order, bins):
        found[rows] = max(float(np.sqrt(np.mean(residuals[rows] ** 2))), least)
    return found


def _quadratic(sums: Floats, sizes: Floats) -> Floats:
    """Return u' M⁻¹ u of each row u."""
    width = sums.shape[1]
    ridge = 1e-9 * np.trace(sizes, axis1=1, axis2=2)[:, None, None] + 1e-300
    solved = np.linalg.solve(sizes + ridge * np.eye(width), sums[:, :, None])[:, :, 0]
    found: Floats = (sums * solved).sum(axis=1)
    return found
