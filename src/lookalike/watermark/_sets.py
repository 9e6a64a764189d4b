"""Sets of columns that carry the mark, and the keyed scores of their cells.

A set stays one of those that are looked at when other columns are dropped: it lies within a few
neighbours on a ring of all columns, in an order that the key gives, and neighbours
only move closer.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
from scipy.special import ndtri

from lookalike._core.numerics import Floats
from lookalike.watermark._cells import Hashes, keyed_number

__all__ = ["column_sets", "mixed", "scores_of", "weight_of"]

#: Sets of up to four columns among five neighbours, and runs of more of them, for tables of few
#: levels, in which four columns often have the same cells.
_NEIGHBOURS, _MOST, _RUNS = 5, 4, (6, 9)
#: The weights of sets of these sizes: large ones do not survive where columns are dropped.
_WEIGHTS = {1: 1.0, 2: 1.0, 3: 1.0, 4: 0.6, 6: 0.3, 9: 0.15}


def column_sets(key: bytes, names: Sequence[str]) -> list[tuple[str, ...]]:
    """Return the sets of columns whose cells have scores, small ones first.

    Parameters
    ----------
    key : bytes
    names : sequence of str
        All columns of the table.
    """
    ring = sorted(names, key=lambda name: (keyed_number(key, "column", name), name))
    count = len(ring)
    found: set[frozenset[str]] = set()
    for first in range(count):
        near = [ring[(first + step) % count] for step in range(min(max(_RUNS), count))]
        others = near[1:_NEIGHBOURS]
        for size in range(min(len(others), _MOST - 1) + 1):
            found |= {frozenset((near[0], *rest)) for rest in combinations(others, size)}
        found |= {frozenset(near[:length]) for length in _RUNS if length <= len(near)}
    return sorted((tuple(sorted(one)) for one in found), key=lambda one: (len(one), one))


def weight_of(names: Sequence[str]) -> float:
    """Return the weight of the scores of a set of columns."""
    return _WEIGHTS[len(names)]


def mixed(key: bytes, names: tuple[str, ...], cells: Sequence[Hashes]) -> Hashes:
    """Return one keyed number for the cells of each row in a set of columns."""
    found = np.full(len(cells[0]), keyed_number(key, "set", *names), np.uint64)
    for one in cells:
        found ^= one
    # The finaliser of SplitMix64 (Steele, Lea and Flood 2014): every bit depends on all others.
    found ^= found >> np.uint64(30)
    found *= np.uint64(0xBF58476D1CE4E5B9)
    found ^= found >> np.uint64(27)
    found *= np.uint64(0x94D049BB133111EB)
    found ^= found >> np.uint64(31)
    return found


def scores_of(hashes: Hashes) -> Floats:
    """Return keyed numbers as scores of the standard normal distribution.

    A sum of them, divided by its standard deviation, has that distribution again, however many
    there are and whatever their weights: no row is liked more because it has more scores.
    """
    evenly = ((hashes >> np.uint64(11)).astype(np.float64) + 0.5) * 2.0**-53
    return np.asarray(ndtri(evenly))
