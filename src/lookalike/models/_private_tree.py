"""Private tables of a few columns each, and rows drawn from them: a tree, or a Bayesian network.

MST (McKenna, Miklau and Sheldon 2021, arXiv 2108.04978) measures all columns, the pairs of a
maximum spanning tree, chosen by the exponential mechanism, and draws from the tree.
NOTE: differs from the paper: inference is exact on a tree, so tables are made consistent by
projection and proportional fitting and no optimiser is needed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from lookalike._core.numerics import Floats, raking_factors
from lookalike._core.seeds import generator
from lookalike.models._private_domain import PrivateColumn
from lookalike.models._private_noise import (
    Entropy,
    WholeNumbers,
    choose_privately,
    noisy,
    standard_deviation,
)

__all__ = [
    "GroupedColumn",
    "PrivateLink",
    "choose_network",
    "choose_tree",
    "count_rows",
    "draw",
    "draw_states",
    "grouped",
    "measure",
]

#: The most states of a column in tables of several, and the noise below which states are merged.
_STATES, _SURE = 32, 3.0
#: Steps of proportional fitting, and the largest factor of one.
_STEPS, _FACTOR = 40, 1e6
#: The most cells of a table of a Bayesian network, and the pairs of parents that are candidates.
_MOST_CELLS, _CANDIDATES = 4_096, 24


@dataclass(frozen=True)
class GroupedColumn:
    """A column whose cells are merged into states, each of which has enough rows.

    Parameters
    ----------
    column : PrivateColumn
    groups : ndarray of int, shape (cells,)
        The state of each cell.
    shares : ndarray of float, shape (states,)
        The share of each state, by the noisy counts.
    """

    column: PrivateColumn
    groups: WholeNumbers
    shares: Floats

    @property
    def states(self) -> WholeNumbers:
        """The state of each row of the table."""
        return np.asarray(self.groups[self.column.codes])

    def cells(self, states: WholeNumbers, rng: np.random.Generator) -> WholeNumbers:
        """Return a cell of each state, by the noisy counts."""
        counts = self.column.counts + 1e-9
        result = np.empty(len(states), np.int64)
        for state in range(len(self.shares)):
            own, at = np.flatnonzero(self.groups == state), np.flatnonzero(states == state)
            result[at] = rng.choice(own, len(at), p=counts[own] / counts[own].sum())
        return result


@dataclass(frozen=True)
class PrivateLink:
    """The distribution of a column given its parents.

    Parameters
    ----------
    child : int
    parents : tuple of int
    table : ndarray of float, shape (states of the parents, states)
        Rows sum to 1.
    """

    child: int
    parents: tuple[int, ...]
    table: Floats


def count_rows(columns: Sequence[PrivateColumn]) -> float:
    """Return the number of rows by the noisy counts of columns, those of few cells most."""
    weights = np.array([1 / len(one.counts) for one in columns])
    totals = np.array([one.counts.sum() for one in columns])
    return max(float(totals @ weights / weights.sum()), 1.0)


def grouped(column: PrivateColumn, rows: float) -> GroupedColumn:
    """Merge cells with few rows: neighbours of a number, the rarest levels of others."""
    counts = _projected(column.counts, rows)
    column = replace(column, counts=counts)
    least = max(_SURE * column.sigma, counts.sum() / _STATES)
    groups = np.empty(len(counts), np.int64)
    if column.edges is not None:
        state, held = 0, 0.0
        for cell, count in enumerate(counts[:-1]):
            if held >= least:
                state, held = state + 1, 0.0
            groups[cell] = state
            held += count
        # A missing cell is no neighbour of any number.
        groups[-1] = state + 1
    else:
        own = counts >= _SURE * column.sigma
        own[np.argsort(-counts, kind="stable")[_STATES - 1 :]] = False
        groups = np.where(own, np.cumsum(own) - 1, own.sum())
        groups = np.unique(groups, return_inverse=True)[1].reshape(-1)
    shares = np.bincount(groups, counts).astype(np.float64)
    total = shares.sum()
    shares = shares / total if total > 0 else np.full(len(shares), 1 / len(shares))
    return GroupedColumn(column, groups, shares)


def choose_tree(
    columns: Sequence[GroupedColumn], rows: float, rho: float, entropy: Entropy
) -> list[tuple[int, int]]:
    """Choose the pairs of a spanning tree, the most dependent ones most often.

    Parameters
    ----------
    columns : sequence of GroupedColumn
    rows : float
        The noisy number of rows.
    rho : float
        For all choices together.
    entropy : Entropy
    """
    pairs = list(combinations(range(len(columns)), 2))
    scores = np.array([_dependence(columns, (a,), b, rows) for a, b in pairs])
    part, chosen = np.arange(len(columns)), []
    for _ in range(len(columns) - 1):
        free = np.array([part[a] != part[b] for a, b in pairs])
        places = np.flatnonzero(free)
        picked = choose_privately(scores[places], rho / (len(columns) - 1), entropy)
        a, b = pairs[places[picked]]
        part[part == part[b]] = part[a]
        chosen.append((a, b))
    return chosen


def choose_network(
    columns: Sequence[GroupedColumn], rows: float, rho: float, entropy: Entropy, seed: int
) -> list[tuple[int, tuple[int, ...]]]:
    """Choose an order and up to two parents of each column (PrivBayes, Zhang et al. 2017).

    Parameters
    ----------
    columns : sequence of GroupedColumn
    rows : float
        The noisy number of rows.
    rho : float
        For all choices together.
    entropy : Entropy
    seed : int
        Of the first column, and of the candidates, which do not depend on data.
    """
    rng = generator(seed, "private network")
    known = [int(rng.integers(len(columns)))]
    links: list[tuple[int, tuple[int, ...]]] = []
    while len(known) < len(columns):
        candidates = list(_candidates(columns, known, rng))
        scores = [_dependence(columns, parents, child, rows) for child, parents in candidates]
        picked = choose_privately(scores, rho / (len(columns) - 1), entropy)
        links.append(candidates[picked])
        known.append(candidates[picked][0])
    return links


def _candidates(
    columns: Sequence[GroupedColumn], known: Sequence[int], rng: np.random.Generator
) -> Iterator[tuple[int, tuple[int, ...]]]:
    pairs = list(combinations(known, 2))
    for child in range(len(columns)):
        if child in known:
            continue
        drawn = [pairs[i] for i in rng.permutation(len(pairs))[:_CANDIDATES]]
        for parents in [*((one,) for one in known), *drawn]:
            cells = len(columns[child].shares)
            for one in parents:
                cells *= len(columns[one].shares)
            if len(parents) == 1 or cells <= _MOST_CELLS:
                yield child, parents


def _dependence(
    columns: Sequence[GroupedColumn], parents: tuple[int, ...], child: int, rows: float
) -> float:
    """Return ‖counts − expected if independent‖₁; a row changes it by one at most."""
    expected = columns[child].shares
    shares = _product([columns[one].shares for one in parents])
    counts = _table(columns, parents, child)
    return float(np.abs(counts - rows * np.outer(shares, expected)).sum())


def _table(columns: Sequence[GroupedColumn], parents: tuple[int, ...], child: int) -> WholeNumbers:
    """Return the counts of a child, for each combination of its parents."""
    at = _joint(columns, parents, [columns[one].states for one in parents])
    width = len(columns[child].shares)
    size = int(np.prod([len(columns[one].shares) for one in parents])) * width
    found = np.bincount(at * width + columns[child].states, minlength=size)
    return found.reshape(-1, width)


def _joint(
    columns: Sequence[GroupedColumn], parents: tuple[int, ...], states: Sequence[WholeNumbers]
) -> WholeNumbers:
    at = np.zeros(len(states[0]), np.int64)
    for one, own in zip(parents, states, strict=True):
        at = at * len(columns[one].shares) + own
    return at


def _product(shares: Sequence[Floats]) -> Floats:
    result = np.ones(1)
    for one in shares:
        result = np.outer(result, one).ravel()
    return result


def measure(
    columns: Sequence[GroupedColumn],
    links: Sequence[tuple[int, tuple[int, ...]]],
    rows: float,
    rho: float,
    entropy: Entropy,
) -> list[PrivateLink]:
    """Count the tables of links with noise and turn them into distributions.

    Parameters
    ----------
    columns : sequence of GroupedColumn
    links : sequence of tuple
        Each child with its parents, in an order in which parents come first.
    rows : float
        The noisy number of rows.
    rho : float
        For all tables together.
    entropy : Entropy
    """
    found = []
    for child, parents in links:
        counts = noisy(_table(columns, parents, child), rho / len(links), entropy)
        table = _projected(counts.astype(float), rows)
        # A pair is rare unless both of its sides are not: noise alone is told by its size.
        table[table < standard_deviation(rho / len(links))] = 0
        # The margins of single columns are known better than those of the table.
        margins = [columns[one].shares for one in (*parents, child)]
        table = table / max(table.sum(), 1.0) + 1e-9 * _product(margins).reshape(table.shape)
        table = _fitted(table, margins)
        sums = table.sum(axis=1, keepdims=True)
        found.append(PrivateLink(child, parents, table / np.maximum(sums, 1e-300)))
    return found


def _projected(counts: Floats, total: float) -> Floats:
    """Return the nearest counts that are not negative and have a sum (Duchi et al. 2008)."""
    flat = np.sort(counts.ravel())[::-1]
    excess = (np.cumsum(flat) - max(total, 1e-9)) / np.arange(1, len(flat) + 1)
    kept = np.flatnonzero(flat > excess)
    return np.asarray(np.maximum(counts - excess[kept[-1] if len(kept) else 0], 0))


def _fitted(table: Floats, margins: Sequence[Floats]) -> Floats:
    """Fit the margins of a table, one after the other (Deming and Stephan 1940)."""
    cube = table.reshape([len(one) for one in margins])
    axes = range(cube.ndim)
    for _ in range(_STEPS):
        for axis, margin in enumerate(margins):
            own = cube.sum(axis=tuple(other for other in axes if other != axis))
            shape = [-1 if other == axis else 1 for other in axes]
            cube = cube * raking_factors(margin, own, _FACTOR).reshape(shape)
    return cube.reshape(table.shape)


def draw(
    columns: Sequence[GroupedColumn],
    links: Sequence[PrivateLink],
    rows: int,
    rng: np.random.Generator,
) -> list[WholeNumbers]:
    """Draw the cells of all columns, parents first.

    Parameters
    ----------
    columns : sequence of GroupedColumn
    links : sequence of PrivateLink
        Columns without one are drawn by their shares.
    rows : int
    rng : numpy.random.Generator
    """
    states = draw_states(columns, links, rows, rng)
    return [one.cells(own, rng) for one, own in zip(columns, states, strict=True)]


def draw_states(
    columns: Sequence[GroupedColumn],
    links: Sequence[PrivateLink],
    rows: int,
    rng: np.random.Generator,
) -> list[WholeNumbers]:
    """Draw the states of all columns, parents first; see `draw`."""
    children = {one.child for one in links}
    states: dict[int, WholeNumbers] = {
        i: rng.choice(len(one.shares), rows, p=one.shares)
        for i, one in enumerate(columns)
        if i not in children
    }
    for link in links:
        at = np.zeros(rows, np.int64)
        if link.parents:
            at = _joint(columns, link.parents, [states[one] for one in link.parents])
        reached = np.cumsum(link.table, axis=1)
        limits = reached[at, :-1]
        states[link.child] = (limits <= rng.random(rows)[:, None] * reached[at, -1:]).sum(axis=1)
    return [states[i] for i in range(len(columns))]
