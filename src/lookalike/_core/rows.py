"""Random numbers that depend on a row's number, so that no block boundary can change them."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np

__all__ = ["Rows"]

_WORD = 2**64 - 1


@dataclass(frozen=True)
class Rows:
    """A run of rows of an endless synthetic table, with its seed.

    Parameters
    ----------
    start : int
        The number of the first row.
    seed : int
        The seed of the sample.
    """

    start: int = 0
    seed: int = 0

    def of(self, column: str) -> Rows:
        """Return the same rows with a seed for one column."""
        mixed = (self.seed * 0x9E3779B97F4A7C15 + zlib.crc32(column.encode())) & _WORD
        return Rows(self.start, mixed)

    def uniforms(self, at: np.ndarray) -> np.ndarray:
        """Return numbers in [0, 1), one for each row at positions `at` counted from `start`.

        A number depends on the seed and the row's number alone (SplitMix64 as a counter-based
        generator: Steele, Lea and Flood 2014).

        Examples
        --------
        >>> whole = Rows(0, 7).uniforms(np.arange(4))
        >>> bool((whole[2:] == Rows(2, 7).uniforms(np.arange(2))).all())
        True
        """
        x = (at.astype(np.uint64) + np.uint64(self.start + 1)) * np.uint64(0x9E3779B97F4A7C15)
        x ^= np.uint64((self.seed * 0xD1342543DE82EF95 + 0x632BE59BD9B4E019) & _WORD)
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        x ^= x >> np.uint64(31)
        return (x >> np.uint64(11)).astype(np.float64) * 2.0**-53
