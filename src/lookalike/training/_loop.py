"""The training loop: intervals of compiled steps, watched from outside."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from lookalike._core.errors import TrainingError
from lookalike.nn import ResidualMLP
from lookalike.training._game import MEASURES, Data, Game, State
from lookalike.training._history import History

__all__ = ["Selection", "train"]


@dataclass(frozen=True)
class Selection:
    """Keeps the best generator by a score on held-out rows, and stops when it no longer improves.

    Parameters
    ----------
    score : callable
        From a generator to a number, higher is better, computed on rows that do not train.
    every : int
        Intervals between two scores.
    patience : int
        Scores without improvement after which training stops.
    """

    score: Callable[[ResidualMLP], float]
    every: int
    patience: int


def train(
    game: Game,
    data: Data,
    seed: int,
    *,
    steps: int,
    interval: int,
    selection: Selection | None = None,
    report: Callable[[int, dict[str, float]], None] | None = None,
) -> tuple[ResidualMLP, History]:
    """Train a generator and return its moving average with what happened.

    An interrupt (Ctrl-C) or a loss that is no longer finite ends the run with the last good state.

    Parameters
    ----------
    game : Game
    data : Data
    seed : int
    steps : int
        How many steps to play.
    interval : int
        Steps between two rows of the history, rounded up to whole rounds of ``penalty_every``.
    selection : Selection, optional
        Chooses the state that is kept; None keeps the last.
    report : callable, optional
        Called with the step and the measures of every interval.

    Returns
    -------
    ResidualMLP
        The kept generator.
    History

    Raises
    ------
    KeyboardInterrupt
        If the interrupt came before the first interval was finished.
    TrainingError
        If the losses were not finite from the first interval on.
    """
    history = History(stopped=f"all {steps:,} steps were played")
    state = good = game.begin(seed)
    interval += -interval % game.penalty_every
    keeper = _Keeper(selection)
    done = 0
    try:
        while done < steps:
            count = min(interval, steps - done)
            state, means = game.advance(state, data, seed, count, steps)
            measures = dict(zip(MEASURES, np.asarray(means, float).tolist(), strict=True))
            if not all(math.isfinite(value) for value in measures.values()):
                history.stopped = f"the losses were not finite after step {done:,}"
                history.cut_short = True
                break
            good, done = state, done + count
            measures |= keeper.look(good, last=done == steps)
            history.rows.append({"step": float(done), **measures})
            if report is not None:
                report(done, measures)
            if keeper.exhausted:
                history.stopped = f"held-out rows showed no improvement up to step {done:,}"
                break
    except KeyboardInterrupt:
        if not history.rows:
            raise
        history.stopped = f"interrupted after step {done:,}"
        history.cut_short = True
    if not history.rows:
        raise TrainingError(
            "Training needs finite losses; they were not from the first steps on. "
            "Lower learning_rate or raise penalty."
        )
    return keeper.chosen(good), history


class _Keeper:
    """Remembers the best generator seen by a `Selection`."""

    def __init__(self, selection: Selection | None) -> None:
        self.selection = selection
        self.best: ResidualMLP | None = None
        self.best_score = -math.inf
        self.intervals = 0
        self.failures = 0

    @property
    def exhausted(self) -> bool:
        return self.selection is not None and self.failures >= self.selection.patience

    def look(self, state: State, *, last: bool) -> dict[str, float]:
        self.intervals += 1
        if self.selection is None or not (last or self.intervals % self.selection.every == 0):
            return {}
        score = self.selection.score(state.average)
        if score > self.best_score:
            self.best, self.best_score, self.failures = state.average, score, 0
        else:
            self.failures += 1
        return {"held_out": score}

    def chosen(self, state: State) -> ResidualMLP:
        return state.average if self.best is None else self.best
