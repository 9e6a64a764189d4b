"""Parts of the data, and which of them generated rows no longer reach."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import bdtr

__all__ = ["Parts"]

Counts = NDArray[np.integer]

#: A part is lost if it gets less than this share of its due, ...
LOST = 0.1
#: ... and if that comes by chance, for any of the parts, only so often.
CHANCE = 1e-3


class Parts:
    """Counts of reference rows in parts of the data, such as regions or levels.

    Parameters
    ----------
    counts : ndarray of int, shape (parts,)
        Reference rows in each part.
    rows : int
        How many reference rows there are; a row may be in several parts.
    """

    def __init__(self, counts: Counts, rows: int) -> None:
        self._counts = counts
        self._rows = rows

    def lost(self, counts: Counts, rows: int, share: float = LOST) -> NDArray[np.bool_]:
        """Say which parts generated rows hardly reach, and not by chance.

        A part is lost if its f generated rows are less than a share of what is due, and if so few
        are not by chance: were both kinds of rows drawn alike, f of all f + r rows of the part
        would be binomial with the share of generated rows among all, and f must be in its lowest
        thousandth, divided by the number of parts (Bonferroni).

        Parameters
        ----------
        counts : ndarray of int, shape (parts,)
            Generated rows in each part.
        rows : int
            How many generated rows there are.
        share : float, default 0.1
            Of what is due.

        Returns
        -------
        ndarray of bool, shape (parts,)
        """
        level = CHANCE / max(int((self._counts > 0).sum()), 1)
        due = self._counts * (rows / self._rows)
        together = (counts + self._counts).astype(np.intc)
        chance = bdtr(counts.astype(float), together, rows / (rows + self._rows))
        return np.asarray((counts < share * due) & (chance < level))
