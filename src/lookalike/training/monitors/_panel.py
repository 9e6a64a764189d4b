"""All monitors of a run together: who looks when."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from lookalike.training.monitors._base import IntervalSnapshot, Monitor, MonitorData

__all__ = ["Panel"]


class Panel:
    """The monitors of one run.

    Parameters
    ----------
    monitors : sequence of Monitor
        Who watches.
    every : int
        Only after every so many intervals does anyone look.
    """

    def __init__(self, monitors: Sequence[Monitor], every: int = 1) -> None:
        self._every = every
        self._monitors = tuple(monitors)

    def begin(self, data: MonitorData) -> None:
        """Prepare all for a run, before anyone looks.

        Parameters
        ----------
        data : MonitorData
            What stays the same for the whole run.
        """
        for monitor in self._monitors:
            monitor.begin(data)

    def due(self, interval: int, *, last: bool = False) -> bool:
        """Say whether any monitor looks after an interval, so that a view is needed.

        Parameters
        ----------
        interval : int
            Its number; the first is 1.
        last : bool
            Whether it is the last of the run, at which all look.

        Returns
        -------
        bool
        """
        return any(self._looks(monitor, interval, last) for monitor in self._monitors)

    def measure(
        self, interval: int, snapshot: IntervalSnapshot, *, last: bool = False
    ) -> dict[str, float]:
        """Measure all that is due after an interval.

        Parameters
        ----------
        interval : int
            Its number; the first is 1.
        snapshot : IntervalSnapshot
            What there is to see. Where generated rows are not finite, nothing is measured of them.
        last : bool
            Whether it is the last of the run.

        Returns
        -------
        dict of str to float
            Finite values by name.
        """
        found: dict[str, float] = {}
        if bool(np.isfinite(snapshot.fake.matrix).all()):
            for monitor in self._monitors:
                if self._looks(monitor, interval, last):
                    found |= monitor.measure(snapshot)
        return {name: value for name, value in found.items() if math.isfinite(value)}

    def _looks(self, monitor: Monitor, interval: int, last: bool) -> bool:
        return last or interval % math.lcm(self._every, monitor.every) == 0
