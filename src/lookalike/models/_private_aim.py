"""AIM: tables are chosen one after the other, where the model is worst (McKenna et al. 2022).

"AIM: an adaptive and iterative mechanism for differentially private synthetic data", arXiv
2201.12677. NOTE: differs from the paper: the network's tables, of which the choice looks for the
worst, are counted in rows drawn from it; columns have been measured before; there are at most four
rounds for each column; of the tables of wide tables, each round looks at some, at random.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from math import comb, pi, prod, sqrt

import numpy as np

from lookalike._core.numerics import Floats
from lookalike._core.progress import progress
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
#: Rounds for each column, and the share of a round that is spent on its choice.
_ROUNDS, _CHOICE = 4, 0.1
#: Pairs and triples to choose from, how many of all that a round looks at, and the number of
#: combinations up to which all are listed.
_PAIRS, _TRIPLES, _LOOKED_AT, _LISTED = 4_000, 400, 600, 100_000
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
    every = _candidates(sizes, rng)
    known: dict[tuple[int, ...], WholeNumbers] = {}
    net = MarkovNetwork.of([one.shares for one in columns])
    measured = [
        NoisyTable((k,), one.shares, rows**2 / (one.column.sigma**2 * _merged(one)))
        for k, one in enumerate(columns)
    ]
    budget = (ledger.rho - ledger.spent) * (1 - 1e-12)
    left, cost = budget, budget / (_ROUNDS * len(columns))
    with progress("private tables (% of the budget)", 100, show=None) as report:
        while every and left > 0:
            # What is left over would be too little for another round.
            cost = left if left < 2 * cost else cost
            left -= cost
            ledger.spend("choice of columns, and their table", cost)
            sets = [one.columns for one in measured if len(one.columns) > 1]
            open_ = _affordable(_looked_at(every, rng), sets, sizes, 1 - left / budget)
            for one in open_:
                if one not in known:
                    known[one] = _counts([columns[k].states for k in one], one, sizes)
            truth = [known[one] for one in open_]
            drawn = draw_states(columns, _links(net), _DRAWN, rng)
            models = [_counts([drawn[k] for k in one], one, sizes) for one in open_]
            share = rows / _DRAWN
            deviation = standard_deviation((1 - _CHOICE) * cost)
            scores = errors_beyond_noise(truth, models, share, deviation)
            weights = np.array([len(one) / 3 for one in open_])
            at = choose_privately(weights * scores, _CHOICE * cost, entropy)
            chosen, before = open_[at], share * models[at]
            counts = noisy(truth[at], (1 - _CHOICE) * cost, entropy)
            shape = [sizes[k] for k in chosen]
            table = NoisyTable(chosen, counts.reshape(shape) / rows, (rows / deviation) ** 2)
            measured.append(table)
            net = net.moved(table).fitted(_relative(measured), _STEPS)
            gained = np.abs(rows * net.marginal(chosen).ravel() - before).sum()
            if gained <= _EXPECTED * deviation * counts.size:
                # The noise hides what is left to learn: half of it, from now on.
                cost *= 4
            report(round(100 * (1 - left / budget)), {"tables": len(measured) - len(columns)})
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
    return _some(sizes, 2, _PAIRS, rng) + _some(sizes, 3, _TRIPLES, rng)


def _some(
    sizes: Sequence[int], together: int, most: int, rng: np.random.Generator
) -> list[tuple[int, ...]]:
    """Return sets of columns with small tables: all, or so many at random."""
    columns = len(sizes)
    every: list[tuple[int, ...]]
    if comb(columns, together) <= _LISTED:
        every = list(combinations(range(columns), together))
    else:
        # Three for each that is wanted: some have too many cells, and a few come twice.
        drawn = (rng.choice(columns, together, replace=False) for _ in range(3 * most))
        every = sorted({tuple(sorted(map(int, one))) for one in drawn})
    found = [one for one in every if prod(sizes[k] for k in one) <= _MOST_CELLS]
    if len(found) > most:
        found = [found[i] for i in np.sort(rng.permutation(len(found))[:most])]
    return found


def _looked_at(
    every: Sequence[tuple[int, ...]], rng: np.random.Generator
) -> Sequence[tuple[int, ...]]:
    """Return the candidates of a round: others come up in other rounds."""
    if len(every) <= _LOOKED_AT:
        return every
    return [every[i] for i in np.sort(rng.choice(len(every), _LOOKED_AT, replace=False))]


def _affordable(
    candidates: Sequence[tuple[int, ...]],
    sets: Sequence[tuple[int, ...]],
    sizes: Sequence[int],
    spent: float,
) -> list[tuple[int, ...]]:
    """Return the candidates with which the network does not become too large."""
    now = eliminated(sizes, sets)
    most = min(_MOST_IN_ALL * spent + now.cells, _MOST_IN_ALL)
    cells = [
        # What one scope holds adds no cells.
        now.cells
        if set(one) <= set(now.scopes[now.home(one)])
        else eliminated(sizes, [*sets, one]).cells
        for one in candidates
    ]
    found = [one for one, own in zip(candidates, cells, strict=True) if own <= most]
    # There is always a choice, if only of more precision.
    return found or [candidates[int(np.argmin(cells))]]


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
