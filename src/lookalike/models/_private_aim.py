"""AIM: tables are chosen one after the other, where the model is worst (McKenna et al. 2022).

"AIM: an adaptive and iterative mechanism for differentially private synthetic data", arXiv
2201.12677. NOTE: differs from the paper: the network's tables, of which the choice looks for the
worst, are counted in rows drawn from it; columns have been measured before; there are at most four
rounds for each column.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from math import pi, prod, sqrt

import numpy as np

from lookalike._core.numerics import Floats
from lookalike._core.seeds import generator
from lookalike.models._ledger import PrivacyLedger
from lookalike.models._private_graph import MarkovNetwork, NoisyTable, eliminated
from lookalike.models._private_noise import (
    Entropy,
    WholeNumbers,
    choose_privately,
    noisy,
    standard_deviation,
)
from lookalike.models._private_tree import GroupedColumn, PrivateLink, draw_states

__all__ = ["errors_beyond_noise", "measure_adaptively"]

#: The most cells of a table, and of the network when all is spent.
_MOST_CELLS, _MOST_IN_ALL = 4_096, 400_000
#: Rounds for each column, the share of a round that is spent on its choice, triples to choose from.
_ROUNDS, _CHOICE, _TRIPLES = 4, 0.1, 400
#: Rows that are drawn to see where the network is wrong; steps of a fit, within and at the end.
_DRAWN, _STEPS, _LAST_STEPS = 50_000, 25, 400
_EXPECTED = sqrt(2 / pi)


def measure_adaptively(
    columns: Sequence[GroupedColumn],
    rows: float,
    ledger: PrivacyLedger,
    entropy: Entropy,
    seed: int,
) -> list[PrivateLink]:
    """Measure tables until the budget is spent, and return the network that fits them.

    Parameters
    ----------
    columns : sequence of GroupedColumn
    rows : float
        The noisy number of rows.
    ledger : PrivacyLedger
        All that is left of it is spent.
    entropy : Entropy
    seed : int
        Of draws from noisy tables, which cost nothing.

    Returns
    -------
    list of PrivateLink
        Parents first.
    """
    rng = generator(seed, "private aim")
    sizes = [len(one.shares) for one in columns]
    candidates = _candidates(sizes, rng)
    truth = [_counts([columns[k].states for k in one], one, sizes) for one in candidates]
    net = MarkovNetwork.of([one.shares for one in columns])
    measured = [
        NoisyTable((k,), one.shares, rows**2 / (one.column.sigma**2 * _merged(one)))
        for k, one in enumerate(columns)
    ]
    budget = (ledger.rho - ledger.spent) * (1 - 1e-12)
    left, cost = budget, budget / (_ROUNDS * len(columns))
    while candidates and left > 0:
        # What is left over would be too little for another round.
        cost = left if left < 2 * cost else cost
        left -= cost
        ledger.spend("choice of columns, and their table", cost)
        sets = [one.columns for one in measured if len(one.columns) > 1]
        open_ = _affordable(candidates, sets, sizes, 1 - left / budget)
        drawn = draw_states(columns, _links(net), _DRAWN, rng)
        models = [_counts([drawn[k] for k in candidates[i]], candidates[i], sizes) for i in open_]
        share = rows / _DRAWN
        deviation = standard_deviation((1 - _CHOICE) * cost)
        scores = errors_beyond_noise([truth[i] for i in open_], models, share, deviation)
        weights = np.array([len(candidates[i]) / 3 for i in open_])
        at = choose_privately(weights * scores, _CHOICE * cost, entropy)
        chosen, before = candidates[open_[at]], share * models[at]
        counts = noisy(truth[open_[at]], (1 - _CHOICE) * cost, entropy)
        shape = [sizes[k] for k in chosen]
        table = NoisyTable(chosen, counts.reshape(shape) / rows, (rows / deviation) ** 2)
        measured.append(table)
        net = net.moved(table).fitted(_relative(measured), _STEPS)
        gained = np.abs(rows * net.marginal(chosen).ravel() - before).sum()
        if gained <= _EXPECTED * deviation * counts.size:
            # The noise hides what is left to learn: half of it, from now on.
            cost *= 4
    return _links(net.fitted(_relative(measured), _LAST_STEPS))


def errors_beyond_noise(
    truth: Sequence[WholeNumbers], models: Sequence[WholeNumbers], share: float, deviation: float
) -> Floats:
    """Return how much more wrong each table of the network is than noise would make it.

    A row changes each by one at most.

    Parameters
    ----------
    truth, models : sequence of ndarray
        Counts of cells in the training table, and in rows drawn from the network.
    share : float
        Rows of the training table for each drawn one.
    deviation : float
        The standard deviation of the noise.
    """
    return np.array(
        [
            np.abs(real - share * own).sum() - _EXPECTED * deviation * own.size
            for real, own in zip(truth, models, strict=True)
        ]
    )


def _merged(column: GroupedColumn) -> float:
    """Return how many noisy cells a state has on average."""
    return len(column.groups) / len(column.shares)


def _relative(tables: Sequence[NoisyTable]) -> list[NoisyTable]:
    """Return tables with weights of 1 at most, for steps of the same size on any table."""
    most = max(one.weight for one in tables)
    return [NoisyTable(one.columns, one.shares, one.weight / most) for one in tables]


def _candidates(sizes: Sequence[int], rng: np.random.Generator) -> list[tuple[int, ...]]:
    """Return pairs and triples of columns, chosen without a look at the data."""
    pairs: list[tuple[int, ...]] = list(combinations(range(len(sizes)), 2))
    triples: list[tuple[int, ...]] = [
        one
        for one in combinations(range(len(sizes)), 3)
        if prod(sizes[k] for k in one) <= _MOST_CELLS
    ]
    if len(triples) > _TRIPLES:
        triples = [triples[i] for i in np.sort(rng.permutation(len(triples))[:_TRIPLES])]
    return pairs + triples


def _affordable(
    candidates: Sequence[tuple[int, ...]],
    sets: Sequence[tuple[int, ...]],
    sizes: Sequence[int],
    spent: float,
) -> list[int]:
    """Return the candidates with which the network does not become too large."""
    most = _MOST_IN_ALL * spent + eliminated(sizes, sets).cells
    most = min(most, _MOST_IN_ALL)
    found = [i for i, one in enumerate(candidates) if eliminated(sizes, [*sets, one]).cells <= most]
    # Those that are measured add no cells: there is always a choice, if only of more precision.
    return found or [0]


def _counts(
    states: Sequence[WholeNumbers], chosen: tuple[int, ...], sizes: Sequence[int]
) -> WholeNumbers:
    at = np.zeros(len(states[0]), np.int64)
    for own, one in zip(states, chosen, strict=True):
        at = at * sizes[one] + own
    return np.bincount(at, minlength=prod(sizes[one] for one in chosen))


def _links(net: MarkovNetwork) -> list[PrivateLink]:
    """Return the network as conditionals, parents first."""
    found = []
    for one in reversed(net.elimination.order):
        table: Floats = net.conditionals[one]
        parents = net.elimination.scopes[one][:-1]
        found.append(PrivateLink(one, parents, table.reshape(-1, table.shape[-1])))
    return found
