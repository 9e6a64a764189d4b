"""The training loop: intervals of compiled steps, watched from outside, mended where need be."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import jax
import numpy as np
from threadpoolctl import threadpool_limits

from lookalike._core.errors import TrainingError
from lookalike.nn import Network
from lookalike.training._alarm import USELESS, Alarm
from lookalike.training._game import CHUNK, MEASURES, Data, Game, TrainState
from lookalike.training._history import Event, History
from lookalike.training._keeper import Keeper, Selection
from lookalike.training._remedies import LADDER, Remedy, next_attempt
from lookalike.training._watch import Watch
from lookalike.training.monitors import Monitor
from lookalike.training.strategies import Cosine, Player, Run, Strategy

__all__ = ["Course", "Outcome", "train"]


@dataclass(frozen=True)
class Course:
    """How long a run is, and how it is watched and steered.

    Parameters
    ----------
    steps : int
        How many steps to play.
    interval : int
        Steps between two rows of the history, rounded up to whole rounds of ``penalty_every``.
    look_every : int
        Intervals between two looks of the monitors, where a look costs much beside a step.
    until : int or None
        The step after which it ends, if sooner; schedules are those of the whole.
    rates : tuple of float
        The generator's and the discriminator's learning rate.
    strategies : tuple of Strategy
        How those change, in the same order.
    held_back : int
        For so many steps the generator waits, so that an untrained discriminator meets a trained
        generator without harm.
    monitors : sequence of Monitor
        What looks at the players between intervals.
    remedies : bool
        Whether a run that goes wrong is mended; if not, it goes on (and stops where losses are not
        finite).
    selection : Selection or None
        Chooses the state that is kept; None keeps the last.
    """

    steps: int
    interval: int
    look_every: int = 1
    until: int | None = None
    rates: tuple[float, float] = (1e-3, 1e-3)
    strategies: tuple[Strategy, Strategy] = field(default_factory=lambda: (Cosine(), Cosine()))
    held_back: int = 0
    monitors: Sequence[Monitor] = ()
    remedies: bool = False
    selection: Selection | None = None

    @property
    def end(self) -> int:
        """The step after which the run ends."""
        return self.steps if self.until is None else min(self.until, self.steps)


class Outcome(NamedTuple):
    """What a run leaves behind.

    Parameters
    ----------
    generator : Network
        The kept one: a moving average.
    history : History
    game : Game
        The rules that were played last; remedies change them.
    step : int
        The step at which the kept generator stood.
    discriminator : Network
        The last good one.
    """

    generator: Network
    history: History
    game: Game
    step: int
    discriminator: Network


#: Called after every interval with the step and the measures.
Report = Callable[[int, dict[str, float]], None]
#: Called after every interval with the step and the averaged generator.
Onlooker = Callable[[int, Network], None]


def train(
    game: Game,
    data: Data,
    seed: int,
    course: Course,
    *,
    held_out: Data | None = None,
    start: TrainState | None = None,
    report: Report | None = None,
    onlooker: Onlooker | None = None,
) -> Outcome:
    """Train a generator and return its moving average with what happened.

    An interrupt (Ctrl-C) ends the run with the last good state. Where losses are not finite, the
    generator collapses or the run diverges, the run goes back to its last good state and the next
    remedy of `LADDER` is applied. After the last remedy it goes on to its end, as long as losses
    are finite.

    Parameters
    ----------
    game : Game
    data : Data
    seed : int
    course : Course
    held_out : Data, optional
        Rows that do not train, for monitors to compare with.
    start : TrainState, optional
        Where to start; by default with untrained networks.
    report : callable, optional
        Called with the step and the measures of every interval.
    onlooker : callable, optional
        Called with the step and the averaged generator after every interval.

    Returns
    -------
    Outcome

    Raises
    ------
    KeyboardInterrupt
        If the interrupt came before the first interval was finished.
    TrainingError
        If the losses were not finite from the first interval on, or if no remedy helped and the
        rows reach next to nothing.
    """
    started = time.perf_counter()
    # The threads of BLAS wait in busy loops after a look, and would take cores away from the steps.
    with threadpool_limits(1):
        run = _Training(game, data, seed, course, held_out, start)
        try:
            while run.goes_on:
                measures = run.play()
                if measures is not None:
                    if report is not None:
                        report(run.step, measures)
                    if onlooker is not None:
                        onlooker(run.step, run.state.average)
        except KeyboardInterrupt:
            if not run.history.rows:
                raise
            run.stop(f"interrupted after step {run.step:,}", cut_short=True)
            run.history.interrupted = True
    run.history.monitor_seconds = run.watch.seconds
    run.history.training_seconds = time.perf_counter() - started
    return run.outcome()


class _Good(NamedTuple):
    """Where a run can go back to, and how far its rows were from real ones."""

    state: TrainState
    step: int
    rates: tuple[Run, Run]
    far: float = math.inf


class _Training:
    """One run: its state, what watches it, and what it remembers to go back to."""

    def __init__(
        self,
        game: Game,
        data: Data,
        seed: int,
        course: Course,
        held_out: Data | None,
        start: TrainState | None,
    ) -> None:
        self.game, self.data, self.seed, self.course = game, data, seed, course
        self.warm = start is not None
        self.state = game.begin(seed) if start is None else start
        self.step = 0
        self.attempt = 0
        self.rates = self._begin_rates()
        self.keeper = Keeper(course.selection)
        self.alarm = Alarm(course.steps)
        #: What share of real rows the state that is kept reached.
        self.kept_reach = 1.0
        self.watch = Watch(
            course.monitors, game, data, held_out, seed, self.state, every=course.look_every
        )
        self.good = self._good()
        self.history = History(stopped=f"all {course.end:,} steps were played")
        self.stopped = False

    def _begin_rates(self) -> tuple[Run, Run]:
        def begin(k: int, player: Player) -> Run:
            return self.course.strategies[k].begin(
                self.course.rates[k],
                self.course.steps,
                player,
                self.game.batch_size,
                self.game.objective.ideal,
            )

        return begin(0, "generator"), begin(1, "discriminator")

    @property
    def goes_on(self) -> bool:
        return not self.stopped and self.step < self.course.end

    def play(self) -> dict[str, float] | None:
        """Play one interval; return its measures, or None if the run went wrong in it."""
        every = self.game.penalty_every
        interval = self.course.interval + -self.course.interval % every
        count = min(interval, self.course.end - self.step)
        state, measures = self._advance(count)
        step = self.step + count
        finite = bool(np.isfinite([measures[name] for name in MEASURES]).all())
        if finite:
            measures |= self.watch.look(state, step, self.course.end, measures)
        wrong = None
        if self.course.remedies or not finite:
            wrong = self.alarm.hear(step, measures, last=step >= self.course.end)
        # When all has been tried, rows that do not reach everything are better than none.
        if wrong is not None and not (finite and self.attempt == len(LADDER)):
            self._go_back(wrong, step, measures)
            return None
        self._accept(state, step, measures)
        return measures

    def _advance(self, count: int) -> tuple[TrainState, dict[str, float]]:
        """Play steps in chunks that hold whole rounds of penalties."""
        chunk = CHUNK - CHUNK % self.game.penalty_every or count
        state, sums, done = self.state, np.zeros(len(MEASURES)), 0
        while done < count:
            part = min(chunk, count - done)
            first = self.step + done
            generator, discriminator = (run.rates(first, part) for run in self.rates)
            waiting = np.arange(first, first + part) < self.course.held_back
            rates = (np.where(waiting, 0, generator), discriminator)
            state, means = self.game.advance(state, self.data, self.seed, rates)
            sums += part * np.asarray(means, float)
            done += part
        return state, dict(zip(MEASURES, (sums / count).tolist(), strict=True))

    def _accept(self, state: TrainState, step: int, measures: dict[str, float]) -> None:
        self.state, self.step = state, step
        last = step >= self.course.end
        before = self.keeper.best
        seen, events = self.keeper.look(state, step, last=last)
        if self.keeper.best is not before:
            self.kept_reach = self.alarm.reach
        measures |= seen
        if self.attempt:
            measures["attempt"] = float(self.attempt)
        for player, run in zip(("generator", "discriminator"), self.rates, strict=True):
            why = run.observe(step, measures)
            if why is not None:
                events.append(Event(step, "rate", f"{player}: {why}"))
        self.history.rows.append({"step": float(step), **measures})
        self.history.events.extend(events)
        # What cannot go back, or has nothing left to try, keeps what it has.
        final = not self.course.remedies or self.attempt == len(LADDER)
        unsure = self.watch.passed_over or measures.get("collapsed", 0.0) == 1
        far = measures.get("convergence", math.inf)
        # A run that comes nearer to its end raises no alarm, and keeps what it has then.
        if final or not unsure or (last and far < self.good.far):
            self.good = self._good()._replace(far=far)
        if self.keeper.exhausted:
            wrong = None if final else self.alarm.at_rest()
            if wrong is not None:
                self._go_back(f"{wrong}, and held-out rows showed no improvement", step)
                return
            self.stop(f"held-out rows showed no improvement up to step {step:,}")

    def _good(self) -> _Good:
        return _Good(self.state, self.step, deepcopy(self.rates))

    # --- when it goes wrong --------------------------------------------------------------------

    def _go_back(self, wrong: str, step: int, measures: dict[str, float] | None = None) -> None:
        """Return to the last good state and apply the next remedy, or end the run.

        What was measured is recorded, unless it has been.
        """
        exhausted = self.attempt == len(LADDER)
        if exhausted and self.good.step == 0 and self.keeper.best is None:
            raise _hopeless(f"{wrong} at step {step:,}, and no remedy helped")
        if exhausted or not self.course.remedies:
            if not self.history.rows:
                raise _hopeless("they were not from the first steps on")
            self.stop(f"{wrong} after step {self.step:,}", cut_short=True)
            return
        if measures is not None and np.isfinite(list(measures.values())).all():
            self.history.rows.append({"step": float(step), **measures})
        self.attempt = next_attempt(self.attempt, 1 - self.good.step / self.course.end)
        remedy = LADDER[self.attempt - 1]
        self.game = self.watch.game = remedy.change(self.game)
        self._apply(remedy)
        self.good = self._good()
        self.alarm.begin(self.step)
        self.keeper.begin()
        words = f"{wrong} at step {step:,}; back to step {self.step:,} with {remedy.name}"
        self.history.events.append(Event(step, "remedy", words))

    def _apply(self, remedy: Remedy) -> None:
        """Go back as far as a remedy asks, with its rates."""
        if remedy.afresh is None:
            self.state, self.step = self._restarted(), self.good.step
            self.rates = deepcopy(self.good.rates)
            self.rates[1].scale(remedy.discriminator_rate)
            return
        self.state, self.step = self.game.begin(self.seed + self.attempt), 0
        self.course = replace(self.course, rates=(remedy.afresh, remedy.afresh))
        self.rates = self._begin_rates()

    def _restarted(self) -> TrainState:
        """Return the last good state under the present rules, the optimisers beginning anew.

        From before the first interval untrained networks begin anew too: with other random numbers.
        """
        fresh = self.game.begin(self.seed + self.attempt)
        if self.good.step == 0 and not self.warm:
            return fresh
        before = self.good.state
        # Packs make the discriminator wider: then it begins anew.
        fits = _shapes(before.discriminator) == _shapes(fresh.discriminator)
        return fresh._replace(
            generator=before.generator,
            discriminator=before.discriminator if fits else fresh.discriminator,
            average=before.average,
            step=before.step,
        )

    def stop(self, why: str, *, cut_short: bool = False) -> None:
        """End the run and say why."""
        self.stopped = True
        self.history.stopped, self.history.cut_short = why, cut_short
        self.history.events.append(Event(self.step, "stop", why))

    def outcome(self) -> Outcome:
        kept = 0.0 if self.keeper.best is None else self.kept_reach
        if self.attempt == len(LADDER) and self.alarm.useless and kept < USELESS:
            raise _hopeless(f"rows reach next to nothing at step {self.step:,}: no remedy helped")
        # A state that reaches a part of the rows is better than networks that never trained.
        good = self.good if self.good.step > 0 else self._good()
        network, step = self.keeper.chosen(good.state, good.step)
        return Outcome(network, self.history, self.game, step, good.state.discriminator)


def _shapes(network: Network) -> list[tuple[int, ...]]:
    return [leaf.shape for leaf in jax.tree.leaves(network)]


def _hopeless(what: str) -> TrainingError:
    return TrainingError(
        f"Training needs losses that stay finite and rows that spread over the table; {what}. "
        "Lower learning_rate, raise the weight of penalty, or play another objective; "
        "remedies=False takes the run as it is."
    )
