"""Pooling of levels that are too rare to be compared one by one, without revealing their table."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lookalike.metrics._view import LevelCodes, View

__all__ = ["RARE", "WIDE", "PooledLevels"]

#: The most levels of a column that is taken as it is.
WIDE = 64
#: In a column of more levels, those with fewer pooled rows than this are one level.
RARE = 20


@dataclass(frozen=True)
class PooledLevels:
    """The levels of discrete columns, rare ones pooled.

    A detector that gets thousands of levels, each in a handful of rows, memorises those of its
    training rows and learns nothing about their distribution. In such a column it gets the frequent
    levels, and the frequency of each level. Both follow from the pooled rows alone, so that neither
    reveals the table of a row; a synthesizer that generates only a part of the rare levels, or new
    ones, is still detected by their frequencies.

    Parameters
    ----------
    maps : tuple of ndarray of int
        The new number of each level, for each column.
    counts : tuple of (ndarray of float or None)
        The logarithm of the number of pooled rows with each level, for columns of many levels.
    """

    maps: tuple[npt.NDArray[np.int64], ...]
    counts: tuple[npt.NDArray[np.float64] | None, ...]

    @classmethod
    def of(cls, *views: View) -> PooledLevels:
        """Learn the levels of tables, all rows alike."""
        codes = np.concatenate([view.codes for view in views])
        maps, counts = [], []
        for place, size in enumerate(views[0].codebook.sizes):
            frequencies = np.bincount(codes[:, place], minlength=size)
            wide = np.count_nonzero(frequencies) > WIDE
            # "Missing", the last level, is never pooled.
            rare = wide & (frequencies < RARE) & (np.arange(size) < size - 1)
            maps.append(np.where(rare, 0, np.cumsum(~rare)))
            counts.append(np.log(np.maximum(frequencies, 1)) if wide else None)
        return cls(tuple(maps), tuple(counts))

    @property
    def sizes(self) -> tuple[int, ...]:
        """The number of levels of each column: level 0 stands for the rare ones."""
        return tuple(int(one[-1]) + 1 for one in self.maps)

    @property
    def wide(self) -> tuple[int, ...]:
        """The indices of the columns of many levels."""
        return tuple(place for place, one in enumerate(self.counts) if one is not None)

    def codes(self, codes: LevelCodes) -> LevelCodes:
        """Return the numbers of the levels of rows; shape (n, q) in and out."""
        columns = [one[codes[:, place]] for place, one in enumerate(self.maps)]
        return np.stack(columns, axis=1).astype(np.int32) if columns else codes

    def frequencies(self, codes: LevelCodes) -> npt.NDArray[np.float64]:
        """Return the frequencies of rows' levels, for columns of many levels; shape (n, w)."""
        columns = [one[codes[:, p]] for p, one in enumerate(self.counts) if one is not None]
        return np.stack(columns, axis=1) if columns else np.empty((len(codes), 0))
