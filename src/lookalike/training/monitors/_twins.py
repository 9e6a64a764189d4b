"""Twins: pairs of rows that are as near to each other as the nearest pairs of real rows."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float
from scipy.spatial.distance import squareform

__all__ = ["MOST_SUPPORT", "Twins"]

#: The maximum ratio of the numbers of kinds of generated and of real rows.
MOST_SUPPORT = 10.0
#: The number of pairs of twins per real row, or more if rows are equal.
_PAIRS = 0.5


class Twins:
    """A birthday test for the number of kinds of rows.

    Among s rows drawn uniformly from N kinds, about s²/2N pairs are of the same kind (the birthday
    problem), so N is near the reciprocal of the share of such pairs.

    Source: Arora & Zhang 2017, "Do GANs actually learn the distribution? An empirical study",
    arXiv 1706.08224. NOTE: differs in that pairs are not inspected by people: two rows are twins if
    they are no farther apart than the s/2 nearest pairs of s real rows.

    Parameters
    ----------
    among_real : array, shape (rows, rows)
        The distances among two real rows or more.
    """

    def __init__(self, among_real: Float[np.ndarray, "real real"]) -> None:
        rows = len(among_real)
        pairs = squareform(among_real, checks=False)
        at = min(max(round(_PAIRS * rows), 1), len(pairs)) - 1
        self._limit = float(np.partition(pairs, at)[at])
        self._real = _share_within(among_real, self._limit)

    def support(self, among_fake: Float[np.ndarray, "fake fake"]) -> float:
        """Return the number of kinds of generated rows, as a ratio to that of real rows.

        Parameters
        ----------
        among_fake : array, shape (rows, rows)
            The distances among two generated rows or more.

        Returns
        -------
        float
            At most `MOST_SUPPORT`.
        """
        rows = len(among_fake)
        # One pair is added to both counts: no twins do not prove infinitely many kinds.
        one = 2 / (rows * (rows - 1))
        fake = _share_within(among_fake, self._limit)
        return min((self._real + one) / (fake + one), MOST_SUPPORT)


def _share_within(among: Float[np.ndarray, "rows rows"], limit: float) -> float:
    """Return the share of the pairs of rows that are no farther apart than a limit."""
    rows = len(among)
    # A limit of the distances' own dtype, since a wider one would convert them all.
    within = int(np.count_nonzero(among <= among.dtype.type(limit)))
    return (within - rows) / (rows * (rows - 1))
