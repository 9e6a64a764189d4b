"""Rare modes: small groups of rows apart from all others, which a sample of 512 may not show."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from lookalike._core.numerics import distances, nth_nearest
from lookalike.training.monitors._modes import modes
from lookalike.training.monitors._parts import Parts

__all__ = ["Rare"]

#: The size of the smallest mode, and the share below which a mode is rare.
_FEWEST = 8
_RARE = 0.03
#: The maximum number of rows of all rare modes together; the largest modes are kept.
_ANCHORS = 512


class Rare:
    """The rare modes of real rows, in which generated rows are counted.

    Parameters
    ----------
    crowd : array, shape (rows, numbers)
        The encoded numbers of real rows. Levels are ignored, since rare levels are learned late.
    """

    def __init__(self, crowd: Float[np.ndarray, "rows numbers"]) -> None:
        found = modes(distances(crowd, crowd), _FEWEST) if crowd.shape[1] else None
        label = np.full(len(crowd), -1, np.intp) if found is None else found.label
        counts = np.bincount(label[label >= 0])
        rare = np.flatnonzero(counts < _RARE * len(crowd))
        largest_first = rare[np.argsort(-counts[rare], kind="stable")]
        kept = largest_first[np.cumsum(counts[largest_first]) <= _ANCHORS]
        self._members = [crowd[label == mode] for mode in kept]
        most = 0.0 if found is None else found.reach
        self._reaches = [min(most, _own_reach(rows) or most) for rows in self._members]
        self._parts = Parts(counts[kept], len(crowd))

    def count(self, rows: Float[np.ndarray, "rows width"]) -> NDArray[np.intp]:
        """Return the number of rows in each rare mode: as near to its rows as these to each other.

        Parameters
        ----------
        rows : array, shape (rows, width)
            Encoded rows, numbers first.

        Returns
        -------
        ndarray of int, shape (rare modes,)
        """
        if not self._members:
            return np.zeros(0, np.intp)
        anchors = np.concatenate(self._members)
        to_anchors = distances(rows[:, : anchors.shape[1]], anchors)
        ends = np.cumsum([len(part) for part in self._members])[:-1]
        parts = zip(np.split(to_anchors, ends, axis=1), self._reaches, strict=True)
        near = [part.min(axis=1) <= reach for part, reach in parts]
        counts: NDArray[np.intp] = np.sum(near, axis=1, dtype=np.intp)
        return counts

    def any_lost(self, counts: NDArray[np.intp], rows: int) -> bool:
        """Return whether a rare mode gets significantly less than a tenth of the expected rows.

        Parameters
        ----------
        counts : ndarray of int, shape (rare modes,)
            The number of generated rows in each.
        rows : int
            The number of generated rows.

        Returns
        -------
        bool
        """
        return bool(self._parts.lost(counts, rows).any())


def _own_reach(rows: Float[np.ndarray, "rows numbers"]) -> float:
    """Return the widest neighbourhood of a mode's rows; 0 if they are equal.

    Otherwise rows between modes would count for a rare one and hide its loss.
    """
    return float(nth_nearest(distances(rows, rows), _FEWEST).max())
