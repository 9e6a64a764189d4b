"""The choice of whole histories: several are drawn for each one that is kept.

The weight of a history is exp(λ · counts), where the counts are those of the states of its events,
of pairs of states of an event, and of states that follow each other. Such weights are the least
change of the model under which these counts have their real means (Jaynes 1957); as a density ratio
it is that of Sugiyama et al. (2008). They are kept only if histories that took no part in them
become more likely.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from jaxtyping import Float, Int
from scipy.optimize import minimize

from lookalike._core.errors import ModelFileError
from lookalike.encoding import Learned
from lookalike.refine import choose

__all__ = ["POOL", "Drawn", "HistoryChoice", "fit_choice"]

#: The number of histories drawn for each one that is kept.
POOL = 4
#: The most groups of states of a variable, and the most pairs of variables.
_GROUPS, _PAIRS = 10, 64
#: The fewest entities for which a choice is tried, and the share that judges it.
_FEWEST, _JUDGES = 200, 0.2
#: The strengths of the penalty that are tried: 1 allows each mean its standard error.
_STRENGTHS = (1.0, 3.0, 10.0, 30.0)
#: The most steps of the optimiser, and the limit of log weights.
_STEPS, _LIMIT = 60, 3.0
#: The gain in nats per history that must be exceeded, by so many standard errors.
_WORTH, _SURE = 0.01, 2.0


@dataclass(frozen=True)
class Drawn:
    """The states of events, one entity after the other.

    Parameters
    ----------
    states : ndarray of int, shape (events, variables)
    lengths : ndarray of int, shape (entities,)
    """

    states: Int[np.ndarray, "events variables"]
    lengths: Int[np.ndarray, " entities"]


@dataclass(frozen=True)
class HistoryChoice:
    """Weights by which whole histories are chosen.

    Parameters
    ----------
    groups : tuple of ndarray of int
        The group of each state, for each variable.
    pairs : tuple of (int, int)
        The pairs of variables that are counted.
    factors : ndarray, shape (counts,)
        The λ of each count.
    gain : float
        How much more likely held-out histories are, in nats each.
    """

    groups: tuple[np.ndarray, ...]
    pairs: tuple[tuple[int, int], ...]
    factors: Float[np.ndarray, " counts"]
    gain: float = 0.0

    @staticmethod
    def is_tried(entities: int) -> bool:
        """Return whether there are enough entities for a choice."""
        return entities >= _FEWEST

    @property
    def sizes(self) -> tuple[int, ...]:
        """The number of groups of each variable."""
        return tuple(int(group.max()) + 1 for group in self.groups)

    def counted(self, drawn: Drawn) -> Int[np.ndarray, "features events"]:
        """Return the numbers of the counts that each event is part of."""
        codes = np.stack([g[drawn.states[:, v]] for v, g in enumerate(self.groups)], axis=1).astype(
            np.int32
        )
        position = np.arange(len(codes)) - np.repeat(
            np.cumsum(drawn.lengths) - drawn.lengths, drawn.lengths
        )
        sizes, parts, offset = self.sizes, [], 0
        # Single states; pairs of an event; and, with a group for none, pairs with the last event.
        for v, size in enumerate(sizes):
            parts.append(codes[:, v] + offset)
            offset += size
        for v, w in self.pairs:
            parts.append(codes[:, v] * sizes[w] + codes[:, w] + offset)
            offset += sizes[v] * sizes[w]
        for v, size in enumerate(sizes):
            last = np.where(position > 0, np.roll(codes[:, v], 1), size)
            parts.append(last * size + codes[:, v] + offset)
            offset += (size + 1) * size
        return np.stack(parts).astype(np.int32)

    @property
    def counts(self) -> int:
        """The number of counts."""
        sizes = self.sizes
        pairs = sum(sizes[v] * sizes[w] for v, w in self.pairs)
        return sum(sizes) + pairs + sum((size + 1) * size for size in sizes)

    def log_weights(self, drawn: Drawn) -> Float[np.ndarray, " entities"]:
        """Return the log weight of each history, clipped."""
        logs = _summed(self.factors, self.counted(drawn))
        starts = np.cumsum(drawn.lengths) - drawn.lengths
        sums = np.add.reduceat(logs, starts)
        return np.asarray(np.clip(sums - np.median(sums), -_LIMIT, _LIMIT))

    def chosen(self, drawn: Drawn, count: int, start: float) -> Int[np.ndarray, " count"]:
        """Choose histories by their weights.

        Parameters
        ----------
        drawn : Drawn
            More than `count` histories.
        count : int
        start : float
            A random number in [0, 1).
        """
        return choose(np.exp(self.log_weights(drawn)), count, start)

    def state(self) -> Learned:
        """Return the weights as plain values and arrays."""
        arrays = {f"groups {v}": group for v, group in enumerate(self.groups)}
        values: dict[str, Any] = {"pairs": [list(pair) for pair in self.pairs], "gain": self.gain}
        return Learned(values, {**arrays, "factors": self.factors})

    @classmethod
    def from_state(cls, state: Learned, sizes: Sequence[int]) -> HistoryChoice:
        """Restore the weights from their `state`.

        Raises
        ------
        ModelFileError
            If they do not fit the variables.
        """
        groups = tuple(np.asarray(state.arrays[f"groups {v}"]) for v in range(len(sizes)))
        pairs = tuple((int(v), int(w)) for v, w in state.values["pairs"])
        factors = np.asarray(state.arrays["factors"], float)
        whole = all(
            g.shape == (size,) and g.dtype.kind == "i" and g.min() >= 0 and g.max() < size
            for g, size in zip(groups, sizes, strict=True)
        ) and all(0 <= v < w < len(sizes) for v, w in pairs)
        made = cls(groups, pairs, factors, float(state.values["gain"])) if whole else None
        if made is None or factors.shape != (made.counts,) or not np.isfinite(factors).all():
            raise ModelFileError("The choice of histories is damaged.")
        return made


def fit_choice(
    real: Drawn,
    made: Drawn,
    sizes: Sequence[int],
    ordered: Sequence[bool],
    rng: np.random.Generator,
) -> HistoryChoice | None:
    """Fit weights; None if they make held-out histories no more likely.

    Parameters
    ----------
    real, made : Drawn
        Real histories, and generated ones.
    sizes : sequence of int
        The number of states of each variable.
    ordered : sequence of bool
        Whether the states of each variable are in an order.
    rng : numpy.random.Generator
        Chooses the judges.
    """
    groups = tuple(
        _groups(np.bincount(real.states[:, v], minlength=size), ordered[v])
        for v, size in enumerate(sizes)
    )
    pairs = _worst_pairs(real, made, groups)
    plain = HistoryChoice(groups, pairs, np.zeros(0))
    judges = rng.random(len(real.lengths)) < _JUDGES
    of_real, of_made = (_StateCounts.of(plain, drawn) for drawn in (real, made))
    training, judging = of_real.some(~judges), of_real.some(judges)
    best, most = None, _WORTH
    start = np.zeros(plain.counts)
    for strength in sorted(_STRENGTHS, reverse=True):
        start = _fitted(training, of_made, strength, start)
        gains = _gains(judging, of_made, start)
        gain = float(gains.mean())
        sure = gain > _SURE * float(gains.std()) / np.sqrt(len(gains))
        if sure and gain > most:
            best, most = HistoryChoice(groups, pairs, start, gain), gain
    return best


@dataclass(frozen=True)
class _StateCounts:
    """The counts of histories, as the numbers of those that each event is part of."""

    features: Int[np.ndarray, "features events"]
    entity: Int[np.ndarray, " events"]
    entities: int
    counts: int

    @classmethod
    def of(cls, choice: HistoryChoice, drawn: Drawn) -> _StateCounts:
        entity = np.repeat(np.arange(len(drawn.lengths)), drawn.lengths)
        return cls(choice.counted(drawn), entity, len(drawn.lengths), choice.counts)

    def some(self, kept: np.ndarray) -> _StateCounts:
        """Return some of the histories."""
        rows = kept[self.entity]
        number = np.cumsum(kept) - 1
        return _StateCounts(
            self.features[:, rows], number[self.entity[rows]], int(kept.sum()), self.counts
        )

    def scores(self, factors: np.ndarray) -> Float[np.ndarray, " entities"]:
        """Return λ · counts of each history."""
        each = _summed(factors, self.features)
        return np.bincount(self.entity, each, minlength=self.entities)

    def means(self, weights: np.ndarray) -> Float[np.ndarray, " counts"]:
        """Return the mean counts under weights with the sum 1."""
        each, total = weights[self.entity], np.zeros(self.counts)
        for feature in self.features:  # one by one: all at once would take much memory
            total += np.bincount(feature, each, minlength=self.counts)
        return total


def _summed(
    factors: Float[np.ndarray, " counts"], features: Int[np.ndarray, "features events"]
) -> Float[np.ndarray, " events"]:
    """Return the sum of the λ of each event."""
    total = np.zeros(features.shape[1])
    for feature in features:  # one by one: all at once would take much memory
        total += factors[feature]
    return total


def _fitted(
    real: _StateCounts, made: _StateCounts, strength: float, start: np.ndarray
) -> Float[np.ndarray, " counts"]:
    """Maximise the penalised likelihood of real histories."""
    wanted = real.means(np.full(real.entities, 1 / real.entities))
    # The variance of a mean count, nearly that of a Poisson variable, on both sides.
    had = made.means(np.full(made.entities, 1 / made.entities))
    errors = strength * (wanted / real.entities + had / made.entities + 1 / real.entities**2)

    def loss(factors: np.ndarray) -> tuple[float, np.ndarray]:
        scores = made.scores(factors)
        top = scores.max()
        weights = np.exp(scores - top)
        total = weights.sum()
        value = np.log(total / made.entities) + top - factors @ wanted
        value += 0.5 * float(errors @ factors**2)
        return value, made.means(weights / total) - wanted + errors * factors

    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": _STEPS})
    return np.asarray(found.x)


def _gains(
    real: _StateCounts, made: _StateCounts, factors: np.ndarray
) -> Float[np.ndarray, " entities"]:
    """Return how much more likely each real history is, in nats, with weights as they are used."""
    scores, own = made.scores(factors), real.scores(factors)
    middle = np.median(scores)
    scores, own = (np.clip(s - middle, -_LIMIT, _LIMIT) for s in (scores, own))
    return np.asarray(own - np.log(np.exp(scores).mean()))


def _groups(counts: Int[np.ndarray, " states"], ordered: bool) -> Int[np.ndarray, " states"]:
    """Return a group for each state: of neighbours where in order, else the frequent alone."""
    states = len(counts)
    if states <= _GROUPS:
        return np.arange(states)
    if not ordered:
        groups = np.full(states, _GROUPS - 1)
        groups[np.argsort(-counts, kind="stable")[: _GROUPS - 1]] = np.arange(_GROUPS - 1)
        return groups
    middle = (np.cumsum(counts) - counts / 2) / max(counts.sum(), 1)
    groups = np.minimum((middle * _GROUPS).astype(np.int64), _GROUPS - 1)
    return np.unique(groups, return_inverse=True)[1]


def _worst_pairs(
    real: Drawn, made: Drawn, groups: Sequence[np.ndarray]
) -> tuple[tuple[int, int], ...]:
    """Return the pairs of variables whose joint shares are most wrong."""
    sizes = [int(group.max()) + 1 for group in groups]
    of_real, of_made = (
        [group[drawn.states[:, v]] for v, group in enumerate(groups)] for drawn in (real, made)
    )
    wrong = []
    for v, w in combinations(range(len(groups)), 2):
        shares = [
            np.bincount(c[v] * sizes[w] + c[w], minlength=sizes[v] * sizes[w]) / len(c[v])
            for c in (of_real, of_made)
        ]
        wrong.append((float(np.abs(shares[0] - shares[1]).sum()), (v, w)))
    wrong.sort(key=lambda pair: (-pair[0], pair[1]))
    return tuple(sorted(pair for _, pair in wrong[:_PAIRS]))
