"""When a run has gone wrong: losses that are not finite, collapse, divergence."""

from __future__ import annotations

import math
from collections.abc import Mapping

from lookalike.training._game import MEASURES

__all__ = ["Alarm"]

#: In the first share of a run, and its first steps, it has to find its way: there only lost
#: numbers raise an alarm.
_GRACE, _GRACE_STEPS = 0.1, 250
#: Looks in a row that must say the same before it counts.
_PERSISTENT = 3
#: The discriminator has won where it places so many rows of both kinds right ...
_WON = 0.995
#: ... and the rows are this many times as far from real ones as other real rows are.
_FAR = 4.0
#: A run has diverged where rows are this many times as far from real ones as at its best.
_WORSE = 4.0


class Alarm:
    """Listens to the measures of every interval and says what is wrong, once that is certain.

    Parameters
    ----------
    total : int
        The steps of the run.
    """

    def __init__(self, total: int) -> None:
        self.total = total
        self.begin()

    def begin(self) -> None:
        """Forget what was heard: another attempt begins."""
        self.heard = {"collapse": 0, "defeat": 0, "divergence": 0}
        self.nearest = math.inf

    def hear(self, step: int, measures: Mapping[str, float]) -> str | None:
        """Return what is wrong, in words, or None.

        Parameters
        ----------
        step : int
            How far the run is.
        measures : mapping of str to float
            The game's measures of the interval and what the monitors saw. What a monitor did not
            measure leaves its alarm as it was.
        """
        if not all(math.isfinite(measures[name]) for name in MEASURES if name in measures):
            return "the losses were not finite"
        far = measures.get("convergence")
        if far is not None:
            self.nearest = min(self.nearest, far)
        if step < max(_GRACE * self.total, _GRACE_STEPS):
            return None
        if "collapsed" in measures:
            self._count("collapse", measures["collapsed"] == 1)
        if far is not None:
            least = min(measures["accuracy_real"], measures["accuracy_fake"])
            self._count("defeat", least >= _WON and far > _FAR)
            self._count("divergence", far > _WORSE * max(self.nearest, 1.0) and far > _FAR)
        return self._words()

    def _count(self, name: str, true: bool) -> None:
        self.heard[name] = self.heard[name] + 1 if true else 0

    def _words(self) -> str | None:
        if self.heard["collapse"] >= _PERSISTENT:
            return "the generator collapsed: its rows reach only a part of the real ones"
        if self.heard["defeat"] >= _PERSISTENT:
            return "the discriminator won: it tells nearly all rows apart, and none come nearer"
        if self.heard["divergence"] >= _PERSISTENT:
            return "the run diverged: rows were nearer to real ones before"
        return None
