"""The area under the ROC curve, from two samples of scores."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

__all__ = ["auc"]


def auc(higher: Float[np.ndarray, " a"], lower: Float[np.ndarray, " b"]) -> float:
    """Return how often one of the first scores exceeds one of the second; ties count half.

    Parameters
    ----------
    higher, lower : array, shape (a,) and (b,)
        Finite scores.

    Returns
    -------
    float
        From 0 to 1; 0.5 for two samples of one distribution.
    """
    ranked = np.sort(lower)
    below = np.searchsorted(ranked, higher, "left").sum()
    not_above = np.searchsorted(ranked, higher, "right").sum()
    return float(below + not_above) / (2 * len(higher) * len(lower))
