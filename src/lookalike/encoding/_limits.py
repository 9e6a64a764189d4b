"""Cumulative probabilities that are distinct in float32."""

from __future__ import annotations

import numpy as np

__all__ = ["LEAST", "limits_of"]

#: The least width of an interval: the resolution of float32 near 1, with a margin.
LEAST = 1e-6


def limits_of(masses: np.ndarray) -> np.ndarray:
    """Return the limits of neighbouring intervals, each at least `LEAST` wide where there is room.

    Parameters
    ----------
    masses : ndarray, shape (k,)
        Positive weights.

    Returns
    -------
    ndarray of float64, shape (k + 1,)
        The limits, from 0 to 1; each is exact in float32.

    Examples
    --------
    >>> limits_of(np.array([1, 2, 1]))
    array([0.  , 0.25, 0.75, 1.  ])
    """
    share = np.maximum(masses / masses.sum(), LEAST)
    limits = np.concatenate([[0.0], np.cumsum(share) / share.sum()])
    limits[-1] = 1.0
    return limits.astype(np.float32).astype(np.float64)
