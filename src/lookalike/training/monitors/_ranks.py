"""The area under the ROC curve, from two samples of scores."""

from __future__ import annotations

import jax
from jaxtyping import Array, Float

__all__ = ["auc"]


@jax.jit
def auc(higher: Float[Array, " a"], lower: Float[Array, " b"]) -> Float[Array, ""]:
    """Return how often one of the first scores exceeds one of the second; ties count half.

    Parameters
    ----------
    higher, lower : array, shape (a,) and (b,)
        Scores.

    Returns
    -------
    array, shape ()
        From 0 to 1; 0.5 for two samples of one distribution.
    """
    gap = higher[:, None] - lower
    return ((gap > 0) + 0.5 * (gap == 0)).mean()
