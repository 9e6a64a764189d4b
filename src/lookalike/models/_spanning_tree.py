"""The maximum spanning tree of variables."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int

__all__ = ["maximum_spanning_tree"]


def maximum_spanning_tree(
    weights: Float[np.ndarray, "variables variables"],
) -> tuple[Int[np.ndarray, " variables"], Int[np.ndarray, " variables"]]:
    """Return the maximum spanning tree of variables by the algorithm of Prim (1957).

    With mutual information as weights it is the tree of Chow and Liu (1968).

    Parameters
    ----------
    weights : ndarray, shape (variables, variables)
        Symmetric, with 0 on the diagonal.

    Returns
    -------
    order : ndarray of int, shape (variables,)
        The variables, from the one of the greatest total weight; each stands behind its parent.
    parents : ndarray of int, shape (variables,)
        The parent of each variable, by its index; -1 for the first one.
    """
    count, root = len(weights), int(weights.sum(axis=1).argmax())
    order, parents = [root], np.full(count, root)
    parents[root] = -1
    best, left = weights[root].copy(), np.ones(count, bool)
    left[root] = False
    while left.any():
        new = int(np.where(left, best, -np.inf).argmax())
        order.append(new)
        left[new] = False
        closer = left & (weights[new] > best)
        best[closer], parents[closer] = weights[new][closer], new
    return np.array(order), parents
