"""Cumulative probabilities that a float32 can tell apart."""

from __future__ import annotations

import numpy as np

__all__ = ["LEAST", "limits_of"]

#: No interval is narrower: what a float32 can tell apart near 1, with room to spare.
LEAST = 1e-6


def limits_of(masses: np.ndarray) -> np.ndarray:
    """Return the limits of neighbouring intervals, each at least `LEAST` wide where there is room.

    Parameters
    ----------
    masses : ndarray, shape (k,)
        Positive.

    Returns
    -------
    ndarray of float64, shape (k + 1,)
        From 0 to 1; each is a number that float32 holds exactly.

    Examples
    --------
    >>> limits_of(np.array([1, 2, 1]))
    array([0.  , 0.25, 0.75, 1.  ])
    """
    share = np.maximum(masses / masses.sum(), LEAST)
    limits = np.concatenate([[0.0], np.cumsum(share) / share.sum()])
    limits[-1] = 1.0
    return limits.astype(np.float32).astype(np.float64)
