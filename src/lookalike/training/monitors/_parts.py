"""Parts of the data, and a test for those that generated rows no longer reach."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import bdtr

__all__ = ["Parts"]

Counts = NDArray[np.integer]

#: A part is lost if it gets less than this share of the expected number of rows, …
LOST = 0.1
#: … and if the probability of that by chance, for any of the parts, is below this.
CHANCE = 1e-3


class Parts:
    """Counts of reference rows in parts of the data, such as regions or levels.

    Parameters
    ----------
    counts : ndarray of int, shape (parts,)
        Reference rows in each part.
    rows : int
        The number of reference rows; a row may be in several parts.
    """

    def __init__(self, counts: Counts, rows: int) -> None:
        self._counts = counts
        self._rows = rows

    def lost(self, counts: Counts, rows: int, share: float = LOST) -> NDArray[np.bool_]:
        """Return a mask of the parts that generated rows significantly miss.

        A part is lost if its f generated rows are less than a share of the expected number, and if
        that is significant: if both kinds of rows had the same distribution, f of the f + r rows of
        the part would be binomial with the share of generated rows among all, and f must be in its
        lowest thousandth, divided by the number of parts (Bonferroni).

        Parameters
        ----------
        counts : ndarray of int, shape (parts,)
            The number of generated rows in each part.
        rows : int
            The number of generated rows.
        share : float, default 0.1
            The share of the expected number.

        Returns
        -------
        ndarray of bool, shape (parts,)
        """
        level = CHANCE / max(int((self._counts > 0).sum()), 1)
        expected = self._counts * (rows / self._rows)
        together = (counts + self._counts).astype(np.intc)
        chance = bdtr(counts.astype(float), together, rows / (rows + self._rows))
        return np.asarray((counts < share * expected) & (chance < level))
