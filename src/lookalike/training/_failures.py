"""Detection of runs that go wrong: losses that are not finite, collapse, divergence, distance."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping

__all__ = ["USELESS", "FailureDetector"]

#: In the first share of a run, and its first steps, it has to find its way, and again after a
#: remedy, in the same share: there only losses that are not finite count as a failure.
_GRACE, _GRACE_STEPS = 0.1, 250
#: So many of the last looks must say the same before it counts: a generator that goes from mode to
#: mode looks whole now and then.
_PERSISTENT, _LOOKS = 3, 5
#: Rows that reach only a part, and a discriminator that wins, are an alarm where rows came no
#: nearer (by this factor) for this share of the run: slow runs begin like that, too.
_NEARER, _STALLED = 0.95, 0.3
#: At the end of a run they are if rows came no nearer for this share of it.
_STALLED_LAST = 0.1
#: The discriminator has won where it places so many rows of both kinds right (that of the default
#: game seldom places more than 0.8 right), and the rows are this many times as far from real ones
#: as other real rows are.
_WON, _BEYOND = 0.9, 2.0
#: A run has diverged where rows are so far from real ones, and this many times as far as at best.
_FAR, _WORSE = 4.0, 4.0
#: Rows are far where they are beyond that, and so few real ones have one near them; fewer where a
#: remedy has to have helped at once.
_FEW, _THIN = 0.5, 0.3
#: With fewer, and an alarm, a generator is of no use.
USELESS = 0.1
#: What each thing that goes wrong is called.
_WORDS = {
    "collapse": "the generator collapsed: its rows reach only a part of the real ones",
    "defeat": "the discriminator won: it tells nearly all rows apart, and none come nearer",
    "divergence": "the run diverged: rows were nearer to real ones before",
    "failure": "that did not help: rows are still far from real ones",
    "distance": "rows stay far from real ones, and come no nearer",
}


class FailureDetector:
    """Finds in the measures of every interval what is wrong, once that is certain.

    Parameters
    ----------
    total : int
        The steps of the run.

    Attributes
    ----------
    reach : float
        The share of real rows that have a generated one near them, when it was last measured.
    """

    def __init__(self, total: int) -> None:
        self.total = total
        self.reach = 1.0
        self.begin(0, mended=False)

    def begin(self, step: int, *, mended: bool = True) -> None:
        """Forget the recent measures: another attempt begins.

        Parameters
        ----------
        step : int
            Where it begins.
        mended : bool
            Whether a remedy was applied: then it has to help.
        """
        self.since, self.mended = step, mended
        self.grace = max(_GRACE * self.total, 0 if mended else _GRACE_STEPS)
        self.wrong = False
        self.collapsed = deque[bool](maxlen=_LOOKS)
        self.distant = deque[bool](maxlen=_LOOKS)
        self.recent = {name: deque[bool](maxlen=_LOOKS) for name in _WORDS}
        self.nearest = self.mark = math.inf
        self.progress = step + self.grace

    def update(self, step: int, measures: Mapping[str, float], *, last: bool = False) -> str | None:
        """Return what is wrong, in words, or None.

        Parameters
        ----------
        step : int
            How far the run is.
        measures : mapping of str to float
            Of the interval, by the task and by monitors. What was not measured leaves what is
            known of it as it was.
        last : bool
            Whether it is the last interval: a mended run must not end on what would be an alarm,
            if it went on, and no run on what is not hoped for any more.
        """
        if not all(math.isfinite(value) for value in measures.values()):
            return "the losses were not finite"
        self.reach = measures.get("coverage", self.reach)
        far = measures.get("convergence")
        if far is not None:
            self._note_progress(step, far)
        if "collapsed" in measures:
            self.collapsed.append(measures["collapsed"] == 1)
        if step - self.since < self.grace:
            return None
        self._note(step, far, measures)
        words = self._words(1 if last and self.mended else _PERSISTENT)
        if last and words is None and step - self.progress >= _STALLED_LAST * self.total:
            words = self.at_rest()
        self.wrong = words is not None
        return words

    @property
    def useless(self) -> bool:
        """Whether something was wrong in the end, and rows reach next to nothing."""
        return (self.wrong or self.at_rest() is not None) and self.reach < USELESS

    def at_rest(self) -> str | None:
        """Return what is wrong with a run that no longer gets better, in words, or None.

        Unlike in `update`, nothing is hoped for from the rest of the run.
        """
        for name, looks in (("collapse", self.collapsed), ("distance", self.distant)):
            if looks and looks[-1] and sum(looks) >= _PERSISTENT:
                return _WORDS[name]
        return None

    def _note_progress(self, step: int, far: float) -> None:
        self.nearest = min(self.nearest, far)
        if far < _NEARER * self.mark:
            self.mark, self.progress = far, max(step, self.progress)

    def _note(self, step: int, far: float | None, measures: Mapping[str, float]) -> None:
        """Note what this look says of everything that can be wrong."""
        # A mended run has to be better soon; and where distances are not measured, a
        # collapse counts as it is.
        patience = 0.0 if self.mended or far is None else _STALLED * self.total
        stalled = step - self.progress >= patience
        if "collapsed" in measures:
            self.recent["collapse"].append(stalled and measures["collapsed"] == 1)
        if far is not None:
            least = min(measures.get(f"accuracy_{kind}", 0.0) for kind in ("real", "fake"))
            self.recent["defeat"].append(stalled and least >= _WON and far > _BEYOND)
            self.recent["divergence"].append(far > max(_FAR, _WORSE * self.nearest))
            reached = measures.get("coverage", 1.0)
            self.recent["failure"].append(self.mended and reached < _THIN and far > _BEYOND)
            self.distant.append(reached < _FEW and far > _BEYOND)
            self.recent["distance"].append(stalled and self.distant[-1])

    def _words(self, enough: int) -> str | None:
        """Return what enough of the last measurements say, the last one among them."""
        for name, words in _WORDS.items():
            looks = self.recent[name]
            if looks and looks[-1] and sum(looks) >= enough:
                return words
        return None
