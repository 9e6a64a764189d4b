"""The choice among candidates for the rows of one model: which cells have scores, and who wins."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lookalike._core.numerics import Floats
from lookalike.watermark._cells import CellHashes, Hashes, keyed_number
from lookalike.watermark._sets import column_sets, mixed, scores_of, weight_of

__all__ = ["OFTEN", "REFERENCE", "Preference"]

#: So many rows of a model show which cells are rare: those that come so often at most.
REFERENCE, OFTEN = 1_024, 4
#: Frequent cells are known by so many bits: the few others that share them have no score, either.
_BITS = 16
_SHIFT = np.uint64(64 - _BITS)


class Preference:
    """The choice among candidates for each row of one model.

    Parameters
    ----------
    key : bytes
    reference : pyarrow.Table
    unmarked : frozenset of str
    """

    def __init__(self, key: bytes, reference: pa.Table, unmarked: frozenset[str]) -> None:
        self._key, self._cells = key, CellHashes(key)
        self._number = np.uint64(keyed_number(key, "rows without a score"))
        cells = self._cells.of_table(reference)
        self._frequent: dict[tuple[str, ...], npt.NDArray[np.bool_]] = {}
        for names in column_sets(key, reference.column_names):
            if unmarked.isdisjoint(names):
                made = mixed(key, names, [cells[name] for name in names])
                found, counts = np.unique(made, return_counts=True)
                if (counts <= OFTEN).any():
                    self._frequent[names] = _marks(found[counts > OFTEN])
        self.marked = float((self._scored(cells)[1] > 0).mean()) if len(reference) else 0.0

    def choose(self, candidates: Sequence[pa.Table], start: int) -> npt.NDArray[np.int64]:
        """Return the number of one candidate for each row; shape (rows,).

        Parameters
        ----------
        candidates : sequence of pyarrow.Table
            Each with one candidate for each row, as they are written.
        start : int
            The number of the first row.
        """
        liked = []
        for place, table in enumerate(candidates):
            total, variance = self._scored(self._cells.of_table(table))
            # A standard normal number for rows of many, of few and of no scores: whatever the
            # number of candidates, each kind of row is liked best as often as it comes.
            rows = np.arange(start, start + len(table), dtype=np.uint64)
            chance = mixed(self._key, (str(place),), [rows * np.uint64(2**32 - 5) ^ self._number])
            own = total / np.sqrt(np.where(variance > 0, variance, 1.0))
            liked.append(np.where(variance > 0, own, scores_of(chance)))
        return np.asarray(np.argmax(liked, axis=0), np.int64)

    def _scored(self, cells: dict[str, Hashes]) -> tuple[Floats, Floats]:
        """Return the weighted sum of the scores of each row, and its variance over keys."""
        rows = len(next(iter(cells.values())))
        total, variance = np.zeros(rows), np.zeros(rows)
        for names, frequent in self._frequent.items():
            made = mixed(self._key, names, [cells[name] for name in names])
            rare = np.flatnonzero(~frequent[made >> _SHIFT])
            total[rare] += weight_of(names) * scores_of(made[rare])
            variance[rare] += weight_of(names) ** 2
        return total, variance


def _marks(hashes: Hashes) -> npt.NDArray[np.bool_]:
    """Return which beginnings of keyed numbers are of frequent cells."""
    marks = np.zeros(2**_BITS, bool)
    marks[hashes >> _SHIFT] = True
    return marks
