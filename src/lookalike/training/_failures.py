"""Detection of failing runs: losses that are not finite, collapse, divergence, distance."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping

__all__ = ["USELESS", "FailureDetector"]

#: The share and the number of first steps of a run, and the share after a remedy, in which only
#: losses that are not finite count as a failure.
_GRACE, _GRACE_STEPS = 0.1, 250
#: The number of the last measurements that must agree, and that of the last measurements: a
#: generator that cycles through modes may appear complete now and then.
_PERSISTENT, _LOOKS = 3, 5
#: Partial coverage and a dominant discriminator count as failures if the distance to real rows has
#: not decreased by this factor for this share of the run, since slow runs begin like that.
_NEARER, _STALLED = 0.95, 0.3
#: The same share at the end of a run.
_STALLED_LAST = 0.1
#: The discriminator dominates if its accuracy on both kinds of rows is at least this (in the
#: default game it rarely exceeds 0.8), and the distance to real rows is more than this multiple of
#: that between real rows.
_WON, _BEYOND = 0.9, 2.0
#: A run has diverged if the distance exceeds this, and this multiple of its minimum.
_FAR, _WORSE = 4.0, 4.0
#: Rows are far if the distance exceeds `_BEYOND` and coverage is below this; the second value is
#: for runs after a remedy, which must help at once.
_FEW, _THIN = 0.5, 0.3
#: The coverage below which a failed generator is useless.
USELESS = 0.1
#: The failures, in words.
_WORDS = {
    "collapse": "the generator collapsed: its rows cover only a part of the real ones",
    "defeat": "the discriminator won: it recognises nearly all rows, and these do not improve",
    "divergence": "the run diverged: rows were nearer to real ones before",
    "failure": "that did not help: rows are still far from real ones",
    "distance": "rows remain far from real ones and do not improve",
}


class FailureDetector:
    """Detects persistent failures from the measures of every interval.

    Parameters
    ----------
    total : int
        The number of steps of the run.

    Attributes
    ----------
    reach : float
        The coverage, the share of real rows with a generated one near them, when last measured.
    """

    def __init__(self, total: int) -> None:
        self.total = total
        self.reach = 1.0
        self.begin(0, mended=False)

    def begin(self, step: int, *, mended: bool = True) -> None:
        """Forget the recent measures at the start of an attempt.

        Parameters
        ----------
        step : int
            The first step of the attempt.
        mended : bool
            Whether a remedy was applied, which then has to help.
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
        """Return the failure in words, or None.

        Parameters
        ----------
        step : int
            The current step.
        measures : mapping of str to float
            The measures of the interval, by the task and by monitors; any may be absent.
        last : bool
            Whether it is the last interval, after which nothing can improve: a run with a remedy
            must then show no sign of failure, and no run may be at rest in one.
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
        """True if the run ended in a failure with hardly any coverage."""
        return (self.wrong or self.at_rest() is not None) and self.reach < USELESS

    def at_rest(self) -> str | None:
        """Return the failure of a run that no longer improves, in words, or None.

        Unlike in `update`, no later improvement is expected.
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
        """Record for each kind of failure whether this measurement shows it."""
        # After a remedy, or if distances are not measured, a collapse counts at once.
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
        """Return the failure that enough of the last measurements show, including the last one."""
        for name, words in _WORDS.items():
            looks = self.recent[name]
            if looks and looks[-1] and sum(looks) >= enough:
                return words
        return None
