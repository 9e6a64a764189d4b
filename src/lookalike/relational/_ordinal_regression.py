"""Ordinal regression: the distribution of one discrete variable by a line through others."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from scipy.special import ndtr, ndtri

from lookalike._core.errors import ModelFileError
from lookalike._core.learned import Learned

__all__ = ["OrdinalRegression"]

#: The penalties that are tried, in rows.
_PENALTIES = np.array([1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1000.0])
#: The greatest number of variables that are used, those of the greatest correlation.
_MOST_INPUTS = 48
#: The greatest number of levels of an input that are told apart, and of those that are predicted.
_LEVELS = 24
#: The weight of a state without any row, in rows.
_LEAST = 1e-3
#: The step of a sequence that fills the unit interval evenly.
_EVEN = (5**0.5 - 1) / 2
_BISECTIONS = 40
_FARTHEST = 12.0
_ROWS_AT_ONCE = 16_384


@dataclass(frozen=True)
class OrdinalRegression:
    """The distribution of a variable given others: a normal variable between limits.

    The normal variable has the mean of a ridge regression on the normal scores of ordered inputs
    and on the levels of others, and the deviation 1; each state is an interval of it. The limits
    are such that states have their learned shares among the rows of the fit. Of few rows it learns
    what trees cannot: each coefficient is an average over all rows.

    Parameters
    ----------
    marginal : ndarray, shape (states,)
        The distribution of states: positive, with the sum 1.
    ranks : ndarray of int, shape (ranked,)
        The states in the order of their intervals. Those that are not among them, such as
        *missing* and levels without rows, depend on nothing.
    limits : ndarray, shape (ranked − 1,)
        The limits between the intervals.
    inputs : tuple of int
        The indices of the other variables.
    scores : tuple of ndarray, shape (states,)
        For each input, what each of its states adds to the mean.
    """

    marginal: np.ndarray
    ranks: np.ndarray
    limits: np.ndarray
    inputs: tuple[int, ...]
    scores: tuple[np.ndarray, ...]

    @classmethod
    def fit(
        cls,
        states: np.ndarray,
        variable: int,
        inputs: Sequence[int],
        sizes: Sequence[int],
        ordered: Sequence[bool],
        gated: bool,
        fewest: int,
    ) -> Self | None:
        """Fit the regression; return None where there is nothing to learn.

        Parameters
        ----------
        states : ndarray of int, shape (rows, variables)
        variable : int
        inputs : sequence of int
            The other variables.
        sizes : sequence of int
            The number of states of each variable.
        ordered : sequence of bool
            Whether the states of each variable are in order.
        gated : bool
            Whether the last state of the variable is *missing*.
        fewest : int
            The least number of rows of a level that is told apart.
        """
        own, size = states[:, variable], sizes[variable]
        marginal = np.bincount(own, minlength=size) + _LEAST
        marginal = marginal / marginal.sum()
        ranks = np.arange(size - gated)
        if not ordered[variable] and len(ranks) > 2:
            if len(ranks) > _LEVELS:
                return None
            ranks = _by_inputs(states, variable, inputs, sizes, ordered, size)
        if not ordered[variable]:  # between levels, one that never occurs would take their place
            ranks = ranks[np.bincount(own, minlength=size)[ranks] > 0]
        there = np.isin(own, ranks)
        known, target = states[there], own[there]
        if len(known) < 2 * fewest or len(np.unique(target)) < 2:
            return None
        of_own = _normal_scores(target, ranks, size)
        wanted = of_own[target]
        near = _nearest(known, wanted, inputs, sizes, ordered)
        features, owners = _features(known, near, sizes, ordered, fewest)
        if not owners:
            return None
        weights, deviation = _ridge(features, wanted)
        scores = _of_states(known, weights / deviation, owners, near, sizes)
        mean = _mean(known, near, scores)
        limits = _limits(mean, np.cumsum(marginal[ranks] / marginal[ranks].sum())[:-1])
        return cls(marginal, ranks, limits, tuple(near), tuple(scores))

    def log_probabilities(self, known: np.ndarray, asked: np.ndarray, variable: int) -> np.ndarray:
        """Return the logarithm of the probability of each row's state of a variable."""
        own = asked[:, variable]
        place = np.full(len(self.marginal), -1)
        place[self.ranks] = np.arange(len(self.ranks))
        at = place[own]
        mean, limits = _mean(asked, self.inputs, self.scores), self._padded
        inside = ndtr(limits[at + 1] - mean) - ndtr(limits[at] - mean)
        least = _LEAST / max(len(known), 1)
        share = self.marginal[self.ranks].sum()
        chances = np.where(at >= 0, share * np.maximum(inside, least), self.marginal[own])
        return np.asarray(np.log(chances))

    def balanced(self, states: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Draw the state of each row, so that shares of states are near to their expectation."""
        mean = _mean(states, self.inputs, self.scores)
        n = len(mean)
        order = rng.permutation(n)
        order = order[np.argsort(mean[order], kind="stable")]
        chance = np.empty(n)
        chance[order] = (np.arange(n) * _EVEN + rng.random()) % 1
        of_rest = np.ones(len(self.marginal), bool)
        of_rest[self.ranks] = False
        others = np.flatnonzero(of_rest)
        reached = np.cumsum(self.marginal[others])
        rest = float(reached[-1]) if len(reached) else 0.0
        inside = np.clip((chance - rest) / (1 - rest), 1e-12, 1 - 1e-12)
        drawn = self.ranks[np.searchsorted(self.limits, mean + ndtri(inside), side="right")]
        if len(others):
            which = np.minimum(np.searchsorted(reached, chance, side="right"), len(others) - 1)
            drawn = np.where(chance < rest, others[which], drawn)
        return np.asarray(drawn)

    def expected(self, states: np.ndarray) -> np.ndarray:
        """Return the mean of each row's distribution of states, as numbers."""
        mean = _mean(states, self.inputs, self.scores)
        result = np.empty(len(mean))
        for first in range(0, len(mean), _ROWS_AT_ONCE):
            part = slice(first, first + _ROWS_AT_ONCE)
            inside = np.diff(ndtr(self._padded[None] - mean[part, None]), axis=1)
            result[part] = inside @ self.ranks
        return result

    @property
    def _padded(self) -> np.ndarray:
        return np.concatenate([[-np.inf], self.limits, [np.inf]])

    def state(self) -> Learned:
        """Return the learned state."""
        arrays = {
            "marginal": self.marginal,
            "ranks": self.ranks.astype(np.int32),
            "limits": self.limits,
            "inputs": np.array(self.inputs, np.int32),
            "scores": np.concatenate(self.scores),
        }
        return Learned({}, arrays)

    @classmethod
    def from_state(
        cls, state: Learned, variable: int, sizes: Sequence[int], before: Collection[int]
    ) -> Self:
        """Restore the regression of a variable from its `state`."""
        found = {name: np.asarray(array) for name, array in state.arrays.items()}
        marginal, ranks, limits = (found[name] for name in ("marginal", "ranks", "limits"))
        inputs, scores = found["inputs"].tolist(), found["scores"]
        sound = (
            marginal.shape == (sizes[variable],)
            and bool((marginal > 0).all())
            and bool(np.isclose(marginal.sum(), 1.0))
            and ranks.ndim == 1
            and len(ranks) > 1
            and len(np.unique(ranks)) == len(ranks)
            and bool(((ranks >= 0) & (ranks < sizes[variable])).all())
            and limits.shape == (len(ranks) - 1,)
            and bool((np.diff(limits) >= 0).all())
            and set(inputs) <= set(before)
            and scores.shape == (sum(sizes[i] for i in inputs),)
            and bool(np.isfinite(scores).all())
        )
        if not sound:
            raise ModelFileError(
                "The regressions of a table must fit its columns, but they do not: the file is "
                "damaged."
            )
        parts = np.split(scores, np.cumsum([sizes[i] for i in inputs])[:-1])
        return cls(marginal, ranks, limits, tuple(inputs), tuple(parts))


def _normal_scores(states: np.ndarray, ranks: np.ndarray, size: int) -> np.ndarray:
    """Return the normal score of each state, by shares among rows; 0 for those without a rank."""
    counts = np.bincount(states, minlength=size)[ranks].astype(float)
    reached = np.cumsum(counts)
    middle = (reached - counts / 2) / max(reached[-1], 1)
    scores = np.zeros(size)
    scores[ranks] = ndtri(np.clip(middle, 1e-9, 1 - 1e-9))
    scores[ranks[counts == 0]] = np.clip(scores[ranks[counts == 0]], -3.0, 3.0)
    return scores


def _by_inputs(
    states: np.ndarray,
    variable: int,
    inputs: Sequence[int],
    sizes: Sequence[int],
    ordered: Sequence[bool],
    size: int,
) -> np.ndarray:
    """Return levels in the order in which their rows differ most in ordered inputs."""
    own = states[:, variable]
    counts = np.bincount(own, minlength=size).astype(float)
    numbers = [
        _normal_scores(states[:, i], np.arange(sizes[i]), sizes[i])[states[:, i]]
        for i in inputs
        if ordered[i]
    ]
    if not numbers:
        return np.arange(size)
    means = np.stack([np.bincount(own, n, size) for n in numbers], axis=1) / (counts[:, None] + 1)
    means = means - counts @ means / counts.sum()
    axis = np.linalg.eigh(means.T @ (counts[:, None] * means))[1][:, -1]
    return np.argsort(means @ axis, kind="stable")


def _nearest(
    states: np.ndarray,
    wanted: np.ndarray,
    inputs: Sequence[int],
    sizes: Sequence[int],
    ordered: Sequence[bool],
) -> list[int]:
    """Return the inputs that explain most, each alone."""
    total, shares = float(((wanted - wanted.mean()) ** 2).sum()), []
    for i in inputs:
        if not ordered[i] and sizes[i] > _LEVELS:
            shares.append(0.0)
            continue
        if ordered[i]:
            x = _normal_scores(states[:, i], np.arange(sizes[i]), sizes[i])[states[:, i]]
            x = x - x.mean()
            squares = float(x @ x)
            shares.append(float(x @ wanted) ** 2 / squares / total if squares > 0 else 0.0)
            continue
        counts = np.bincount(states[:, i], minlength=sizes[i])
        sums = np.bincount(states[:, i], wanted - wanted.mean(), sizes[i])
        shares.append(float((sums**2 / (counts + 1)).sum()) / total)
    best = np.argsort(-np.array(shares), kind="stable")[:_MOST_INPUTS]
    return [inputs[k] for k in best.tolist() if shares[k] > 0]


def _features(
    states: np.ndarray,
    inputs: Sequence[int],
    sizes: Sequence[int],
    ordered: Sequence[bool],
    fewest: int,
) -> tuple[np.ndarray, list[tuple[int, np.ndarray]]]:
    """Return columns of numbers, and for each its input and the number of each of its states."""
    columns, owners = [], []
    for i in inputs:
        counts = np.bincount(states[:, i], minlength=sizes[i])
        if ordered[i]:
            of_states = [_normal_scores(states[:, i], np.arange(sizes[i]), sizes[i])]
        else:
            levels = np.flatnonzero((counts >= fewest) & (counts <= len(states) - fewest))
            of_states = [(np.arange(sizes[i]) == level).astype(float) for level in levels]
        for numbers in of_states:
            column = numbers[states[:, i]]
            if np.ptp(column) > 0:
                columns.append(column - column.mean())
                owners.append((i, numbers - column.mean()))
    return np.stack(columns, axis=1) if columns else np.zeros((len(states), 0)), owners


def _ridge(features: np.ndarray, wanted: np.ndarray) -> tuple[np.ndarray, float]:
    """Return the coefficients of the penalty of the least error of rows left out, and its root."""
    n = len(wanted)
    centred = wanted - wanted.mean()
    left, singular, right = np.linalg.svd(features, full_matrices=False)
    inner = left.T @ centred
    best, least = np.zeros(features.shape[1]), np.inf
    for penalty in _PENALTIES:
        kept = singular**2 / (singular**2 + penalty)
        leverage = (left**2) @ kept + 1 / n
        errors = (centred - left @ (kept * inner)) / np.maximum(1 - leverage, 1e-3)
        error = float((errors**2).mean())
        if error < least:
            least = error
            best = right.T @ (singular / (singular**2 + penalty) * inner)
    return best, max(least, 1e-4) ** 0.5


def _of_states(
    states: np.ndarray,
    weights: np.ndarray,
    owners: Sequence[tuple[int, np.ndarray]],
    inputs: Sequence[int],
    sizes: Sequence[int],
) -> list[np.ndarray]:
    """Return what each state of each input adds to the mean."""
    found = {i: np.zeros(sizes[i]) for i in inputs}
    for weight, (i, numbers) in zip(weights, owners, strict=True):
        found[i] += weight * numbers
    for i in inputs:  # a state of no row adds nothing beyond those of rows
        seen = found[i][np.unique(states[:, i])]
        found[i] = np.clip(found[i], seen.min(), seen.max())
    return list(found.values())


def _mean(states: np.ndarray, inputs: Sequence[int], scores: Sequence[np.ndarray]) -> np.ndarray:
    mean = np.zeros(len(states))
    for i, score in zip(inputs, scores, strict=True):
        mean += score[states[:, i]]
    return mean


def _limits(mean: np.ndarray, reached: np.ndarray) -> np.ndarray:
    """Return the limits below which the given shares of normal variables around means lie."""
    if len(mean) > _ROWS_AT_ONCE:
        mean = np.sort(mean)[:: -(-len(mean) // _ROWS_AT_ONCE)]
    low = np.full(len(reached), mean.min() - _FARTHEST)
    high = np.full(len(reached), mean.max() + _FARTHEST)
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        below = ndtr(middle[None] - mean[:, None]).mean(axis=0) < reached
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return np.maximum.accumulate((low + high) / 2)
