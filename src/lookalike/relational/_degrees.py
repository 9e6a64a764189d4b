"""Degrees: how many rows of a child table the rows of a parent table have."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lookalike._core.errors import ModelFileError
from lookalike._core.learned import Learned

__all__ = ["Degrees"]

#: The greatest number of stored degrees; those of more rows are thinned evenly.
_MOST = 65_536


@dataclass(frozen=True)
class Degrees:
    """The distribution of degrees, by its quantiles.

    Parameters
    ----------
    sorted : ndarray of int, shape (k,)
        Degrees of the training rows in ascending order.
    mean : float
        Their mean, by which the number of children is known.
    """

    sorted: np.ndarray
    mean: float

    @classmethod
    def fit(cls, degrees: np.ndarray) -> Degrees:
        """Learn degrees, shape (n,) with n ≥ 1."""
        ordered = np.sort(degrees)
        some = np.linspace(0, len(ordered) - 1, min(len(ordered), _MOST)).round().astype(np.int64)
        return cls(ordered[some], float(degrees.mean()))

    def drawn(self, wanted: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Return degrees with the learned distribution, in the order of those that rows ask for.

        Parameters
        ----------
        wanted : ndarray of float, shape (n,)
            The degree that the model of rows gives each row; equal ones are in random order.
        rng : numpy.random.Generator

        Returns
        -------
        ndarray of int, shape (n,)
            Their sum is the mean degree times n, rounded.
        """
        n, last = len(wanted), len(self.sorted) - 1
        if n == 0:
            return np.zeros(0, np.int64)
        # One random quantile in each of n equal parts: as even as drawing without replacement.
        at = (np.arange(n) + rng.random(n)) / n * (last + 1) - 0.5
        low = np.clip(np.floor(at), 0, last).astype(np.int64)
        high, part = np.minimum(low + 1, last), np.clip(at - low, 0.0, 1.0)
        a, b = self.sorted[low], self.sorted[high]
        # Between neighbours that differ by 1, the nearer one; in the tail, any number between.
        values = np.where(b - a <= 1, np.where(part < 0.5, a, b), np.rint(a + part * (b - a)))
        degrees = np.sort(values.astype(np.int64))
        degrees = _with_sum(degrees, round(self.mean * n), rng)
        result = np.empty(n, np.int64)
        result[np.lexsort((rng.random(n), wanted))] = np.sort(degrees)
        return result

    def state(self) -> Learned:
        """Return the learned state."""
        return Learned({"mean": self.mean}, {"sorted": self.sorted.astype(np.int64)})

    @classmethod
    def from_state(cls, state: Learned) -> Degrees:
        """Restore degrees from their `state`."""
        values, mean = np.asarray(state.arrays["sorted"], np.int64), float(state.values["mean"])
        whole = values.ndim == 1 and len(values) > 0 and (np.diff(values) >= 0).all()
        if not whole or values[0] < 0 or not values[0] <= mean <= values[-1]:
            raise ModelFileError("The degrees of a key are damaged.")
        return cls(values, mean)


def _with_sum(degrees: np.ndarray, total: int, rng: np.random.Generator) -> np.ndarray:
    """Return ascending degrees changed by as little as possible to have a sum."""
    for turn in range(256):
        gap = total - int(degrees.sum())
        if gap == 0:
            break
        if degrees[-1] <= 1:  # each row has a child or none
            able = np.flatnonzero(degrees == (0 if gap > 0 else 1))
            step = 1
        else:
            # The sum depends on the tail: its degrees change, by a small share of them each.
            able = np.flatnonzero(degrees > 1)
            able = able[-max(len(able) // 20, 1) :] if turn < 8 else able
            step = max(abs(gap) // max(len(able), 1), 1)
            step = min(step, max(int(degrees[able].min(initial=1)) // 8, 1))
        if not len(able):
            able = np.arange(len(degrees)) if gap > 0 else np.flatnonzero(degrees > 0)
        if not len(able):
            break
        weights = degrees[able] + 1.0 if degrees[-1] > 1 else np.ones(len(able))
        count = min(len(able), abs(gap))
        some = rng.choice(able, count, replace=False, p=weights / weights.sum())
        degrees = degrees.copy()
        degrees[some] += np.sign(gap) * (step if count == len(able) else 1)
        degrees = np.maximum(degrees, 0)
    return degrees
