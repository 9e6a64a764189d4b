"""Numbers as a few ordered states: the form in which trees see the past of a history."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from lookalike._core.errors import ModelFileError

__all__ = ["NumberBins"]


@dataclass(frozen=True)
class NumberBins:
    """Intervals of numbers with about equal numbers of rows; one more state is *missing*.

    Parameters
    ----------
    edges : ndarray, shape (bins - 1,)
        Ascending; bin k holds the numbers above edge k - 1, up to edge k.
    """

    edges: Float[np.ndarray, " edges"]

    @classmethod
    def fit(cls, values: Float[np.ndarray, " rows"], count: int) -> NumberBins:
        """Choose at most about `count` intervals; a frequent number has one of its own.

        Edges lie half way between numbers, so that none of these is stored.

        Parameters
        ----------
        values : ndarray, shape (rows,)
            NaN where missing.
        count : int

        Examples
        --------
        >>> NumberBins.fit(np.array([0.0, 0.0, 0.0, 1.0, 2.0, 5.0]), 3).edges.tolist()
        [0.5, 1.5, 3.5]
        """
        present = np.sort(values[np.isfinite(values)])
        if not len(present):
            return cls(np.zeros(0))
        distinct, counts = np.unique(present, return_counts=True)
        if len(distinct) <= count:
            return cls(_between(distinct, distinct[:-1]))
        at = np.arange(1, count) * len(present) // count
        edges = present[at]
        # A number that many rows have shares its interval with no other.
        often = np.flatnonzero(counts * 2 * count >= len(present))
        alone = np.concatenate([distinct[often], distinct[often[often > 0] - 1]])
        edges = np.unique(np.concatenate([edges, alone]))
        return cls(_between(distinct, edges[edges < distinct[-1]]))

    @property
    def states(self) -> int:
        """The number of states, *missing* included."""
        return len(self.edges) + 2

    def of(self, values: Float[np.ndarray, " rows"]) -> Int[np.ndarray, " rows"]:
        """Return the state of each number."""
        states = np.searchsorted(self.edges, values, side="left")
        return np.asarray(np.where(np.isnan(values), len(self.edges) + 1, states))

    @classmethod
    def from_edges(cls, edges: np.ndarray) -> NumberBins:
        """Restore bins from a file.

        Raises
        ------
        ModelFileError
            If the edges do not ascend.
        """
        edges = np.asarray(edges, float)
        if edges.ndim != 1 or not np.isfinite(edges).all() or (np.diff(edges) <= 0).any():
            raise ModelFileError("The bins of a context are damaged.")
        return cls(edges)


def _between(
    distinct: Float[np.ndarray, " distinct"], numbers: Float[np.ndarray, " edges"]
) -> Float[np.ndarray, " edges"]:
    """Return the middle between each of some numbers and the next one of all."""
    after = distinct[np.searchsorted(distinct, numbers, side="right")]
    return np.unique(numbers / 2 + after / 2)
