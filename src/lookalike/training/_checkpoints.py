"""Selection of the state that a run keeps: the last one, or the best on held-out rows."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from lookalike.training._history import Event

__all__ = ["CheckpointScore", "Checkpointer", "EarlyStopping"]


class CheckpointScore(NamedTuple):
    """The validation score of a model on held-out rows.

    Parameters
    ----------
    value : float
        The score; higher is better.
    copying : bool or None
        Whether its rows repeat training rows; such a model is kept only if all scored ones do.
        None if they were not compared.
    error : float
        The standard error of `value`: of states within it, the later is kept.
    tie_break : float
        A second score, by which states are compared that differ by exactly `error`.
    """

    value: float
    copying: bool | None = None
    error: float = 0.0
    tie_break: float = 0.0


@dataclass(frozen=True)
class EarlyStopping:
    """Early stopping by a score on held-out rows, which selects the best model.

    Parameters
    ----------
    score : callable
        From a model to a `CheckpointScore`, computed on held-out rows.
    every : int
        The number of intervals between scores.
    patience : int
        The number of successive scores without improvement, beyond their error, after which
        training stops.
    """

    score: Callable[[Any], CheckpointScore]
    every: int
    patience: int


class Checkpointer:
    """Keeps the best model scored by an `EarlyStopping`, or the last one without it."""

    def __init__(self, rule: EarlyStopping | None) -> None:
        self.rule = rule
        self.best: Any = None
        self.best_step = 0
        self.best_value = self.best_tie = -math.inf
        self.intervals = 0
        self.failures = 0
        self.copied = False

    def begin(self) -> None:
        """Reset the patience for another attempt, but keep the best model."""
        self.failures = 0

    @property
    def exhausted(self) -> bool:
        """True if scores have not improved for too long."""
        return self.rule is not None and self.failures >= self.rule.patience

    def update(self, model: Any, step: int, *, last: bool) -> tuple[dict[str, float], list[Event]]:
        """Score a model if scheduled; return the measures and events to record."""
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
            words = "every scored state repeats training rows: the last is kept nevertheless"
            events.append(Event(step, "copying", words))
        seen = {"held_out": score.value}
        if score.copying is not None:
            seen["repeats"] = float(score.copying)
        return seen, events

    def _copied(self) -> str:
        before = f"the best earlier state is that of step {self.best_step:,}"
        return (
            "generated rows repeat training rows, by comparison with held-out rows: such states "
            f"are not kept ({'there is no other so far' if self.best is None else before})"
        )

    def chosen(self, model: Any, step: int) -> tuple[Any, int]:
        """Return the selected model and its step, given those of the last good state."""
        return (model, step) if self.best is None else (self.best, self.best_step)
