"""Which state of a run is kept: the last one, or the best on rows that do not train."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from lookalike.training._history import Event

__all__ = ["CheckpointScore", "Checkpointer", "EarlyStopping"]


class CheckpointScore(NamedTuple):
    """How good a model is on rows that did not train it.

    Parameters
    ----------
    value : float
        Higher is better.
    copying : bool or None
        Whether its rows repeat training rows; then it is kept only if all that were scored do.
        None where nobody compared them.
    error : float
        The standard error of `value`: of states that differ by no more, the later is kept.
    tie_break : float
        Of states that differ by just as much as `error`, those with less than the kept one has are
        not kept.
    """

    value: float
    copying: bool | None = None
    error: float = 0.0
    tie_break: float = 0.0


@dataclass(frozen=True)
class EarlyStopping:
    """Keeps the best model by a score on held-out rows, and stops where others are worse.

    Parameters
    ----------
    score : callable
        From a model to a `CheckpointScore`, computed on rows that do not train.
    every : int
        Intervals between two scores.
    patience : int
        Scores in a row that were not better than the best, nor within their error of it, after
        which training stops.
    """

    score: Callable[[Any], CheckpointScore]
    every: int
    patience: int


class Checkpointer:
    """Remembers the best model that an `EarlyStopping` has scored; without one, the last counts."""

    def __init__(self, rule: EarlyStopping | None) -> None:
        self.rule = rule
        self.best: Any = None
        self.best_step = 0
        self.best_value = self.best_tie = -math.inf
        self.intervals = 0
        self.failures = 0
        self.copied = False

    def begin(self) -> None:
        """Restore the patience for another attempt; the best of those before still counts."""
        self.failures = 0

    @property
    def exhausted(self) -> bool:
        """Whether scores have not improved for too long."""
        return self.rule is not None and self.failures >= self.rule.patience

    def update(self, model: Any, step: int, *, last: bool) -> tuple[dict[str, float], list[Event]]:
        """Score a model if it is time to, and return what is to be recorded."""
        self.intervals += 1
        if self.rule is None or not (last or self.intervals % self.rule.every == 0):
            return {}, []
        score = self.rule.score(model)
        better, enough = score.value > self.best_value, self.best_value - score.error
        kept = score.value > enough or (score.value == enough and score.tie_break >= self.best_tie)
        if not score.copying and kept:
            self.best, self.best_step, self.best_tie = model, step, score.tie_break
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
        seen = {"held_out": score.value}
        if score.copying is not None:
            seen["repeats"] = float(score.copying)
        return seen, events

    def _copied(self) -> str:
        before = f"the best before is of step {self.best_step:,}"
        return (
            "generated rows repeat training rows, which held-out rows show: states that do are not "
            f"kept ({'none before did not' if self.best is None else before})"
        )

    def chosen(self, model: Any, step: int) -> tuple[Any, int]:
        """Return the model that is kept and its step, given those of the last good state."""
        return (model, step) if self.best is None else (self.best, self.best_step)
