"""The generative adversarial network for tables."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, ClassVar, Self

import numpy as np

from lookalike._core.errors import TrainingError
from lookalike._core.parameters import AnyOf, Choice, Flag, Group, GroupOf, Instance, Number, Rule
from lookalike._core.progress import progress
from lookalike._core.seeds import RandomState
from lookalike.encoding import BlockSource, EncodedRows, Layout, Learned, SampledRows
from lookalike.models._base import Synthesizer
from lookalike.models._conditional_sampler import (
    ConditionalSampler,
    soften_logits,
    widen_inputs,
)
from lookalike.models._fit_network import interval_caller, train_on_split
from lookalike.models._generator import GeneratorSource
from lookalike.models._groups import Networks, Option, TrainingRules
from lookalike.models._recipe import STEPS, batch_of, game_of, make_plan, steps_of, width_of
from lookalike.models._request import BlockConditions, Request
from lookalike.models._task import FitTask
from lookalike.models._transfer import Transfer, transferred
from lookalike.models._weights import checked_width, leaves_of, network_of, taken
from lookalike.models.presets import find_preset
from lookalike.nn import (
    OBJECTIVES,
    Latent,
    Network,
    Objective,
    Plan,
)
from lookalike.refine import HoldOut, Refine
from lookalike.training import (
    Data,
    Game,
    TrainingResult,
    keep_compiled_programs,
    make_room_for_programs,
    train,
)
from lookalike.training.monitors import MONITORS

__all__ = ["GAN"]


#: Steps of the conditional generator, as a share of those of the first one, and the largest batch:
#: for many or rare conditions, more steps help more than larger batches.
_CONDITIONED = 0.3
_CONDITIONED_BATCH = 256
#: Its learning rates, as a multiple of those of the first.
_FASTER = 2.0
#: Measures on the progress line, and their short names there.
_SHOWN = {
    "loss_discriminator": "loss D",
    "loss_generator": "loss G",
    "rate_generator": "rate",
    "held_out": "held out",
}


class GAN(Synthesizer):
    """Generative adversarial network for tables of mixed types.

    By default, numbers are encoded by a randomised probability integral transform and categories
    one-hot. A residual generator and a residual discriminator are trained with the relativistic
    pairing loss and zero-centred gradient penalties (Huang et al. 2024, arXiv 2501.05441), and rows
    are sampled from the moving average of the generator. After training, marginals are calibrated,
    and boosted trees correct the joint distribution where that helps on held-out rows. Training is
    monitored, and a run that fails is rolled back and continued with a remedy.

    Every choice is a parameter. Those that few users change are grouped in `networks`, `training`
    and `refine`; `set_params` accepts them by their own names too. `preset` returns the settings of
    published systems.

    Parameters
    ----------
    budget : {"fast", "balanced", "best"}
        The training time, if neither `steps` nor `epochs` is given: about 1,200, 5,000 or 16,000
        steps, fewer for small tables and most for those of 5,000 to 20,000 rows.
    steps : int or None
        The number of training steps; overrides `budget`.
    epochs : int or None
        The number of passes through the table; overrides `budget`.
    batch_size : int or None
        The number of real rows, and of generated rows, in each step. None takes 1,024 for tables
        of 20,000 rows or more, 512 from 5,000 rows on, and 256 for smaller ones.
    objective : str, mapping or Objective
        The loss of both networks: "relativistic", "minimax", "non-saturating", "least-squares",
        "hinge", "wasserstein" or "kl"; or a mapping with that ``"name"`` and options, such as
        ``{"name": "non-saturating", "smoothing": 0.1}``.
    width : int or None
        The number of units in each hidden layer of the residual networks. None takes 256, or 128
        for tables of fewer than 2,000 rows.
    depth : int
        The number of residual layers after the first layer.
    learning_rate : float
        The peak learning rate of the generator.
    held_out : float or None
        The share of rows held out for validation: they select the best state and stop training
        early when it no longer improves. None holds out 10 % (at most 4,000 rows) of tables of more
        than 1,000 rows; 15 % of tables of 200 to 1,000 rows, after which the model is retrained on
        all rows for the best number of steps; and nothing of smaller ones. Calibration and the
        conditional generator use all rows.
    monitors : bool or sequence of str
        The monitors that measure training between intervals: True for the usual ones, False for
        none, or their names.
    conditions : bool
        Whether to train a second, conditional generator as well, initialised from the first. It
        generates rows that fulfil rare conditions (`sample` with ``given`` or ``balance``) and
        completes rows (`impute`). It adds up to 30 % to the training time and does not change
        ordinary rows. Without it, conditions must be fulfilled by at least 2 % of the ordinary
        rows, from which matching ones are then selected; and `impute` takes missing cells from
        similar generated rows, which is less accurate.
    remedies : bool
        Whether to recover from failures. A run that collapses, diverges, remains far from the real
        rows, is dominated by the discriminator or has losses that are not finite is rolled back to
        its last good state and continued with a remedy, recorded in ``history_.events``.
    networks : Networks, mapping or None
        Architectures and latent space, such as ``Networks(latent_size=16)``; None for the defaults.
    training : TrainingRules, mapping or None
        Learning rates, optimiser and regularisation, such as ``{"penalty": None}``; None for the
        defaults.
    refine : Refine, mapping or None
        Calibration and correction of the generated rows after training, such as
        ``Refine(correct=False)``; None for the defaults.
    derive : bool
        Whether columns that are functions of others are computed from them instead of learned.
    encodings : mapping of str to str, or None
        Encodings by column or by kind, such as ``{"continuous": "power"}``.
    min_category_count : int
        The minimum number of rows that must share a category, a number or a part of an identifier
        for the model to store it.
    text_placeholder : str or None
        The text that fills columns of free text; None leaves them missing.
    progress : bool or None
        True or False to show progress on standard error or not; by default it is shown
        where it is watched: in a terminal and in a notebook.
    random_state : int, Generator, RandomState or None
        The seed of training, and the default seed of sampling.

    Attributes
    ----------
    schema_ : Schema
        The kinds of the training table's columns and the relations between them.
    encoder_ : TableEncoder
        The fitted encoding of the table.
    history_ : History
        The measures and events of training.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from lookalike import GAN
    >>> table = pa.table({"x": [1.5, 2.25, 3.0, None] * 8, "c": ["a", "b", "a", "a"] * 8})
    >>> model = GAN(steps=4, width=8, random_state=0).fit(table)
    >>> model.sample(3).column_names
    ['x', 'c']
    """

    SPACE: ClassVar[Mapping[str, tuple[Any, ...]]] = {
        "objective": ("relativistic", "hinge", "non-saturating"),
        "width": (128, 256),
        "depth": (2, 3, 4),
        "learning_rate": (6e-4, 1.2e-3, 2.4e-3),
    }
    capabilities: ClassVar[frozenset[str]] = frozenset({"conditions"})
    _rules: ClassVar[Mapping[str, Rule | Callable[[], Rule]]] = {
        "budget": Choice(tuple(STEPS)),
        "steps": AnyOf((Number(1, integer=True),), none=True),
        "epochs": AnyOf((Number(1, integer=True),), none=True),
        "batch_size": AnyOf((Number(1, 2**20, integer=True),), none=True),
        "objective": Option(OBJECTIVES.create),
        "width": AnyOf((Number(1, 2**16, integer=True),), none=True),
        "depth": Number(0, 256, integer=True),
        "learning_rate": Number(0, open_low=True),
        "held_out": AnyOf((Number(0, 0.9),), none=True),
        "monitors": AnyOf((Flag(), Option(MONITORS.create_all))),
        "conditions": Flag(),
        "remedies": Flag(),
        "networks": GroupOf(Networks),
        "training": GroupOf(TrainingRules),
        "encodings": Instance((Mapping,), "a mapping of names to encodings", optional=True),
    }

    _groups: ClassVar[Mapping[str, type[Group]]] = {
        "networks": Networks,
        "training": TrainingRules,
        "refine": Refine,
    }

    _generator: Network
    #: The conditional generator, if it was trained.
    _completer: Network | None = None
    _width: int
    #: The width of the generator's random input, as it was trained.
    _latent_size: int
    _latent: Latent
    #: Added to the logits of levels, so that each is as frequent as it should be.
    _bias: np.ndarray
    _plan: Plan

    def __init__(
        self,
        *,
        budget: str = "balanced",
        steps: int | None = None,
        epochs: int | None = None,
        batch_size: int | None = None,
        objective: str | Mapping[str, Any] | Objective = "relativistic",
        width: int | None = None,
        depth: int = 3,
        learning_rate: float = 1.2e-3,
        held_out: float | None = None,
        monitors: bool | Sequence[str] = True,
        conditions: bool = True,
        remedies: bool = True,
        networks: Networks | Mapping[str, Any] | None = None,
        training: TrainingRules | Mapping[str, Any] | None = None,
        refine: Refine | Mapping[str, Any] | None = None,
        derive: bool = True,
        encodings: Mapping[str, str] | None = None,
        min_category_count: int = 2,
        text_placeholder: str | None = None,
        progress: bool | None = None,
        random_state: RandomState = None,
    ) -> None:
        self.budget = budget
        self.steps = steps
        self.epochs = epochs
        self.batch_size = batch_size
        self.objective = objective
        self.width = width
        self.depth = depth
        self.learning_rate = learning_rate
        self.held_out = held_out
        self.monitors = monitors
        self.conditions = conditions
        self.remedies = remedies
        self.networks = networks
        self.training = training
        self.refine = refine
        self.derive = derive
        self.encodings = encodings
        self.min_category_count = min_category_count
        self.text_placeholder = text_placeholder
        self.progress = progress
        self.random_state = random_state

    @classmethod
    def preset(cls, name: str, **parameters: Any) -> Self:
        """Return an unfitted GAN with the networks and settings of a published system.

        Parameters
        ----------
        name : str
            A key of `lookalike.models.presets.PRESETS`, which describes each with its source.
        **parameters
            Parameters that override the published ones, such as ``random_state=0``.

        Raises
        ------
        ParameterError
            If there is no such preset.

        Examples
        --------
        >>> from lookalike import GAN
        >>> GAN.preset("leitner-wgan-gp", epochs=10).objective
        'wasserstein'
        """
        model: Self = cls().set_params(**{**find_preset(name).parameters, **parameters})
        return model

    def rows_per_step(self, rows: int) -> int:
        """Return the number of real rows in each training step: `batch_size` or its default.

        Parameters
        ----------
        rows : int
            The number of rows of the training table.

        Returns
        -------
        int

        Examples
        --------
        >>> GAN(batch_size=64).rows_per_step(10_000), GAN().rows_per_step(10_000)
        (64, 512)
        """
        return batch_of(self, rows)

    @property
    def cost(self) -> float:
        """The usual time of a fit with these parameters, as a multiple of a Gaussian copula's."""
        steps = STEPS[self.budget] if self.steps is None else self.steps
        return 1 + steps / 700

    def _start_from(
        self,
        warm_start: Synthesizer | str | os.PathLike[str] | None,
        mapping: Mapping[str, str] | None,
    ) -> Transfer | None:
        return transferred(warm_start, mapping)

    def _fit(self, task: FitTask) -> Callable[[], None] | None:
        keep_compiled_programs()
        make_room_for_programs()
        rows = len(task.rows.floats)
        self._plan = Plan(task.layout)
        self._bias = np.zeros(self._plan.width - self._plan.number_width, np.float32)
        self._width = width_of(self, rows)
        game = game_of(self, self._plan, rows, self._width, conditioned=False)
        self._latent_size, self._latent = game.latent_size, game.latent
        outcome = self._train(game, task, steps_of(self, rows))
        self._generator, self.history_ = outcome.model, outcome.history
        self._trained_steps = outcome.step
        return partial(self._fit_conditions, task, outcome) if self.conditions else None

    def _calibrate(self, task: FitTask) -> None:
        self._bias = self._generated().calibrated(task.rows, task.seed).bias

    def _train(self, game: Game, task: FitTask, steps: int) -> TrainingResult[Game]:
        """Train with held-out rows, and retrain on all rows if the split provides for it."""

        def run(
            rows: EncodedRows, split: HoldOut | None, stop_at: int | None
        ) -> TrainingResult[Game]:
            return self._run(game, rows, split, task, steps, stop_at=stop_at)

        return train_on_split(task.split, run)

    def _fit_conditions(self, task: FitTask, outcome: TrainingResult[Game]) -> None:
        """Train a copy of the networks further, each row on a condition that it fulfils."""
        batch = min(outcome.task.batch_size, _CONDITIONED_BATCH)
        game = replace(outcome.task, conditioned=True, pack=1, batch_size=batch)
        fresh = game.begin(task.seed)
        # A discriminator of packs cannot judge single rows: then it starts from scratch.
        trained = outcome.state.discriminator if outcome.task.pack == 1 else None
        start = game.begin(
            task.seed,
            generator=soften_logits(widen_inputs(outcome.model, fresh.generator), self._plan),
            discriminator=None if trained is None else widen_inputs(trained, fresh.discriminator),
        )
        steps = max(round(_CONDITIONED * steps_of(self, len(task.rows.floats))), 1)
        plan = make_plan(self, game, steps, early_stopping=None)
        rates = {name: _FASTER * rate for name, rate in plan.rates.items()}
        plan = replace(plan, monitors=(), remedies=(), rates=rates)
        try:
            with progress("conditions", steps, show=self.progress) as report:
                learned = train(
                    game,
                    Data.of(task.rows, by_level=True),
                    task.seed,
                    plan,
                    start=start,
                    report=lambda step, measures: report(step, _shown(measures)),
                )
        except TrainingError as error:
            self.history_.add(outcome.step, "stop", f"conditions were not learned: {error}")
            return
        if learned.history.cut_short:
            reason = f"while conditions were learned: {learned.history.stopped}"
            self.history_.stopped, self.history_.cut_short = reason, True
            self.history_.interrupted = learned.history.interrupted
        self._completer = learned.model

    def _run(
        self,
        game: Game,
        training: EncodedRows,
        split: HoldOut | None,
        task: FitTask,
        steps: int,
        *,
        stop_at: int | None = None,
    ) -> TrainingResult[Game]:
        """Train one model from scratch, or from the networks of another one."""

        def make(network: Network) -> SampledRows:
            return self._generated(network).block(task.seed, 0)

        held_rows = None if split is None else split.rows
        early_stopping = None
        if split is not None:
            early_stopping = split.early_stopping(task.layout, make, task.seed)
        start, delay = None, 0
        if task.start is not None:
            start, delay = task.start.start(game, task.seed, steps)
        plan = make_plan(
            self,
            game,
            steps,
            early_stopping=early_stopping,
            generator_delay=delay,
            stop_at=stop_at,
        )
        title = "training" if stop_at is None else "retraining on all rows"
        with progress(title, plan.end, show=self.progress) as report:
            return train(
                game,
                Data.of(training),
                task.seed,
                plan,
                held_out=None if held_rows is None else Data.of(held_rows),
                start=start,
                report=lambda step, measures: report(step, _shown(measures)),
                on_interval=interval_caller(
                    self, task, lambda network: partial(self._generated(network).block, task.seed)
                ),
            )

    def _generated(self, network: Network | None = None) -> GeneratorSource:
        network = self._generator if network is None else network
        return GeneratorSource(
            self._plan, network, self._bias, self._latent_size, self.BLOCK, self._latent
        )

    @property
    def _takes_conditions(self) -> bool:
        return self._completer is not None

    def _source(self, request: Request) -> BlockSource:
        keep_compiled_programs()
        make_room_for_programs()
        if request.conditions is not None:
            return self._conditional(request.seed, request.conditions)
        clipped = not Refine.read(self._fitted_with["refine"]).calibrate
        return partial(self._generated().block, request.seed, clipped=clipped)

    def _conditional(self, seed: int, conditions: BlockConditions) -> BlockSource:
        """Return the source of rows that fulfil conditions."""
        assert self._completer is not None
        sampler = ConditionalSampler(self._plan, self._completer, self._latent_size, self._latent)

        def make(block: int) -> SampledRows:
            condition = conditions(block)
            rows = condition.count(self.BLOCK)
            return sampler.draw(condition, rows, seed, block)

        return make

    def _state(self) -> Learned:
        leaves = leaves_of(self._generator, "generator") | leaves_of(self._completer, "completer")
        return Learned({"width": self._width}, {**leaves, "bias": self._bias})

    def _restore(self, state: Learned, layout: Layout) -> None:
        keep_compiled_programs()
        self._plan = Plan(layout)
        self._width = checked_width(state.values.get("width"))
        game = game_of(self, self._plan, self.n_rows_, self._width, conditioned=False)
        self._latent_size, self._latent = game.latent_size, game.latent
        self._generator = network_of(game, state, "generator")
        if "completer/0" in state.arrays:
            self._completer = network_of(replace(game, conditioned=True), state, "completer")
        self._bias = taken(state, "bias", (self._plan.width - self._plan.number_width,))


def _shown(measures: Mapping[str, float]) -> dict[str, float]:
    """Return the measures of an interval for the progress line, under their short names."""
    return {short: measures[name] for name, short in _SHOWN.items() if name in measures}
