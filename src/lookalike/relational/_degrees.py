"""Degrees: how many rows of a child table the rows of a parent table have."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lookalike._core.errors import ModelFileError
from lookalike._core.learned import Learned

__all__ = ["Degrees", "pooled"]

#: The least number of rows that a stored number is the mean of.
_TOGETHER = 3


@dataclass(frozen=True)
class Degrees:
    """The distribution of degrees, as that of groups of rows that follow each other in order.

    A group has at least 3 rows, if there are so many: those of one degree that is frequent enough,
    or of several. Of these, only the mean and the spread are stored; the largest degrees are drawn
    in by that.

    Parameters
    ----------
    counts : ndarray of int, shape (k,)
        The number of training rows of each group.
    means : ndarray of float, shape (k,)
        Their mean degree, ascending.
    spreads : ndarray of float, shape (k,)
        Half of the width of the uniform distribution within each group: a power of two, or the mean
        where that is less, so that single degrees cannot be computed from it.
    """

    counts: np.ndarray
    means: np.ndarray
    spreads: np.ndarray

    @classmethod
    def fit(cls, degrees: np.ndarray) -> Degrees:
        """Learn degrees, shape (n,)."""
        ordered = np.sort(degrees).astype(float)
        if not len(ordered):
            return cls(np.zeros(0, np.int64), np.zeros(0), np.zeros(0))
        starts = _starts(ordered)
        counts = np.diff([*starts, len(ordered)])
        means = np.add.reduceat(ordered, starts) / counts
        squares = np.add.reduceat((ordered - np.repeat(means, counts)) ** 2, starts) / counts
        # A uniform distribution with this variance, but of no numbers below 0; two neighbouring
        # degrees are drawn by their mean alone.
        ends = np.array([*starts[1:], len(ordered)]) - 1
        is_wide = ordered[ends] - ordered[starts] > 1
        rough = 2.0 ** np.round(np.log2(np.sqrt(3 * squares) + 1e-9))
        spreads = np.where(is_wide, np.minimum(rough, means), 0.0)
        return cls(counts.astype(np.int64), means, spreads)

    def drawn(self, wanted: np.ndarray, chance: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Return degrees with the learned distribution, in the order of those that rows ask for.

        Parameters
        ----------
        wanted : ndarray, shape (n,)
            The rank that the model of rows gives each row.
        chance : ndarray of float, shape (n,)
            The order of rows of equal rank.
        rng : numpy.random.Generator

        Returns
        -------
        ndarray of int, shape (n,)
            Their sum is the mean degree times n, rounded.
        """
        n = len(wanted)
        if n == 0 or not len(self.counts):
            return np.zeros(n, np.int64)
        # One quantile in each of n equal parts: as even as drawing without replacement. It is the
        # middle one if there are enough rows, since the largest degrees decide about the sum.
        ends = np.cumsum(self.counts)
        within = rng.random(n) if n < ends[-1] else 0.5
        at = np.minimum((np.arange(n) + within) / n * ends[-1], np.nextafter(ends[-1], 0))
        group = np.searchsorted(ends, at, side="right")
        part = 1 - (ends[group] - at) / self.counts[group]
        values = self.means[group] + (2 * part - 1) * self.spreads[group]
        # Up or down at random, so that a group of zeros and ones has its share of both.
        degrees = np.sort(np.floor(values + rng.random(n)).astype(np.int64))
        mean = float(self.counts @ self.means) / ends[-1]
        degrees = _with_sum(degrees, round(mean * n), rng)
        result = np.empty(n, np.int64)
        result[np.lexsort((chance, wanted))] = np.sort(degrees)
        return result

    def state(self) -> Learned:
        """Return the learned state."""
        arrays = {"counts": self.counts, "means": self.means, "spreads": self.spreads}
        return Learned({}, arrays)

    @classmethod
    def from_state(cls, state: Learned) -> Degrees:
        """Restore degrees from their `state`."""
        counts = np.asarray(state.arrays["counts"], np.int64)
        means, spreads = (np.asarray(state.arrays[n], float) for n in ("means", "spreads"))
        whole = (
            counts.ndim == 1
            and counts.shape == means.shape == spreads.shape
            and (counts > 0).all()
            and counts.sum() < 2**53
            and np.isfinite(means).all()
            and (means < 2**53).all()
            and (np.diff(means) >= 0).all()
            and ((spreads >= 0) & (spreads <= means)).all()
        )
        if not whole:
            raise ModelFileError("The degrees of a key are damaged.")
        return cls(counts, means, spreads)


def pooled(degrees: np.ndarray) -> np.ndarray:
    """Return the mean degree of each row's group, rounded, in the order of rows."""
    learned, order = Degrees.fit(degrees), np.argsort(degrees, kind="stable")
    result = np.empty(len(degrees), np.int64)
    result[order] = np.repeat(np.rint(learned.means).astype(np.int64), learned.counts)
    return result


def _starts(ordered: np.ndarray) -> list[int]:
    """Return where groups begin in ascending degrees."""
    _, firsts, counts = np.unique(ordered, return_index=True, return_counts=True)
    starts: list[int] = []
    begin = None  # of rows that have no group yet
    for first, count in zip(firsts.tolist(), counts.tolist(), strict=True):
        if begin is not None and first - begin >= _TOGETHER:
            starts.append(begin)
            begin = None
        if count < _TOGETHER:
            begin = first if begin is None else begin
            continue
        if begin is None:
            starts.append(first)
            continue
        # Too few rows are before this degree: some rows of it join them.
        starts.append(begin)
        begin = None
        if count - (_TOGETHER - (first - starts[-1])) >= _TOGETHER:
            starts.append(starts[-1] + _TOGETHER)
    if begin is not None:
        # The last rows, with the last ones of the group before where they are too few.
        begin = max(min(begin, len(ordered) - _TOGETHER), 0)
        if starts and begin - starts[-1] < _TOGETHER:
            begin = starts.pop()
        starts.append(begin)
    return starts


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
