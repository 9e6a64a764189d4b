"""Poles of a function: points between grid points where it grows beyond all bounds."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from lookalike._core.numerics import Floats

__all__ = ["poles"]

#: The number of halvings of an interval, and the factor by which a pole's sign change then grows.
_HALVINGS, _GROWN = 40, 10.0
#: The number of sign changes examined, the widest first: a pole's is among them.
_MOST = 100


def poles(value: Callable[[Floats], Floats], inputs: Floats, values: Floats) -> Floats:
    """Find sign changes of a function that grow without bound as the interval shrinks.

    Neighbours of different signs are halved, always keeping the half in which the sign changes.
    The change goes to 0 where the function is continuous, stays as it is at a step, and grows
    beyond all bounds at a pole such as that of 1/x.

    Parameters
    ----------
    value : callable
        A function of the variables, shape (n, variables), that returns shape (n,).
    inputs : ndarray, shape (..., variables)
        A grid with one axis per variable.
    values : ndarray, shape (...)
        The function's values on the grid.

    Returns
    -------
    ndarray, shape (poles, variables)
        Inputs beside poles; empty where there are none.
    """
    # Neighbours on both sides of the widest changes of sign, along every axis.
    ends = [_changes(inputs, values, axis) for axis in range(values.ndim)]
    left, right, change = (np.concatenate(part) for part in zip(*ends, strict=True))
    widest = np.argsort(-change, kind="stable")[:_MOST]
    left, right, change = left[widest], right[widest], change[widest]
    if len(left) == 0:
        return left
    low, high = value(left), value(right)
    # Bisection: keep the half in which the sign changes.
    for _ in range(_HALVINGS):
        middle = (left + right) / 2
        at_middle = value(middle)
        same = (at_middle >= 0) == (low >= 0)
        left, low = np.where(same[:, None], middle, left), np.where(same, at_middle, low)
        right, high = np.where(same[:, None], right, middle), np.where(same, high, at_middle)
    # Only at a pole has the change grown.
    with np.errstate(invalid="ignore", over="ignore"):
        calm = np.abs(high - low) <= _GROWN * change
    beside: Floats = left[~calm]
    return beside


def _changes(inputs: Floats, values: Floats, axis: int) -> tuple[Floats, Floats, Floats]:
    """Return neighbours along an axis between which the sign changes, and the changes' size."""
    first, second = np.moveaxis(values, axis, 0)[:-1], np.moveaxis(values, axis, 0)[1:]
    at = np.moveaxis(inputs, axis, 0)
    differ = (first >= 0) != (second >= 0)
    with np.errstate(over="ignore"):
        change = np.abs(second[differ] - first[differ])
    return at[:-1][differ], at[1:][differ], change
