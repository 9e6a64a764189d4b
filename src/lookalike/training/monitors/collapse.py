"""`Collapse`: a monitor for parts of the data that the generator no longer reaches."""

from __future__ import annotations

import math
from collections import deque
from typing import ClassVar, NamedTuple

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from lookalike._core.numerics import distances, nth_nearest
from lookalike.training.monitors._base import (
    IntervalSnapshot,
    Measure,
    Monitor,
    MonitorData,
    MonitoredRows,
)
from lookalike.training.monitors._modes import modes
from lookalike.training.monitors._parts import Parts
from lookalike.training.monitors._rare import Rare
from lookalike.training.monitors._regions import regions
from lookalike.training.monitors._twins import Twins

__all__ = ["Collapse"]

ModeCounts = NDArray[np.intp]

#: The number of neighbours that define a row's ball, as in Naeem et al.
_NEIGHBOURS = 5
#: The size of the smallest region, and of the smallest mode or level.
_REGION = 12
_MODE = 5
#: The number of measurements within which a mode or level may be reached, in which a part must be
#: lost, and in which a rare mode must be lost.
_LOOKS = 4
_LASTING = 2
_RARE_LOOKS = 8
#: The minimum share of a level whose loss counts: in columns of many levels, such as airports or
#: post codes, rarer ones are learned late (it took a third of the run).
_COMMON = 0.05
#: The minimum share of lost regions if modes are separate: a generator that reaches every mode but
#: makes it too narrow loses the outermost tenth of the rows, and has not collapsed.
_WITHIN = 0.15
#: A mode is lost below this share of its expected rows: rows between modes count for the nearest.
_FADED = 0.15
#: The ratio of the number of kinds of rows to that of real data below which rows repeat a few.
_CONCENTRATED = 0.05
#: The minimum number of real rows for a decision.
_FEWEST = 30
#: A run has this share of its steps, and at least this number, to find all parts, but never more
#: than this last share.
_GRACE, _GRACE_STEPS, _GRACE_MOST = 0.1, 250, 0.25


class _Seen(NamedTuple):
    """The counts of one measurement: generated rows in all, and in each part."""

    rows: int
    regions: ModeCounts
    levels: ModeCounts
    modes: ModeCounts


class Collapse(Monitor):
    """Monitor for parts of the data that generated rows no longer reach.

    - ``coverage``: the share of real rows with a generated row in their ball, which extends to
      their fifth neighbour; ``density``: the mean number of such balls around a generated row,
      divided by five (Naeem, Oh, Uh, Choi & Yoo 2020, arXiv 2002.09797).
    - ``modes``: the share of the modes of the real sample (groups of at least 5 rows with a clear
      gap around them) that had a generated row in the last four measurements. Omitted if there
      are no separate modes, as in numbers encoded to a normal distribution, which closes gaps.
    - ``levels``: the share of the levels with at least 5 real rows that were generated in the last
      four measurements. Omitted if there are none.
    - ``collapsed``: 1 if a mode, a region of real rows or a level of at least 5 % has been lost in
      the last two measurements (it got significantly less than a tenth of the expected rows), or
      if the number of kinds of rows is less than a twentieth of that of real data (the birthday
      test of `Diversity`); else 0. If there are separate modes, regions are parts of them, and
      count if the lost ones hold 15 % of the real rows. Real rows are divided into regions of at
      least 12 rows; a generated row belongs to the region of its nearest real row, a real row to
      that of its nearest other one, so that both are counted alike. For tables with more than 512
      rows, 1,536 rows are searched once for rare modes, which hold less than 3 % and are far from
      all others in their numbers: a mode of 1 % is nearly always found, and is lost if it got less
      than a tenth of the expected rows in the last eight measurements. Other parts of less than
      about 2 % of the real rows are not monitored. Without gaps between modes, the loss of one
      that is no larger than a region may remain undetected.
      Omitted, and measurements of rare modes not counted, in the first tenth of a run and its first
      250 steps, or in its first quarter if that is less, since parts are found gradually. Omitted
      for fewer than 30 real rows, too.
    """

    name: ClassVar[str] = "collapse"
    cost: ClassVar[str] = "two 512 × 512 distance matrices, and one to the rows of rare modes"
    measures: ClassVar[tuple[Measure, ...]] = (
        Measure("coverage", 0, 1, "near 1; 0.97 for real rows", "higher"),
        Measure("density", 0, math.inf, "near 1", "near 1"),
        Measure("modes", 0, 1, "1: all modes are reached", "higher"),
        Measure("levels", 0, 1, "1: all levels are reached that are not rare", "higher"),
        Measure("collapsed", 0, 1, "0: no part of the data is lost", "lower"),
    )

    def begin(self, data: MonitorData) -> None:
        """See `Monitor.begin`."""
        self._rows = len(data.real.matrix)
        self._starts = np.concatenate([[0], np.cumsum(data.widths)]).astype(np.intp)
        if self._rows <= _NEIGHBOURS:
            return
        among = data.among_real
        alone = among + np.diag(np.full(self._rows, np.inf, np.float32))
        self._radii = nth_nearest(alone, _NEIGHBOURS)
        self._twins = Twins(among)
        self._region = regions(among, _REGION)
        self._modes = modes(among, _MODE)
        self._rare = None if data.crowd is None else Rare(data.crowd)
        self._seen: deque[_Seen] = deque(maxlen=_LOOKS)
        self._rare_seen: deque[tuple[int, ModeCounts]] = deque(maxlen=_RARE_LOOKS)
        self._known(data, alone.argmin(axis=1))

    def _known(self, data: MonitorData, nearest: ModeCounts) -> None:
        """Count all real rows, training and held-out ones, by region and level."""
        levels, rows = self._levels(data.real), self._rows
        if data.held_out is not None:
            to_real = distances(data.held_out.matrix, data.real.matrix)
            nearest = np.concatenate([nearest, to_real.argmin(axis=1)])
            levels, rows = levels + self._levels(data.held_out), rows + len(to_real)
        counts = np.bincount(self._region[nearest], minlength=self._region.max() + 1)
        self._regions = Parts(counts, rows)
        self._region_shares = counts / rows
        if self._modes is not None:
            members = self._modes.label[self._modes.label >= 0]
            self._whole_modes = Parts(np.bincount(members), self._rows)
        common = levels >= _COMMON * rows
        self._common_levels = Parts(np.where(common, levels, 0), rows)
        self._expected = levels >= _MODE

    def measure(self, snapshot: IntervalSnapshot) -> dict[str, float]:
        """See `Monitor.measure`."""
        if self._rows <= _NEIGHBOURS:
            return {}
        rows = len(snapshot.fake.matrix)
        to_real = snapshot.fake_to_real
        nearest = to_real.argmin(axis=1)
        distance = to_real[np.arange(rows), nearest]
        regional = np.bincount(self._region[nearest], minlength=self._region.max() + 1)
        in_modes = self._modes_of(nearest, distance)
        self._seen.append(_Seen(rows, regional, self._levels(snapshot.fake), in_modes))
        found = _covered(to_real, self._radii) | self._shares()
        if self._rows >= _FEWEST and snapshot.step >= _grace(snapshot.total):
            few = self._twins.support(snapshot.among_fake) < _CONCENTRATED
            rare = self._rare_lost(snapshot.fake)
            found["collapsed"] = float(few or rare or self._any_lost())
        return found

    def _any_lost(self) -> bool:
        """Return whether a mode, a region or a level has been lost in the last measurements."""
        last = list(self._seen)[-_LASTING:]
        rows = sum(seen.rows for seen in last)
        regions, levels, modes = (
            np.sum([getattr(seen, part) for seen in last], axis=0)
            for part in ("regions", "levels", "modes")
        )
        lost = self._regions.lost(regions, rows)
        if self._common_levels.lost(levels, rows).any():
            return True
        if self._modes is None:
            return bool(lost.any())
        within = self._region_shares[lost].sum() >= _WITHIN
        return bool(within or self._whole_modes.lost(modes, rows, _FADED).any())

    def _rare_lost(self, fake: MonitoredRows) -> bool:
        """Return whether a rare mode has been lost in the last measurements.

        Measurements of a generator that may not have found all parts yet do not count.
        """
        if self._rare is None:
            return False
        self._rare_seen.append((len(fake.matrix), self._rare.count(fake.matrix)))
        if len(self._rare_seen) < _RARE_LOOKS:
            return False
        rows, counts = zip(*self._rare_seen, strict=True)
        return self._rare.any_lost(np.sum(counts, axis=0), sum(rows))

    def _shares(self) -> dict[str, float]:
        """Return the shares of modes and of levels reached in the last measurements."""
        found = {}
        if self._modes is not None:
            found["modes"] = float(np.any([seen.modes for seen in self._seen], axis=0).mean())
        if self._expected.any():
            reached = np.any([seen.levels for seen in self._seen], axis=0)
            found["levels"] = float(reached[self._expected].mean())
        return found

    def _modes_of(self, nearest: ModeCounts, distance: NDArray[np.floating]) -> ModeCounts:
        if self._modes is None:
            return np.zeros(0, np.intp)
        label = self._modes.label[nearest][distance <= self._modes.reach]
        return np.bincount(label[label >= 0], minlength=self._modes.label.max() + 1)

    def _levels(self, rows: MonitoredRows) -> ModeCounts:
        """Count the rows of each level of each block, shape (levels of all blocks,)."""
        codes = rows.levels + self._starts[:-1]
        return np.bincount(codes.ravel(), minlength=int(self._starts[-1]))


def _grace(total: int) -> float:
    """Return the number of first steps of a run without a decision."""
    return max(_GRACE * total, min(_GRACE_STEPS, _GRACE_MOST * total))


def _covered(
    to_real: Float[np.ndarray, "fake real"], radii: Float[np.ndarray, " real"]
) -> dict[str, float]:
    """Return coverage and density."""
    inside = to_real <= radii
    density = int(np.count_nonzero(inside)) / (_NEIGHBOURS * len(to_real))
    return {"coverage": float(inside.any(axis=0).mean()), "density": density}
