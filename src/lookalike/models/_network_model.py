"""The fit of a synthesizer that is one network, trained by its loss on held-out rows."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, ClassVar, Protocol

from lookalike._core.parameters import AnyOf, Number, Rule
from lookalike._core.progress import progress
from lookalike.encoding import BlockSource, EncodedRows, Layout, Learned, SampledRows
from lookalike.models._base import Synthesizer
from lookalike.models._fit_network import interval_caller, train_on_split
from lookalike.models._request import Request
from lookalike.models._task import FitTask
from lookalike.models._weights import checked_width, leaves_of, stored
from lookalike.nn import Architecture, Marginals, Plan
from lookalike.refine import HoldOut, Refine
from lookalike.training import (
    AveragedTask,
    Data,
    EarlyStopping,
    TrainingPlan,
    TrainingResult,
    keep_compiled_programs,
    make_room_for_programs,
    train,
)

__all__ = ["NetworkModel"]

#: The number of steps for tables of at least so many rows; smaller ones take fewer.
_STEPS, _LARGE = 4_000, 10_000
#: The number of history rows of a run, and of scores without improvement that end it.
_INTERVALS, _PATIENCE = 40, 8


class _BlockMaker(Protocol):
    """Generates blocks of rows."""

    def block(self, seed: int, number: int, *, clipped: bool = True) -> SampledRows: ...


class NetworkModel(Synthesizer):
    """Base class of synthesizers whose networks share one loss, with a score on held-out rows.

    A subclass has the parameters of `_rules`, and implements `_task_of` and `_sampler`.
    """

    _rules: ClassVar[Mapping[str, Rule | Callable[[], Rule]]] = {
        "steps": AnyOf((Number(1, integer=True),), none=True),
        "batch_size": Number(1, 2**20, integer=True),
        "width": Number(1, 2**16, integer=True),
        "depth": Number(0, 256, integer=True),
        "learning_rate": Number(0, open_low=True),
        "held_out": AnyOf((Number(0, 0.9),), none=True),
    }

    steps: int | None
    batch_size: int
    width: int
    depth: int
    learning_rate: float
    progress: bool | None

    #: The trained network, and the marginals that it starts from.
    _model: Any
    _marginals: Marginals
    #: The widths of its hidden layers, as trained.
    _widths: tuple[int, ...]

    @abstractmethod
    def _task_of(
        self, plan: Plan, architecture: Architecture, marginals: Marginals, steps: int
    ) -> AveragedTask:
        """Return the training task for so many steps."""

    @abstractmethod
    def _sampler(self, model: Any) -> _BlockMaker:
        """Return the source of the rows of a network."""

    def _learned_layout(self, rows: EncodedRows, layout: Layout) -> Layout:  # noqa: ARG002
        """Return the layout of the rows that the network learns, and keep what leads to it.

        By default it is that of the table's rows.
        """
        return layout

    def _learned(self, rows: EncodedRows) -> EncodedRows:
        """Return rows in the layout that the network learns."""
        return rows

    def _fit(self, task: FitTask) -> None:
        keep_compiled_programs()
        make_room_for_programs()
        rows = task.split.all if task.split.refit else task.split.training
        plan = Plan(self._learned_layout(rows, task.layout))
        self._marginals = Marginals.of(self._learned(rows), plan)
        self._widths = (self.width,) * (self.depth + 1)
        steps = self._steps_for(len(task.rows.floats))
        learning = self._task_of(plan, self._architecture(), self._marginals, steps)
        outcome = train_on_split(task.split, partial(self._run, learning, task, steps))
        self._model, self.history_ = outcome.model, outcome.history
        self._trained_steps = outcome.step

    def _architecture(self) -> Architecture:
        return Architecture(self._widths, residual=True, activation="silu")

    def _run(
        self,
        learning: AveragedTask,
        task: FitTask,
        steps: int,
        rows: EncodedRows,
        split: HoldOut | None,
        stop_at: int | None,
    ) -> TrainingResult[AveragedTask]:
        """Train once from scratch."""
        plan = TrainingPlan(
            steps=steps,
            interval=-(-steps // _INTERVALS),
            stop_at=stop_at,
            rates={"network": self.learning_rate},
            early_stopping=None if split is None else self._early_stopping(learning, task, split),
        )
        title = "training" if stop_at is None else "retraining on all rows"
        with progress(title, plan.end, show=self.progress) as report:
            return train(
                learning,
                Data.of(self._learned(rows)),
                task.seed,
                plan,
                report=lambda step, measures: report(step, _shown(measures)),
                on_interval=interval_caller(
                    self, task, lambda model: partial(self._sampler(model).block, task.seed)
                ),
            )

    def _early_stopping(
        self, learning: AveragedTask, task: FitTask, split: HoldOut
    ) -> EarlyStopping | None:
        """Return the early stopping by the loss on held-out rows, or None if there are none."""
        if split.rows is None:
            return None
        score = learning.score(self._learned(split.rows), task.seed)
        return EarlyStopping(score, every=1, patience=_PATIENCE)

    def _steps_for(self, rows: int) -> int:
        """Return the number of training steps; small tables are learned in fewer."""
        if self.steps is not None:
            return self.steps
        share: float = min(1.0, rows / _LARGE) ** 0.25
        return round(_STEPS * share)

    def _source(self, request: Request) -> BlockSource:
        keep_compiled_programs()
        make_room_for_programs()
        clipped = not Refine.read(self._fitted_with["refine"]).calibrate
        return partial(self._sampler(self._model).block, request.seed, clipped=clipped)

    def _state(self) -> Learned:
        values = {"widths": list(self._widths)}
        arrays = leaves_of(self._model, "network") | leaves_of(self._marginals, "marginals")
        return Learned(values, arrays)

    def _restore(self, state: Learned, layout: Layout) -> None:
        keep_compiled_programs()
        plan = Plan(layout)
        widths = state.values.get("widths")
        self._widths = tuple(map(checked_width, widths if isinstance(widths, list) else [None]))
        self._marginals = stored(lambda: Marginals.none(plan), state, "marginals")
        task = self._task_of(plan, self._architecture(), self._marginals, 1)
        self._model = stored(lambda: task.model(task.begin(0)), state, "network")


def _shown(measures: Mapping[str, float]) -> dict[str, float]:
    """Return the measures of an interval for the progress line, under their short names."""
    short = {"loss_network": "loss", "held_out": "held out"}
    return {short[name]: value for name, value in measures.items() if name in short}
