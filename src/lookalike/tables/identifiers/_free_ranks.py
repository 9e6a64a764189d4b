"""The ranks of a value space that training identifiers leave free, without storing them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np

from lookalike._core.bounds import whole

__all__ = ["CLOSED", "FreeRanks"]

#: The least number of ranks in a bucket, so that a taken bucket does not reveal the identifier.
_NARROWEST = 8
#: The number of buckets per training identifier: few, so that taken buckets are common.
_PER_IDENTIFIER = 2
#: The least and the greatest number of buckets.
_FEWEST, _MOST = 64, 2**22


@dataclass(frozen=True, eq=False)
class FreeRanks:
    """Ranks ``0 … size - 1`` in buckets of equal width; those with a training identifier are taken.

    Parameters
    ----------
    width : int
        Ranks in a bucket.
    taken : ndarray of bool, shape (buckets,)
        A mask of the taken buckets. Ranks that do not fill a last bucket are unused.
    """

    width: int
    taken: np.ndarray

    @classmethod
    def fit(cls, ranks: np.ndarray, size: int) -> Self:
        """Cut a space into buckets and mark those of some ranks.

        Parameters
        ----------
        ranks : ndarray of uint64, shape (n,)
            The ranks of training identifiers.
        size : int
            The size of the space.

        Examples
        --------
        >>> FreeRanks.fit(np.array([3, 900], np.uint64), 1000).count
        960
        """
        buckets = min(max(len(ranks) * _PER_IDENTIFIER, _FEWEST), _MOST)
        width = max(-(-size // buckets), _NARROWEST)
        taken = np.zeros(-(-size // width), bool)
        taken[(ranks // np.uint64(width)).astype(np.int64)] = True
        return cls(width, taken[: size // width])

    @cached_property
    def _free(self) -> np.ndarray:
        return np.flatnonzero(~self.taken).astype(np.uint64)

    @property
    def count(self) -> int:
        """The number of free ranks."""
        return len(self._free) * self.width

    def at(self, places: np.ndarray) -> np.ndarray:
        """Return the free ranks at some positions below `count`."""
        bucket, offset = np.divmod(places, np.uint64(self.width))
        return self._free[bucket.astype(np.int64)] * np.uint64(self.width) + offset

    def state(self) -> tuple[dict[str, int], np.ndarray]:
        """Return JSON-ready values, and the taken buckets as bits."""
        return {"width": self.width, "buckets": len(self.taken)}, np.packbits(self.taken)

    @classmethod
    def from_state(cls, values: dict[str, int], bits: np.ndarray) -> Self:
        """Restore the ranks from `state`, which comes from a file.

        Raises
        ------
        ValueError
            If there are not as many buckets as bits, or more ranks than can be counted.
        """
        buckets = whole(values["buckets"], 0, _MOST, "buckets")
        width = whole(values["width"], 1, 2**64 // max(buckets, 1), "the width of buckets")
        if bits.dtype != np.uint8 or bits.shape != (-(-buckets // 8),):
            raise ValueError("the marks of identifiers do not belong to their buckets")
        return cls(width, np.unpackbits(bits, count=buckets).astype(bool))


#: No rank is free.
CLOSED = FreeRanks(_NARROWEST, np.ones(1, bool))
