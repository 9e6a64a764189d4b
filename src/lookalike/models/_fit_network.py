"""The steps around the training of a generative network: held-out rows, refit, callbacks."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import pyarrow as pa

from lookalike._core.errors import TrainingError
from lookalike.encoding import BlockSource, EncodedRows
from lookalike.models._task import FitTask
from lookalike.refine import HoldOut
from lookalike.training import Task, TrainingResult

if TYPE_CHECKING:
    from lookalike.models._base import Synthesizer

__all__ = ["interval_caller", "train_on_split"]

AnyTask = TypeVar("AnyTask", bound=Task)


class _TrainOnce(Protocol[AnyTask]):
    """Trains once: on rows, judged by a split if one is given, up to a step if one is given."""

    def __call__(
        self, rows: EncodedRows, split: HoldOut | None, stop_at: int | None, /
    ) -> TrainingResult[AnyTask]: ...


def train_on_split(split: HoldOut, run: _TrainOnce[AnyTask]) -> TrainingResult[AnyTask]:
    """Train with held-out rows, and retrain on all rows if the split provides for it.

    Parameters
    ----------
    split : HoldOut
    run : callable
        From training rows, the split that judges (None for none) and the step at which to stop
        (None for the last) to the result of training.
    """
    first = run(split.training, split, None)
    if not split.refit or first.history.cut_short:
        return first
    history = first.history
    try:
        again = run(split.all, None, first.step)
    except (KeyboardInterrupt, TrainingError) as error:
        reason = str(error) or "interrupted"
        history.cut_short = history.interrupted = isinstance(error, KeyboardInterrupt)
    else:
        history.training_seconds += again.history.training_seconds
        history.monitor_seconds += again.history.monitor_seconds
        if not again.history.cut_short:
            words = f"retrained on all rows for the best number of steps, {first.step:,}"
            history.add(first.step, "refit", words)
            history.events += [e for e in again.history.events if e.kind == "remedy"]
            return again._replace(history=history)
        reason, history.cut_short = again.history.stopped, True
        history.interrupted = again.history.interrupted
    # The first model is complete although it saw fewer rows; the retrained one is not.
    history.stopped = f"not retrained on all rows: {reason}"
    history.add(first.step, "stop", history.stopped)
    return first


def interval_caller(
    model: Synthesizer, task: FitTask, source_of: Callable[[Any], BlockSource]
) -> Callable[[int, Any], None] | None:
    """Return a function that passes every state to the caller's `on_interval`, if there is one.

    Parameters
    ----------
    model : Synthesizer
        The model that is being fitted.
    task : FitTask
    source_of : callable
        From a network to the source of its rows.
    """
    if task.on_interval is None:
        return None
    seed, on_interval = task.seed, task.on_interval

    def hand_over(step: int, network: Any) -> None:
        def sample(n: int) -> Any:
            source, blocks = source_of(network), range(-(-n // model.BLOCK))
            tables = [
                model.encoder_.decode(source(block), start=block * model.BLOCK, seed=seed)
                for block in blocks
            ]
            return model._given_back([pa.concat_tables(tables).slice(0, n)] if tables else [])

        on_interval(step, sample)

    return hand_over
