"""A GAN that learns a curve or a surface from points of it, and its accuracy."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from lookalike._core.parameters import AnyOf, Flag, Instance, Number, check_parameters
from lookalike._core.seeds import RandomState, as_seed, generator
from lookalike._core.tabular import Tabular
from lookalike.datasets.functions import Function
from lookalike.experiments._function_accuracy import FunctionAccuracy, FunctionMetric
from lookalike.tables import Kind

if TYPE_CHECKING:
    from lookalike.models import GAN

__all__ = [
    "FUNCTION_RECIPE",
    "FUNCTION_TARGETS",
    "FunctionRun",
    "FunctionSnapshot",
    "learn_function",
]

#: The parameters of a GAN for thin curves and surfaces, where they differ from those for tables.
FUNCTION_RECIPE: Mapping[str, Any] = MappingProxyType(
    {
        "steps": 30_000,
        "batch_size": 256,
        "latent_size": 2,
        "latent": "uniform",
        "width": 64,
        "depth": 3,
        "learning_rate": 3e-3,
        "penalty": {"name": "zero-centred", "weight": 0.02},
        "encodings": {"continuous": "standard"},
        "calibrate": False,
        "correct": False,
        "conditions": False,
        "derive": False,
        "held_out": 0.0,
        # During training some curves are reached in part only, and become whole without help:
        # measured on the step, where remedies take the run from where it would have arrived.
        "remedies": False,
    }
)
#: The targets: the error as a share of the range, and the share of cells reached.
FUNCTION_TARGETS = (0.03, 0.95)
#: Points of each snapshot.
_SNAPSHOT = 1_000
#: The columns of the reporting table, and their columns of the history.
_REPORT = {
    "D loss real": "loss_real",
    "D loss fake": "loss_fake",
    "G loss": "loss_generator",
    "D accuracy real": "accuracy_real",
    "D accuracy fake": "accuracy_fake",
    "G accuracy": "accuracy_generator",
    "diversity": "diversity",
    "mode collapse": "collapsed",
    "learning rate": "rate_generator",
    "D learning rate": "rate_discriminator",
    "convergence": "convergence",
}
_YES_NO = {0.0: "no", 1.0: "yes"}


@dataclass(frozen=True, eq=False)
class FunctionSnapshot:
    """The generated points of a function at one step of training.

    Parameters
    ----------
    step : int
    points : ndarray, shape (n, columns)
    """

    step: int
    points: np.ndarray


@dataclass(frozen=True, eq=False, repr=False)
class FunctionRun(Tabular):
    """A GAN that has learned a function, its points, and how close they are.

    Parameters
    ----------
    function : Function
    train, held_out, generated : pyarrow.Table
        Points of the function to learn from, others to measure by, and generated ones.
    accuracy, reference : FunctionAccuracy
        The accuracies of the generated points, and of the held-out ones: the effect of noise alone.
    snapshots : tuple of FunctionSnapshot
        Generated points through training, the last one at its end.
    model : GAN
    seconds : float
        The duration of training, wall clock.
    """

    _last_lines = True

    function: Function
    train: pa.Table
    held_out: pa.Table
    generated: pa.Table
    accuracy: FunctionAccuracy
    reference: FunctionAccuracy
    snapshots: tuple[FunctionSnapshot, ...]
    model: GAN
    seconds: float

    @property
    def reached(self) -> bool:
        """True where the error is at most 3 % of the range and 95 % of the domain are covered."""
        error, coverage = FUNCTION_TARGETS
        return self.accuracy.error <= error and self.accuracy.coverage >= coverage

    @property
    def answer(self) -> str:
        """The outcome in a sentence."""
        error, coverage = FUNCTION_TARGETS
        one_value = self.function.explicit and not self.function.jumps
        return (
            f"The {'value' if one_value else 'place'} of {self.generated.num_rows:,} generated "
            f"points is off by {100 * self.accuracy.error:.2f} % of the range (RMSE), and they "
            f"reach {100 * self.accuracy.coverage:.0f} % of the domain, after {self.seconds:.0f} "
            f"s: the target of {100 * error:.0f} % and {100 * coverage:.0f} % is "
            f"{'reached' if self.reached else 'not reached'}."
        )

    @property
    def report(self) -> pa.Table:
        """The reporting table, a row for each interval of training.

        Epoch, step, the discriminator's losses and accuracies on real and generated points, the
        generator's, diversity, mode collapse (yes or no), the generator's and the discriminator's
        learning rate, convergence, and the points generated so far. What was not measured is
        missing.
        """
        rows = self.model.history_.rows
        batch = self.model.rows_per_step(self.train.num_rows)
        steps = [int(row["step"]) for row in rows]
        columns: dict[str, list[Any]] = {
            "epoch": [step * batch / self.train.num_rows for step in steps],
            "step": steps,
        }
        for name, measure in _REPORT.items():
            columns[name] = [row.get(measure) for row in rows]
        columns["mode collapse"] = [_YES_NO.get(value) for value in columns["mode collapse"]]
        columns["points generated"] = [step * batch for step in steps]
        return pa.table(columns)

    def __repr__(self) -> str:
        return self.answer

    def _headline(self) -> str:
        return self.answer

    def _frame_columns(self) -> Mapping[str, Any]:
        return {name: self.report[name].combine_chunks() for name in self.report.column_names}


def learn_function(
    function: Function,
    *,
    points: int = 2_000,
    noise: float = 0.0,
    synthesizer: GAN | None = None,
    random_state: RandomState = 0,
    progress: bool | None = None,
) -> FunctionRun:
    """Let a GAN learn a function from points of it, and measure how close it comes.

    Parameters
    ----------
    function : Function
        From `lookalike.datasets.functions`.
    points : int
        The number of points to learn from; also of those held out, and of those generated.
    noise : float
        The standard deviation of noise on the points, as a share of the range.
    synthesizer : GAN, optional
        The model that learns; a GAN with `FUNCTION_RECIPE` if not given. A copy of it is fitted.
    random_state : int, Generator, RandomState or None
        The seed of the points, and of training where the synthesizer has none of its own.
    progress : bool or None
        True or False to show progress on standard error or not; by default it is shown
        where it is watched: in a terminal and in a notebook.

    Returns
    -------
    FunctionRun

    Raises
    ------
    ParameterError
        If a parameter breaks its rule, or the function is not finite within its ranges.

    Examples
    --------
    >>> from lookalike.datasets.functions import FUNCTIONS
    >>> from lookalike.models import GAN
    >>> short = GAN().set_params(**{**FUNCTION_RECIPE, "steps": 8, "width": 16, "depth": 1})
    >>> run = learn_function(FUNCTIONS["circle"], points=64, synthesizer=short)
    >>> run.generated.column_names
    ['x', 'y']
    """
    _check(function, points, noise, synthesizer, progress)
    seed = as_seed(random_state)
    train, held_out = (
        function.draw(points, generator(seed, "function", part), noise=noise)
        for part in ("train", "held out")
    )
    model = _model(synthesizer, seed, progress)
    snapshots: list[FunctionSnapshot] = []

    def keep(step: int, sample: Callable[[int], Any]) -> None:
        # Where training goes back, or is repeated with all points, later snapshots are void.
        while snapshots and snapshots[-1].step >= step:
            snapshots.pop()
        snapshots.append(FunctionSnapshot(step, _array(sample(_SNAPSHOT), function)))

    begin = time.perf_counter()
    kinds = dict.fromkeys(function.names, Kind.CONTINUOUS)
    model.fit(train, kinds=kinds, on_interval=keep)
    seconds = time.perf_counter() - begin
    generated = model.sample(points)
    metric, known = FunctionMetric(function), _array(held_out, function)
    return FunctionRun(
        function,
        train,
        held_out,
        generated,
        metric.measure(_array(generated, function), known),
        metric.measure(known, known),
        (*snapshots, FunctionSnapshot(_last(model), _array(model.sample(_SNAPSHOT), function))),
        model,
        seconds,
    )


def _check(
    function: Function, points: int, noise: float, synthesizer: GAN | None, progress: bool | None
) -> None:
    from lookalike.models.gan import GAN  # noqa: PLC0415 - it loads JAX

    rules = {
        "function": Instance((Function,), "a Function, such as make_function('spiral')"),
        "points": Number(10, 10_000_000, integer=True),
        "noise": Number(0, 10),
        "synthesizer": Instance((GAN,), "a GAN", optional=True),
        "progress": AnyOf((Flag(),), none=True),
    }
    values = {
        "function": function,
        "points": points,
        "noise": noise,
        "synthesizer": synthesizer,
        "progress": progress,
    }
    check_parameters("learn_function", rules, values)


def _model(synthesizer: GAN | None, seed: int, progress: bool | None) -> GAN:
    """Return the unfitted model, with a seed."""
    from sklearn.base import clone  # noqa: PLC0415 - it is slow to import

    from lookalike.models import GAN  # noqa: PLC0415 - it loads JAX

    model: GAN = GAN().set_params(**FUNCTION_RECIPE) if synthesizer is None else clone(synthesizer)
    if model.random_state is None:
        model.set_params(random_state=as_seed(generator(seed, "train")))
    model.set_params(progress=model.progress if progress is None else progress)
    return model


def _array(table: pa.Table, function: Function) -> np.ndarray:
    return np.column_stack([table[name].to_numpy() for name in function.names])


def _last(model: GAN) -> int:
    return int(model.history_.rows[-1]["step"]) if model.history_.rows else 0
