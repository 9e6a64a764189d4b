"""The training loop: intervals of compiled steps, monitored, and with remedies for failures."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from typing import Any, Generic, NamedTuple, TypeVar

import numpy as np

from lookalike._core.errors import ParameterError, TrainingError
from lookalike._core.seeds import derive_seed
from lookalike._core.workers import on_one_core
from lookalike.training._checkpoints import Checkpointer, EarlyStopping
from lookalike.training._failures import USELESS, FailureDetector
from lookalike.training._history import Event, History
from lookalike.training._monitoring import MonitorRunner
from lookalike.training._task import CHUNK, Remedy, Task
from lookalike.training.monitors import Monitor
from lookalike.training.strategies import STRATEGIES, Run, RunSetting, Strategy

__all__ = ["TrainingPlan", "TrainingResult", "train"]

#: The default learning rate of an optimiser, and its default schedule.
_RATE, _STRATEGY = 1e-3, STRATEGIES.create("cosine")
#: The minimum share of the run that must remain for a remedy that continues it to show its effect.
_ENOUGH = 0.2


@dataclass(frozen=True)
class TrainingPlan:
    """The length of a run, its learning rates, monitors, remedies and early stopping.

    Parameters
    ----------
    steps : int
        The number of steps.
    interval : int
        The number of steps between two rows of the history, rounded up to whole rounds of the task.
    monitor_every : int
        The number of intervals between measurements of the monitors, which may be costly.
    stop_at : int or None
        The step after which the run ends early; schedules are those of all `steps`.
    rates : mapping of str to float
        Learning rates by the names of the task's optimisers; 0.001 by default.
    strategies : mapping of str to Strategy
        Learning-rate schedules by the same names; a cosine by default.
    delays : mapping of str to int
        The number of first steps in which an optimiser makes no updates, by the same names: a
        trained generator waits for an untrained discriminator.
    monitors : sequence of Monitor
        The monitors that measure the models between intervals.
    remedies : sequence of Remedy
        The remedies that are tried, one after the other, if the run fails. Without any, a failing
        run continues, unless losses are not finite.
    early_stopping : EarlyStopping or None
        Selects the state that is kept; None keeps the last.
    """

    steps: int
    interval: int
    monitor_every: int = 1
    stop_at: int | None = None
    rates: Mapping[str, float] = field(default_factory=dict)
    strategies: Mapping[str, Strategy] = field(default_factory=dict)
    delays: Mapping[str, int] = field(default_factory=dict)
    monitors: Sequence[Monitor] = ()
    remedies: Sequence[Remedy] = ()
    early_stopping: EarlyStopping | None = None

    @property
    def end(self) -> int:
        """The step after which the run ends."""
        return self.steps if self.stop_at is None else min(self.stop_at, self.steps)

    def begin(self, task: Task) -> dict[str, Run]:
        """Start the learning-rate schedule of each optimiser.

        Parameters
        ----------
        task : Task

        Raises
        ------
        ParameterError
            If the plan names an optimiser that the task does not have.
        """
        unknown = {*self.rates, *self.strategies, *self.delays}.difference(task.optimisers)
        if unknown:
            raise ParameterError(
                "Rates, strategies and delays must be of optimisers of the task, "
                f"{', '.join(map(repr, task.optimisers))}; "
                f"got {', '.join(map(repr, sorted(unknown)))}."
            )
        return {
            name: self.strategies.get(name, _STRATEGY).begin(
                RunSetting(
                    self.rates.get(name, _RATE), self.steps, name, task.batch_size, task.ideal
                )
            )
            for name in task.optimisers
        }


TaskT = TypeVar("TaskT", bound=Task)


class TrainingResult(NamedTuple, Generic[TaskT]):
    """The result of a training run.

    Parameters
    ----------
    model : pytree
        The selected model, as `Task.model` returns it.
    history : History
    task : Task
        The task that was trained last; remedies change it.
    step : int
        The step of the selected model.
    state : NamedTuple
        The last good state.
    """

    model: Any
    history: History
    task: TaskT
    step: int
    state: Any


def train(
    task: TaskT,
    data: Any,
    seed: int,
    plan: TrainingPlan,
    *,
    held_out: Any = None,
    start: Any = None,
    report: Callable[[int, dict[str, float]], None] | None = None,
    on_interval: Callable[[int, Any], None] | None = None,
) -> TrainingResult[TaskT]:
    """Train the networks of a task and return its model with the history.

    An interrupt (Ctrl-C) ends the run with the last good state. If losses are not finite, the
    generator collapses or the run diverges, the run is rolled back to its last good state and the
    next remedy of the plan is applied. After the last remedy it continues to its end, as long as
    losses are finite.

    Parameters
    ----------
    task : Task
    data : pytree of arrays
        The training data; for a `GenerativeTask` a `Data`.
    seed : int
    plan : TrainingPlan
    held_out : Data, optional
        Held-out rows, with which monitors compare.
    start : NamedTuple, optional
        The initial state of the task; by default one with untrained networks.
    report : callable, optional
        Called with the step and the measures of every interval.
    on_interval : callable, optional
        Called with the step and the current model after every interval.

    Returns
    -------
    TrainingResult

    Raises
    ------
    KeyboardInterrupt
        If the interrupt came before the first interval was finished.
    ParameterError
        If the plan names an optimiser that the task does not have.
    TrainingError
        If the losses were not finite from the first interval on, or if no remedy helped and the
        rows have hardly any coverage.
    """
    started = time.perf_counter()
    # After a measurement the threads of BLAS wait in busy loops, which would slow down training.
    with on_one_core():
        run = _TrainingRun(task, data, seed, plan, held_out, start)
        try:
            while run.goes_on:
                measures = run.play()
                if measures is not None:
                    if report is not None:
                        report(run.step, measures)
                    if on_interval is not None:
                        on_interval(run.step, task.model(run.state))
        except KeyboardInterrupt:
            if not run.history.rows:
                raise
            run.stop(f"interrupted after step {run.step:,}", cut_short=True)
            run.history.interrupted = True
    run.history.monitor_seconds = run.monitors.seconds
    run.history.training_seconds = time.perf_counter() - started
    return run.result()


class _Good(NamedTuple):
    """A state to which a run can go back, and the distance of its rows from real ones."""

    state: Any
    step: int
    rates: dict[str, Run]
    far: float = math.inf


class _TrainingRun(Generic[TaskT]):
    """One run: its state, its monitors, and the state that it can go back to."""

    def __init__(
        self,
        task: TaskT,
        data: Any,
        seed: int,
        plan: TrainingPlan,
        held_out: Any,
        start: Any,
    ) -> None:
        self.task, self.data, self.seed, self.plan = task, data, seed, plan
        self.warm = start is not None
        self.rates = plan.begin(task)
        self.state = task.begin(seed) if start is None else start
        self.step = 0
        self.attempt = 0
        self.checkpoints = Checkpointer(plan.early_stopping)
        self.failures = FailureDetector(plan.steps)
        #: The coverage of the state that is kept.
        self.kept_reach = 1.0
        self.monitors = MonitorRunner(
            plan.monitors, task, data, held_out, seed, self.state, every=plan.monitor_every
        )
        self.good = self._good()
        self.history = History(
            stopped=f"all {plan.end:,} steps were completed", optimisers=task.optimisers
        )
        self.stopped = False

    @property
    def goes_on(self) -> bool:
        return not self.stopped and self.step < self.plan.end

    @property
    def final(self) -> bool:
        """True if all remedies have been tried."""
        return self.attempt == len(self.plan.remedies)

    def play(self) -> dict[str, float] | None:
        """Train for one interval; return its measures, or None if the run failed in it."""
        interval = self.plan.interval + -self.plan.interval % self.task.round_steps
        count = min(interval, self.plan.end - self.step)
        state, measures = self._advance(count)
        step = self.step + count
        last = step >= self.plan.end
        finite = bool(np.isfinite(list(measures.values())).all())
        if finite:
            measures |= self.monitors.measure(state, step, self.plan.end, measures)
        wrong = None
        if self.plan.remedies or not finite:
            wrong = self.failures.update(step, measures, last=last)
        # After the last remedy, rows with partial coverage are better than none.
        if wrong is not None and not (finite and self.final):
            self._go_back(wrong, step, measures)
            return None
        self._accept(state, step, measures)
        return measures

    def _advance(self, count: int) -> tuple[Any, dict[str, float]]:
        """Train for some steps in chunks that hold whole rounds."""
        chunk = CHUNK - CHUNK % self.task.round_steps or count
        state, names = self.state, self.task.measures
        sums, paid, done = np.zeros(len(names)), dict.fromkeys(self.rates, 0.0), 0
        while done < count:
            part = min(chunk, count - done)
            rates = self._rates(self.step + done, part)
            state, means = self.task.advance(state, self.data, self.seed, rates)
            sums += part * np.asarray(means, float)
            paid = {name: paid[name] + float(rates[name].sum()) for name in paid}
            done += part
        measures = dict(zip(names, (sums / count).tolist(), strict=True))
        for name, total in paid.items():
            measures.setdefault(f"rate_{name}", total / count)
        return state, measures

    def _rates(self, first: int, count: int) -> dict[str, np.ndarray]:
        """Return the rate of each optimiser at some steps; 0 while it waits."""
        steps = np.arange(first, first + count)
        return {
            name: np.where(steps < self.plan.delays.get(name, 0), 0, run.rates(first, count))
            for name, run in self.rates.items()
        }

    def _accept(self, state: Any, step: int, measures: dict[str, float]) -> None:
        self.state, self.step = state, step
        last = step >= self.plan.end
        before = self.checkpoints.best
        seen, events = self.checkpoints.update(self.task.model(state), step, last=last)
        if self.checkpoints.best is not before:
            self.kept_reach = self.failures.reach
        measures |= seen
        if self.attempt:
            measures["attempt"] = float(self.attempt)
        for name, run in self.rates.items():
            why = run.observe(step, measures)
            if why is not None:
                events.append(Event(step, "rate", f"{name}: {why}"))
        self.history.record(step, measures)
        self.history.record_events(events)
        unsure = self.monitors.passed_over or measures.get("collapsed", 0.0) == 1
        far = measures.get("convergence", math.inf)
        # Keep this state as good if there is no going back, if it is known not to have collapsed,
        # or if it is the last and nearer to real rows than the one before.
        if self.final or not unsure or (last and far < self.good.far):
            self.good = self._good()._replace(far=far)
        if self.checkpoints.exhausted:
            wrong = None if self.final else self.failures.at_rest()
            if wrong is not None:
                self._go_back(f"{wrong}, and held-out rows showed no improvement", step)
                return
            self.stop(f"held-out rows showed no improvement up to step {step:,}")

    def _good(self) -> _Good:
        return _Good(self.state, self.step, deepcopy(self.rates))

    # --- failures ------------------------------------------------------------------------------

    def _go_back(self, wrong: str, step: int, measures: dict[str, float] | None = None) -> None:
        """Return to the last good state and apply the next remedy, or end the run.

        Measures that have not been recorded yet are added to the history.
        """
        if self.final:
            if self.good.step == 0 and self.checkpoints.best is None:
                tried = "and no remedy helped" if self.attempt else "from the first steps on"
                raise self._hopeless(f"{wrong} at step {step:,}, {tried}")
            self.stop(f"{wrong} after step {self.step:,}", cut_short=True)
            return
        if measures is not None and np.isfinite(list(measures.values())).all():
            self.history.record(step, measures)
        left = 1 - self.good.step / self.plan.end
        self.attempt = _next_attempt(self.attempt, len(self.plan.remedies), left)
        remedy = self.plan.remedies[self.attempt - 1]
        self.task = self.monitors.task = remedy.change(self.task)
        self._apply(remedy)
        self.good = self._good()
        self.failures.begin(self.step)
        self.checkpoints.begin()
        words = f"{wrong} at step {step:,}; back to step {self.step:,} with {remedy.name}"
        self.history.events.append(Event(step, "remedy", words))

    def _apply(self, remedy: Remedy) -> None:
        """Restore the state and the rates from which a remedy starts."""
        fresh = self.task.begin(derive_seed(self.seed, "attempt", self.attempt))
        if remedy.restart_rate is not None:
            self.state, self.step = fresh, 0
            rates = dict.fromkeys(self.task.optimisers, remedy.restart_rate)
            self.plan = replace(self.plan, rates=rates)
            self.rates = self.plan.begin(self.task)
            return
        # Before the first good interval, untrained networks are initialised with another seed.
        untrained = self.good.step == 0 and not self.warm
        self.state = fresh if untrained else self.task.resume(self.good.state, fresh)
        self.step, self.rates = self.good.step, deepcopy(self.good.rates)
        for name, factor in remedy.scales.items():
            self.rates[name].scale(factor)

    def stop(self, why: str, *, cut_short: bool = False) -> None:
        """End the run and record the reason."""
        self.stopped = True
        self.history.stopped, self.history.cut_short = why, cut_short
        self.history.events.append(Event(self.step, "stop", why))

    def result(self) -> TrainingResult[TaskT]:
        """Return the selected model, or raise if it is useless."""
        kept = 0.0 if self.checkpoints.best is None else self.kept_reach
        if self.attempt and self.final and self.failures.useless and kept < USELESS:
            raise self._hopeless(
                f"rows have hardly any coverage at step {self.step:,}: no remedy helped"
            )
        # A state with partial coverage is better than untrained networks.
        good = self.good if self.good.step > 0 else self._good()
        model, step = self.checkpoints.chosen(self.task.model(good.state), good.step)
        return TrainingResult(model, self.history, self.task, step, good.state)

    def _hopeless(self, what: str) -> TrainingError:
        return TrainingError(
            "Training must keep losses finite, and generated rows must cover the table; "
            f"{what}. {self.task.advice}"
        )


def _next_attempt(attempt: int, remedies: int, left: float) -> int:
    """Return the number of the next remedy; that of the last if little of the run remains."""
    return attempt + 1 if left >= _ENOUGH else remedies
