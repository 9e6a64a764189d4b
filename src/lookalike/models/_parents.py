"""The structure of a Bayesian network: an order of variables, and the parents of each."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np
from jaxtyping import Float, Int

from lookalike._core.workers import in_parallel
from lookalike.models._conditional_table import MOST_KEYS, Link, Parent
from lookalike.models._spanning_tree import maximum_spanning_tree

__all__ = ["choose_parents", "order_of"]

#: The greatest number of groups of a variable for mutual information, over all variables.
_CELLS, _MOST_GROUPS, _FEWEST_GROUPS = 4_000, 24, 3
#: The greatest number of rows for mutual information.
_MOST_ROWS = 20_000
#: The number of variables that are tried as further parents.
_CANDIDATES = 8
#: The strengths of a context that are tried, in rows.
_STRENGTHS = np.array([0.5, 1.5, 4.0, 10.0, 25.0, 60.0, 150.0])
#: The gain in log-likelihood of a context in nats, and in standard errors, that makes it worth it.
_WORTH, _SURE = 2.0, 1.0
#: Rows × variables that the search for parents sees, and its least number of rows.
_MOST_WORK, _FEWEST_ROWS = 1_000_000, 3_000
#: The greatest number of cells that are counted directly, for each row.
_DIRECT = 4


def order_of(
    states: Int[np.ndarray, "rows variables"], grains: Sequence[tuple[np.ndarray, ...]]
) -> tuple[Int[np.ndarray, " variables"], Float[np.ndarray, "variables variables"]]:
    """Return variables in an order, and the mutual information of each pair.

    The first one has the most information about all others; each next one has the most information
    about one of those before it, in the tree of Chow and Liu (1968).

    Parameters
    ----------
    states : ndarray of int, shape (rows, variables)
        In random order.
    grains : sequence of tuple of ndarray
        For each variable, its partitions.

    Returns
    -------
    order : ndarray of int, shape (variables,)
        The variables.
    information : ndarray of float, shape (variables, variables)
        In nats.
    """
    information = _information(states, grains)
    return maximum_spanning_tree(information)[0], information


def choose_parents(
    states: Int[np.ndarray, "rows variables"],
    order: Int[np.ndarray, " variables"],
    information: Float[np.ndarray, "variables variables"],
    grains: Sequence[tuple[np.ndarray, ...]],
    most: int,
    fewest: int,
    known: Mapping[int, tuple[int, ...]] | None = None,
) -> list[list[Link]]:
    """Return the contexts of each variable, from few and coarse parents to many and fine ones.

    Parents are added, or seen in a finer grain, one after another, as long as that makes rows more
    likely that are not counted themselves (leave-one-out, exact by subtracting the row from the
    counts).

    Parameters
    ----------
    states : ndarray of int, shape (rows, variables)
        In random order.
    order : ndarray of int, shape (variables,)
        Parents come before their children.
    information : ndarray, shape (variables, variables)
        The mutual information of each pair.
    grains : sequence of tuple of ndarray
    most : int
        The greatest number of parents.
    fewest : int
        The least number of rows of a combination of parents.
    known : mapping of int to tuple of int, optional
        For each variable, the only ones that may be its parents; all of them are tried at once,
        too, since single ones may tell nothing.
    """
    rows = max(_MOST_WORK // max(len(order), 1), _FEWEST_ROWS)
    some = np.ascontiguousarray(states[:rows].T)
    rank = np.argsort(order)

    def chosen(variable: int) -> list[Link]:
        before = order[: rank[variable]]
        near = before[np.argsort(-information[variable, before], kind="stable")][:_CANDIDATES]
        together: tuple[int, ...] = ()
        if known is not None:
            near, together = np.array(known[variable], np.int64), known[variable]
        search = _ParentSearch(some, variable, grains, fewest, together)
        while search.extended(near, most):
            pass
        return search.links

    return in_parallel(partial(chosen, v) for v in range(len(order)))


@dataclass
class _ParentSearch:
    """The greedy search for the parents of one variable.

    Parameters
    ----------
    states : ndarray of int, shape (variables, rows)
    variable : int
    grains : sequence of tuple of ndarray
    fewest : int
    together : tuple of int
        Parents that are tried all at once.
    """

    states: np.ndarray
    variable: int
    grains: Sequence[tuple[np.ndarray, ...]]
    fewest: int
    together: tuple[int, ...] = ()
    links: list[Link] = field(default_factory=list)

    def __post_init__(self) -> None:
        own = self.states[self.variable]
        self.count = len(self.grains[self.variable][-1])
        counts = np.bincount(own, minlength=self.count)
        # The probability of each row's state among all other rows.
        self.chances = (counts[own] - 1 + 1 / self.count) / max(len(own), 1)
        self.parents: dict[int, int] = {}

    def extended(self, near: np.ndarray, most: int) -> bool:
        """Add the context that makes rows most likely; return False if none is worth it."""
        trials = [self._trial(parents) for parents in self._candidates(near, most)]
        if not trials:
            return False
        gain, parents, strength, chances = max(trials, key=lambda trial: trial[0])
        if gain <= 0:
            return False
        self.chances = chances
        self.parents = dict(parents)
        self.links.append((parents, strength))
        return True

    def _candidates(self, near: np.ndarray, most: int) -> list[tuple[Parent, ...]]:
        mine = self.parents
        found = [
            tuple((v, g + (v == k)) for v, g in mine.items())
            for k in mine
            if mine[k] + 1 < len(self.grains[k])
        ]
        if len(mine) < most:
            found += [(*mine.items(), (int(v), 0)) for v in near if v not in mine]
        if not mine and len(self.together) > 1:
            finest = max(len(self.grains[v]) for v in self.together)
            found += [
                tuple((v, min(grain, len(self.grains[v]) - 1)) for v in self.together)
                for grain in range(finest)
            ]
        return [parents for parents in found if self._combinations(parents) < MOST_KEYS]

    def _combinations(self, parents: tuple[Parent, ...]) -> float:
        return math.prod([float(self.count), *(self.grains[v][g].max() + 1.0 for v, g in parents)])

    def _trial(
        self, parents: tuple[Parent, ...]
    ) -> tuple[float, tuple[Parent, ...], float, np.ndarray]:
        """Return the gain of a context in nats, above what it takes to be worth it."""
        keys = _compressed([self.grains[v][g][self.states[v]] for v, g in parents])
        both = keys * self.count + self.states[self.variable]
        of_key, of_both = _counts(keys) - 1.0, _counts(both) - 1.0
        known = of_key + 1 >= self.fewest
        best, of_best, chances = -np.inf, 0.0, self.chances
        for strength in _STRENGTHS:
            mixed = (of_both + strength * self.chances) / (of_key + strength)
            mixed = np.where(known, mixed, self.chances)
            likelihood = float(np.log(mixed).sum())
            if likelihood > best:
                best, of_best, chances = likelihood, float(strength), mixed
        gains = np.log(chances / self.chances)
        margin = _WORTH + _SURE * float(gains.std()) * len(gains) ** 0.5
        return float(gains.sum()) - margin, parents, of_best, chances


def _compressed(parts: Sequence[np.ndarray]) -> np.ndarray:
    """Return a number for each row's combination of groups."""
    keys = np.zeros(len(parts[0]), np.int64)
    for part in parts:
        keys = keys * (int(part.max(initial=0)) + 1) + part
    return keys


def _counts(keys: np.ndarray) -> np.ndarray:
    """Return the number of rows with the same key, for each row."""
    if keys.max(initial=0) < _DIRECT * len(keys):
        return np.asarray(np.bincount(keys)[keys])
    _, of_row, counts = np.unique(keys, return_inverse=True, return_counts=True)
    return np.asarray(counts[of_row])


def _information(
    states: Int[np.ndarray, "rows variables"], grains: Sequence[tuple[np.ndarray, ...]]
) -> Float[np.ndarray, "variables variables"]:
    """Return the mutual information of each pair in nats, less what chance alone would give."""
    states = states[:_MOST_ROWS]
    rows, variables = states.shape
    most = int(np.clip(_CELLS // max(variables, 1), _FEWEST_GROUPS, _MOST_GROUPS))
    codes = np.stack([_coarse(states[:, v], grains[v], most) for v in range(variables)])
    sizes = codes.max(axis=1) + 1
    starts = np.cumsum(sizes) - sizes
    # All joint tables at once, as the product of one-hot rows: whole numbers, so exact.
    joint = np.zeros((sizes.sum(), sizes.sum()), np.float32)
    for first in range(0, rows, _CELLS):
        part = codes[:, first : first + _CELLS]
        onehot = np.zeros((part.shape[1], sizes.sum()), np.float32)
        onehot[np.arange(part.shape[1]), part + starts[:, None]] = 1.0
        joint += onehot.T @ onehot
    shares = joint.astype(float) / rows
    alone = np.diag(shares)
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(shares > 0, shares * np.log(shares / np.outer(alone, alone)), 0.0)
    information = np.add.reduceat(np.add.reduceat(terms, starts, axis=0), starts, axis=1)
    # The expected value for independent variables (Miller 1955).
    chance = np.outer(sizes - 1, sizes - 1) / (2 * rows)
    information = np.maximum(information - chance, 0.0)
    np.fill_diagonal(information, 0.0)
    return np.asarray(information)


def _coarse(states: np.ndarray, grains: Sequence[np.ndarray], most: int) -> np.ndarray:
    """Return states in the finest grain of few groups; of levels, the rarest are one group."""
    fitting = [grain for grain in grains if grain.max() < most]
    if fitting:
        return np.asarray(fitting[-1][states])
    counts = np.bincount(grains[0][states])
    common = np.argsort(-counts, kind="stable")[: most - 1]
    groups = np.full(len(counts), len(common))
    groups[common] = np.arange(len(common))
    return np.asarray(groups[grains[0][states]])
