"""Linkability: do synthetic rows link the two halves of a person's columns?"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from lookalike._core.intervals import ShareEstimate
from lookalike._core.seeds import generator
from lookalike.metrics import nearest
from lookalike.privacy._attack_results import RiskEstimate
from lookalike.privacy._ground import AuditedTables, Bools
from lookalike.privacy._residual import estimated

__all__ = ["linkability"]

#: The numbers of nearest synthetic rows, in which both halves may meet.
_NEIGHBOURS = (1, 5, 10)


def linkability(tables: AuditedTables) -> list[RiskEstimate]:
    """Return the risk that both halves of a row have a nearest synthetic row in common.

    As in Anonymeter; the number of neighbours is chosen on one half of the targets.

    Parameters
    ----------
    tables : AuditedTables

    Returns
    -------
    list of RiskEstimate
        Empty where there are fewer than two columns.
    """
    columns = list(tables.pair.columns)
    counts = [k for k in _NEIGHBOURS if k < len(tables.synthetic)]
    if len(columns) < 2 or not counts:
        return []
    order = generator(tables.seed, "privacy", "linkability").permutation(len(columns))
    half = len(columns) // 2
    found = []
    for part in (order[:half], order[half:]):
        names = {columns[i] for i in part}
        points = tables.synthetic.points(names)
        found.append(nearest(tables.targets.points(names), points, max(counts))[1])
    linked = {k: _meet(found[0][:, :k], found[1][:, :k]) for k in counts}
    member, report = tables.member, tables.report

    def gain(hits: Bools) -> float:
        return float(hits[member & ~report].mean() - hits[~member & ~report].mean())

    best = max(counts, key=lambda k: gain(linked[k]))
    hits = linked[best]
    chance = _chance(best, len(tables.synthetic))
    trials = int((member & report).sum())
    return [
        estimated(
            "linkability",
            f"{best} nearest rows of {half} and {len(columns) - half} columns",
            ShareEstimate.of(int(hits[member & report].sum()), trials),
            ShareEstimate.of(int(hits[~member & report].sum()), trials),
            ShareEstimate(chance, chance, chance, trials),
        )
    ]


def _meet(first: npt.NDArray[np.int64], second: npt.NDArray[np.int64]) -> Bools:
    return np.asarray((first[:, :, None] == second[:, None, :]).any(axis=(1, 2)))


def _chance(count: int, rows: int) -> float:
    """Return the probability that two random sets of `count` rows have one in common."""
    free = np.arange(rows - count, rows - 2 * count, -1) / np.arange(rows, rows - count, -1)
    return float(1 - np.prod(np.clip(free, 0, 1)))
