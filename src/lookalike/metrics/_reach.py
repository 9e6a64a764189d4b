"""Distances from the rows of one table to those of another, beside those among themselves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lookalike.metrics._chance import partings
from lookalike.metrics._codebook import Floats
from lookalike.metrics._neighbours import (
    MOST_ROWS,
    NEIGHBOURS,
    Neighbours,
    between,
    nearest,
    within,
)
from lookalike.metrics._pair import Pair
from lookalike.metrics._view import Floats32

__all__ = ["Reach", "reaches"]

#: Random splits of small tables, and the number of rows that all of them use together: each split
#: needs all distances.
_PARTINGS = 4
_ROWS = 8_000


@dataclass(frozen=True)
class Reach:
    """The distances of a table's rows to their neighbours.

    Parameters
    ----------
    own : ndarray of float, shape (n, k)
        To the nearest other rows of the same table, increasing.
    other : ndarray of float, shape (n,)
        To the nearest row of the other table.
    rows : ndarray of int, shape (n,)
        The index of that row of the other table.
    spread : ndarray of float, shape (m,)
        The distances of the rows of the other table from their mean.
    """

    own: Floats32
    other: Floats32
    rows: npt.NDArray[np.int64]
    spread: Floats

    @classmethod
    def of(cls, own: Neighbours, other: Neighbours, points: Floats32) -> Reach:
        """Build it from neighbours and from the other table's points."""
        far = np.linalg.norm(points - points.mean(axis=0), axis=1).astype(np.float64)
        return cls(own[0], other[0][:, 0], other[1][:, 0], far)


def reaches(pair: Pair) -> tuple[Reach, list[Reach]]:
    """Return the distances from real to synthetic rows, and those in random splits of both.

    Parameters
    ----------
    pair : Pair
        Cut to the same number of rows (at most 50,000, drawn from the seed).

    Returns
    -------
    found : Reach
        The distances between the tables as they are.
    chance : list of Reach
        The distances between two samples of one distribution.
    """
    real, synthetic = pair.equal_views(MOST_ROWS)
    found = Reach.of(within(real), between(real, synthetic), synthetic.embedding)
    count = min(NEIGHBOURS, len(real) - 1)
    most = min(max(_ROWS // len(real), 1), _PARTINGS)

    def part() -> list[Reach]:
        chance = []
        for parting in partings(real, synthetic, most):
            one, other = parting.apply(real.embedding, synthetic.embedding)
            own = nearest(one, one, count, same=True)
            chance.append(Reach.of(own, nearest(one, other, 1), other))
        return chance

    return found, real.keep(("reaches", synthetic), part)
