"""Which state of a run is kept: the last one, or the best on rows that do not train."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from lookalike.nn import Network
from lookalike.training._game import TrainState
from lookalike.training._history import Event

__all__ = ["Keeper", "Score", "Selection"]


class Score(NamedTuple):
    """How good a generator is on rows that did not train it.

    Parameters
    ----------
    value : float
        Higher is better.
    copying : bool
        Whether its rows repeat training rows; then it is kept only if all that were scored do.
    error : float
        The standard error of `value`: of states that differ by no more, the later is kept.
    """

    value: float
    copying: bool = False
    error: float = 0.0


@dataclass(frozen=True)
class Selection:
    """Keeps the best generator by a score on held-out rows, and stops where others are worse.

    Parameters
    ----------
    score : callable
        From a generator to a `Score`, computed on rows that do not train.
    every : int
        Intervals between two scores.
    patience : int
        Scores in a row that were not better than the best, nor within their error of it, after
        which training stops.
    """

    score: Callable[[Network], Score]
    every: int
    patience: int


class Keeper:
    """Remembers the best generator that a `Selection` has seen; without one, the last counts."""

    def __init__(self, selection: Selection | None) -> None:
        self.selection = selection
        self.best: Network | None = None
        self.best_step = 0
        self.best_value = -math.inf
        self.intervals = 0
        self.failures = 0
        self.copied = False

    def begin(self) -> None:
        """Be patient anew: another attempt begins, the best of those before still counts."""
        self.failures = 0

    @property
    def exhausted(self) -> bool:
        """Whether scores have not improved for too long."""
        return self.selection is not None and self.failures >= self.selection.patience

    def look(
        self, state: TrainState, step: int, *, last: bool
    ) -> tuple[dict[str, float], list[Event]]:
        """Score a state if it is time to, and return what is to be recorded."""
        self.intervals += 1
        if self.selection is None or not (last or self.intervals % self.selection.every == 0):
            return {}, []
        score = self.selection.score(state.average)
        better, enough = score.value > self.best_value, self.best_value - score.error
        if not score.copying and score.value >= enough:
            self.best, self.best_step = state.average, step
        as_good = not score.copying and (better or score.value > enough)
        self.failures = 0 if as_good else self.failures + 1
        if as_good:
            self.best_value = max(self.best_value, score.value)
        events = []
        if score.copying and not self.copied:
            self.copied = True
            events.append(Event(step, "copying", self._copied()))
        if (last or self.exhausted) and self.copied and self.best is None:
            words = (
                "every state that was scored repeats training rows: the last is kept all the same"
            )
            events.append(Event(step, "copying", words))
        return {"held_out": score.value, "repeats": float(score.copying)}, events

    def _copied(self) -> str:
        best = f"the best before is of step {self.best_step:,}"
        return (
            "generated rows repeat training rows, which held-out rows show: states that do are not "
            f"kept ({'none before did not' if self.best is None else best})"
        )

    def chosen(self, state: TrainState, step: int) -> tuple[Network, int]:
        """Return the generator that is kept and its step, given the last good state."""
        return (state.average, step) if self.best is None else (self.best, self.best_step)
