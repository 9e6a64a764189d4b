"""The choice of one of several draws of a row by importance weights."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int

__all__ = ["chosen_draws"]


def chosen_draws(
    logs: Float[np.ndarray, "rows draws"], uniforms: Float[np.ndarray, " rows"]
) -> Int[np.ndarray, " rows"]:
    """Return the number of one draw of each row, chosen by the logarithms of their weights.

    Parameters
    ----------
    logs : ndarray, shape (rows, draws)
    uniforms : ndarray, shape (rows,)
        Numbers in [0, 1) that choose.
    """
    reached = np.cumsum(np.exp(logs - logs.max(axis=1, keepdims=True)), axis=1)
    return np.asarray((reached[:, :-1] <= uniforms[:, None] * reached[:, -1:]).sum(axis=1))
