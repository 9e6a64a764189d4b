"""Matching: a parent row for each child row, by affinity and under degrees."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lookalike.relational._affinity import Affinity

__all__ = ["Seekers", "matched"]

#: The most and the fewest candidates of a row, and the number of candidates of all rows that is
#: aimed at.
_MOST, _FEWEST, _ALL = 64, 12, 12_000_000
#: The number of parts in which rows choose, one part after another.
_PARTS, _LEAST_PART = 24, 256
#: The number of times that a row whose choice is full chooses again.
_PASSES = 6


@dataclass
class Seekers:
    """Child rows that seek a parent row.

    Parameters
    ----------
    states : ndarray of int, shape (n, c)
        Their variables, by which affinity is known.
    demand : ndarray of int, shape (n,)
        The number of children that come with each: itself, and siblings with the same parent.
    group : ndarray of int, shape (n,), optional
        The only group of parents that each may have.
    family : ndarray of int, shape (n,), optional
        Rows of one family must have different parents; -1 for none.
    binding : bool
        Whether no parent outside of the group will do, so that full ones are taken too.
    """

    states: np.ndarray
    demand: np.ndarray
    group: np.ndarray | None = None
    family: np.ndarray | None = None
    binding: bool = False


def matched(
    seekers: Seekers,
    parents: np.ndarray,
    capacity: np.ndarray,
    affinity: Affinity,
    rng: np.random.Generator,
    groups: np.ndarray | None = None,
) -> np.ndarray:
    """Return a parent row for each child row.

    Candidates are drawn by their remaining capacity, and one of them is chosen by affinity and a
    Gumbel variable each, which is a draw in proportion to both. Where a capacity is exceeded, some
    rows choose again; the last rows fill the room that is left.

    Parameters
    ----------
    seekers : Seekers
    parents : ndarray of int, shape (m, p)
        The variables of parents.
    capacity : ndarray of int, shape (m,)
        The number of children that each parent still has to get. It is reduced in place.
    affinity : Affinity
    rng : numpy.random.Generator
    groups : ndarray of int, shape (m,), optional
        The group of each parent.

    Returns
    -------
    ndarray of int, shape (n,)
        Rows of parents; -1 where no parent is possible.
    """
    pool = _Pool(groups, capacity)
    n = len(seekers.demand)
    result = np.full(n, -1, np.int64)
    waiting = rng.permutation(n)
    several = int(np.clip(_ALL // max(n, 1), _FEWEST, _MOST))
    used = np.zeros(0, np.int64)
    for turn in range(_PASSES):
        refused = []
        size = max(len(waiting) // _PARTS + 1, _LEAST_PART)
        for first in range(0, len(waiting), size):
            rows = waiting[first : first + size]
            at = pool.candidates(rows, seekers, several, rng)
            scores = affinity.log_ratios(seekers.states[rows], parents, np.maximum(at, 0))
            scores += rng.gumbel(size=at.shape)
            pairs = None
            if seekers.family is not None:
                pairs = seekers.family[rows][:, None] * len(capacity) + at
                taken = np.isin(pairs, used) & (seekers.family[rows][:, None] >= 0)
                scores[taken] = -np.inf
            best = scores.argmax(axis=1)
            chosen = np.where(at[:, 0] < 0, -1, at[np.arange(len(rows)), best])
            is_free = np.isfinite(scores[np.arange(len(rows)), best]) & (chosen >= 0)
            fits = is_free & _within(chosen, seekers.demand[rows], capacity)
            if seekers.binding and turn == _PASSES - 1:
                fits = is_free
            if pairs is not None and seekers.family is not None:
                own = pairs[np.arange(len(rows)), best]
                first_of = np.zeros(len(rows), bool)
                kept = np.flatnonzero(fits)
                first_of[kept[np.unique(own[kept], return_index=True)[1]]] = True
                fits &= first_of | (seekers.family[rows] < 0)
                used = np.concatenate([used, own[fits & (seekers.family[rows] >= 0)]])
            result[rows[fits]] = chosen[fits]
            np.subtract.at(capacity, chosen[fits], seekers.demand[rows][fits])
            np.maximum(capacity, 0, out=capacity)
            refused.append(rows[~fits & (at[:, 0] >= 0)])
        waiting = np.concatenate(refused) if refused else waiting[:0]
        if not len(waiting):
            break
    if seekers.group is None and len(waiting) and len(capacity):
        _fill(result, waiting, seekers, capacity, used, rng)
    return result


def _fill(
    result: np.ndarray,
    waiting: np.ndarray,
    seekers: Seekers,
    capacity: np.ndarray,
    used: np.ndarray,
    rng: np.random.Generator,
) -> None:
    """Give the last rows to the parents that still have room, and those beyond to any."""
    count = len(capacity)
    for turn in range(4 * _PASSES):
        # Where room is left, it is filled; in the last turns, any parent will do.
        slots = rng.permutation(np.repeat(np.arange(count), capacity))
        if turn >= 2 * _PASSES or not len(slots):
            slots = rng.integers(0, count, len(waiting))
        tried = waiting[: len(slots)]
        chosen = slots[: len(tried)]
        good = np.ones(len(tried), bool)
        if seekers.family is not None:
            own = seekers.family[tried] * count + chosen
            good = ~np.isin(own, used)
            first = np.zeros(len(tried), bool)
            first[np.unique(own, return_index=True)[1]] = True
            good = (good & first) | (seekers.family[tried] < 0)
            used = np.concatenate([used, own[good]])
        result[tried[good]] = chosen[good]
        np.subtract.at(capacity, chosen[good], seekers.demand[tried[good]])
        np.maximum(capacity, 0, out=capacity)
        waiting = rng.permutation(np.concatenate([tried[~good], waiting[len(slots) :]]))
        if not len(waiting):
            break


class _Pool:
    """Parents by group, from which candidates are drawn by their capacity."""

    def __init__(self, groups: np.ndarray | None, capacity: np.ndarray) -> None:
        self.capacity = capacity
        self.order = (
            np.arange(len(capacity)) if groups is None else np.argsort(groups, kind="stable")
        )
        self.sorted = None if groups is None else groups[self.order]

    def candidates(
        self, rows: np.ndarray, seekers: Seekers, several: int, rng: np.random.Generator
    ) -> np.ndarray:
        """Return candidates, shape (n, k); -1 in all places where there is none."""
        if self.sorted is None or seekers.group is None:
            low = np.zeros(len(rows), np.int64)
            high = np.full(len(rows), len(self.capacity))
        else:
            low = np.searchsorted(self.sorted, seekers.group[rows], side="left")
            high = np.searchsorted(self.sorted, seekers.group[rows], side="right")
        reached = np.concatenate([[0.0], np.cumsum(self.capacity[self.order], dtype=float)])
        begin, total = reached[low], reached[high] - reached[low]
        u = rng.random((len(rows), several))
        by_capacity = (
            np.searchsorted(reached, begin[:, None] + u * total[:, None], side="right") - 1
        )
        evenly = low[:, None] + np.floor(u * (high - low)[:, None]).astype(np.int64)
        place = np.where((total > 0)[:, None], by_capacity, evenly)
        if self.sorted is not None and seekers.binding:
            total = np.where(high > low, 1.0, 0.0)  # a rule: full parents are better than none
        place = np.clip(place, low[:, None], np.maximum(high - 1, low)[:, None])
        at = self.order[np.minimum(place, len(self.order) - 1)] if len(self.order) else place * 0
        return np.where(((high > low) & (total > 0))[:, None], at, -1)


def _within(chosen: np.ndarray, demand: np.ndarray, capacity: np.ndarray) -> np.ndarray:
    """Return whether each row's demand is within the capacity that earlier rows have left."""
    order = np.argsort(chosen, kind="stable")
    sums = np.cumsum(demand[order])
    first = np.searchsorted(chosen[order], chosen[order], side="left")
    before = sums - demand[order] - (sums[first] - demand[order][first])
    result = np.empty(len(chosen), bool)
    # One row may exceed what is left: a demand of several is not torn apart.
    result[order] = before < capacity[chosen[order]]
    return result
