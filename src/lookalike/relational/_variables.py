"""Variables of context: the states of parents, siblings and positions, beside a row's own."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from lookalike._core.errors import ModelFileError
from lookalike._core.learned import Learned
from lookalike.models import DiscreteVariable

__all__ = ["Cut", "flag", "gathered", "ordered_levels", "with_missing"]


def flag(states: int) -> DiscreteVariable:
    """Return a variable of levels without an order."""
    groups = np.arange(states, dtype=np.int32)
    return DiscreteVariable(-1, None, None, groups, np.ones(states))


def ordered_levels(states: int) -> DiscreteVariable:
    """Return a variable of levels in an order."""
    return DiscreteVariable(-1, None, np.linspace(0.0, 1.0, states + 1))


def with_missing(variable: DiscreteVariable) -> DiscreteVariable:
    """Return a variable that has a last state for *missing*, which it may have already."""
    if variable.edges is not None:
        return replace(variable, gate=0)
    return flag(variable.states + 1)


def gathered(
    states: np.ndarray, rows: np.ndarray, variables: tuple[DiscreteVariable, ...]
) -> np.ndarray:
    """Return the states of some rows; of row -1, the state for *missing* of each variable.

    Parameters
    ----------
    states : ndarray of int, shape (m, variables)
    rows : ndarray of int, shape (n,)
    variables : tuple of DiscreteVariable
        As `with_missing` returns them.
    """
    missing = np.array([[v.states - 1 for v in variables]], states.dtype)
    missing = missing.reshape(1, states.shape[1])
    whole: np.ndarray = np.concatenate([states, missing])
    return np.asarray(whole[rows])  # -1 is the last row


@dataclass(frozen=True)
class Cut:
    """A division of whole numbers into ordered states.

    Parameters
    ----------
    limits : ndarray of int, shape (k,)
        The greatest number of each state but the last one, ascending.
    """

    limits: np.ndarray

    @classmethod
    def fit(cls, numbers: np.ndarray, most: int) -> Cut:
        """Divide numbers into at most `most` states of about equal counts."""
        distinct = np.unique(numbers)
        if len(distinct) > most:
            shares = np.linspace(0, 1, most + 1)[1:-1]
            distinct = np.unique(np.quantile(numbers, shares, method="lower"))
            return cls(distinct.astype(np.int64))
        return cls(distinct[:-1].astype(np.int64))

    @property
    def variable(self) -> DiscreteVariable:
        """The variable of these states."""
        return ordered_levels(len(self.limits) + 1)

    def state(self) -> Learned:
        """Return the learned state."""
        return Learned({}, {"limits": self.limits})

    @classmethod
    def from_state(cls, state: Learned) -> Cut:
        """Restore a division from its `state`."""
        limits = np.asarray(state.arrays["limits"], np.int64)
        if limits.ndim != 1 or (np.diff(limits) <= 0).any():
            raise ModelFileError("The sizes of families of a table are damaged.")
        return cls(limits)

    def of(self, numbers: np.ndarray) -> np.ndarray:
        """Return the state of each number."""
        return np.searchsorted(self.limits, numbers, side="left").astype(np.int32)
